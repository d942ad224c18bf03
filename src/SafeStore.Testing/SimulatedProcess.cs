using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Testing;

/// <summary>A process of a simulated machine: its own handles and locks, which die with it.</summary>
public sealed class SimulatedProcess
{
    private readonly SimulatedMachine _machine;

    internal SimulatedProcess(SimulatedMachine machine, int id, string name)
    {
        _machine = machine;
        Id = id;
        Name = name;
        Clock = new SimulatedClock(machine, this);
        FileSystem = new SimulatedFileSystem(machine, this);
    }

    /// <summary>Its number on its machine, from 1.</summary>
    public int Id { get; }

    /// <summary>Its name, for traces and fault rules.</summary>
    public string Name { get; }

    /// <summary>Whether it has been neither killed nor cut off from power.</summary>
    public bool IsAlive { get; internal set; } = true;

    /// <summary>Whether it is stopped, as by SIGSTOP: its timers wait.</summary>
    internal bool IsPaused { get; set; }

    /// <summary>
    /// The machine's filesystem as this process has it; for ordinary programs its <see cref="IDurableFileSystem.Files"/>.
    /// </summary>
    public SimulatedFileSystem FileSystem { get; }

    /// <summary>The machine's time.</summary>
    public SimulatedClock Clock { get; }

    /// <summary>
    /// The defaults of a store that this process opens: its filesystem and its clock. For what opens a store by itself.
    /// </summary>
    public StoreOptions StoreOptions => new() { FileSystem = FileSystem, TimeProvider = Clock };

    internal HashSet<ISimulatedHandle> Handles { get; } = [];

    /// <summary>
    /// Ends it at once, as SIGKILL does: its locks are free, its handles closed, its timers gone; what it has written stays in the
    /// machine's cache. Every further call of it throws <see cref="SimulatedCrashException"/>. Without effect on a dead process.
    /// </summary>
    public void Kill() => _machine.Kill(this);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Id})";

    internal void Add(ISimulatedHandle handle)
    {
        Handles.Add(handle);
        handle.Place.Inode.Handles++;
    }

    internal void Remove(ISimulatedHandle handle)
    {
        lock (_machine.Gate)
        {
            if (Handles.Remove(handle))
            {
                handle.Place.Inode.Handles--;
            }
        }
    }
}
