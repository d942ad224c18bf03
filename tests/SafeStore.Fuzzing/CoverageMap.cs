using System;
using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace SafeStore.Fuzzing;

/// <summary>What instrumented code has reached: a byte for each pair of places, counted in steps of two (as AFL does it).</summary>
internal sealed unsafe class CoverageMap
{
    private const int Bytes = 1 << 16;

    private readonly byte* _map = (byte*)NativeMemory.AllocZeroed(Bytes); // for ever: threads of stores write to it
    private readonly byte[] _seen = new byte[Bytes];

    public CoverageMap() => Trace.SharedMem = _map;

    /// <summary>How many pairs have been reached so far.</summary>
    public int Reached { get; private set; }

    public void Begin()
    {
        new Span<byte>(_map, Bytes).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the run has reached what none before it has.</summary>
    public bool End()
    {
        bool isNew = false;
        for (int i = 0; i < Bytes; i++)
        {
            if (_map[i] == 0)
            {
                continue;
            }

            byte step = (byte)(1 << BitOperations.Log2(_map[i]));
            if ((_seen[i] & step) == 0)
            {
                Reached += _seen[i] == 0 ? 1 : 0;
                _seen[i] |= step;
                isNew = true;
            }
        }

        return isNew;
    }

    /// <summary>As if nothing had been reached yet.</summary>
    public void Forget()
    {
        _seen.AsSpan().Clear();
        Reached = 0;
    }
}
