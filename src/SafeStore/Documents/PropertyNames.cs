using System;
using System.Collections.Generic;
using System.Text.Json;

namespace SafeStore.Documents;

/// <summary>
/// The property names of the objects that a reader is in, to notice one that appears twice. Small objects are compared by their bytes,
/// without an allocation per name; large ones by a set.
/// </summary>
internal ref struct PropertyNames(ReadOnlySpan<byte> json)
{
    private const int SmallMax = 32;

    private readonly ReadOnlySpan<byte> _json = json;
    private readonly List<Name> _names = [];
    private readonly List<Frame> _frames = [];

    public readonly void Enter() => _frames.Add(new Frame(_names.Count, null));

    public readonly void Leave()
    {
        int first = _frames[^1].First;
        _names.RemoveRange(first, _names.Count - first);
        _frames.RemoveAt(_frames.Count - 1);
    }

    /// <summary>Adds the name at which the reader stands; false if its object has it already.</summary>
    public readonly bool TryAdd(ref Utf8JsonReader reader)
    {
        Frame frame = _frames[^1];
        if (frame.Large is { } large)
        {
            return large.Add(reader.GetString()!);
        }

        var name = new Name((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length, reader.ValueIsEscaped);
        for (int i = frame.First; i < _names.Count; i++)
        {
            if (AreEqual(_names[i], name))
            {
                return false;
            }
        }

        _names.Add(name);
        if (_names.Count - frame.First > SmallMax)
        {
            _frames[^1] = frame with { Large = ToSet(frame.First) };
        }

        return true;
    }

    private readonly bool AreEqual(Name one, Name other) => one.IsEscaped || other.IsEscaped
        ? Decode(one) == Decode(other)
        : BytesOf(one).SequenceEqual(BytesOf(other));

    private readonly HashSet<string> ToSet(int first)
    {
        var set = new HashSet<string>(StringComparer.Ordinal);
        for (int i = first; i < _names.Count; i++)
        {
            set.Add(Decode(_names[i]));
        }

        return set;
    }

    private readonly string Decode(Name name)
    {
        var reader = new Utf8JsonReader(_json.Slice(name.Start - 1, name.Length + 2)); // with its quotes
        reader.Read();
        return reader.GetString()!;
    }

    private readonly ReadOnlySpan<byte> BytesOf(Name name) => _json.Slice(name.Start, name.Length);

    private readonly record struct Name(int Start, int Length, bool IsEscaped);

    private readonly record struct Frame(int First, HashSet<string>? Large);
}
