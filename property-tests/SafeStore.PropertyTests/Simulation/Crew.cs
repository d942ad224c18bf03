using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>The processes of a machine that have its store open, and one more that only looks at the files.</summary>
internal sealed class Crew(Setting setting, SimulatedMachine machine)
{
    private readonly SimulatedProcess?[] _processes = new SimulatedProcess?[setting.Processes];
    private readonly StateStore?[] _stores = new StateStore?[setting.Processes];
    private SimulatedProcess? _reader;

    public int Count => _stores.Length;

    public IEnumerable<StateStore> Stores => _stores.OfType<StateStore>();

    public bool IsFaulted => Stores.Any(static store => store.IsFaulted);

    public StateStore? this[int process] => _stores[process];

    /// <summary>Whether the process that has a store open is alive; what a dead one throws is heard by nobody.</summary>
    public bool IsAlive(StateStore store) => _processes[Array.IndexOf(_stores, store)] is { IsAlive: true };

    public Tree ReadTree() => Tree.Read(Reader());

    public string ReadEverything() => Tree.Everything(Reader());

    /// <summary>Starts the process and opens the store, unless it has it open.</summary>
    public StateStore Open(int process)
    {
        if (_stores[process] is { } open)
        {
            return open;
        }

        SimulatedProcess started = machine.Start(NameOf(process));
        _processes[process] = started;
        try
        {
            return _stores[process] = setting.Open(started);
        }
        catch (SafeStoreException)
        {
            Assert.Empty(started.Handles); // who fails to open the store keeps nothing open
            started.Kill();
            throw;
        }
    }

    public void Close(int process)
    {
        if (_stores[process] is { } store)
        {
            _stores[process] = null;
            store.DisposeAsync().Now();
            Assert.Empty(_processes[process]!.Handles);
            _processes[process]!.Kill();
        }
    }

    public void Kill(int process)
    {
        _processes[process]?.Kill();
        ForgetDead();
    }

    /// <summary>A dead process's store is never touched again.</summary>
    public void ForgetDead()
    {
        for (int i = 0; i < _stores.Length; i++)
        {
            if (_processes[i] is not { IsAlive: true })
            {
                _stores[i] = null;
            }
        }
    }

    public static string NameOf(int process) => $"p{process}";

    private SimulatedProcess Reader() => _reader = _reader is { IsAlive: true } ? _reader : machine.Start("reader");
}
