using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using System.Linq;

namespace SafeStore.Testing;

/// <summary>What a process of a script has, as long as it lives. A process that starts anew has a new one.</summary>
public sealed class StepContext
{
    private readonly CrashRun _run;
    private readonly List<object> _kept = [];

    internal StepContext(CrashRun run, SimulatedProcess process) => (_run, Process) = (run, process);

    /// <summary>The process.</summary>
    public SimulatedProcess Process { get; }

    /// <summary>The machine.</summary>
    public SimulatedMachine Machine => _run.Machine;

    /// <summary>The process's filesystem, for stores.</summary>
    public SimulatedFileSystem FileSystem => Process.FileSystem;

    /// <summary>The process's filesystem, for ordinary programs.</summary>
    public IFileSystem Files => Process.FileSystem.Files;

    /// <summary>The process's time.</summary>
    public SimulatedClock Clock => Process.Clock;

    /// <summary>Says that the process begins something: a crash from now on may leave it done.</summary>
    /// <param name="what">What; the check gets it in <see cref="CrashState.Begun"/>.</param>
    public void Begin(object what) => _run.Begin(what);

    /// <summary>Says that something is promised to last: no crash from now on may take it away.</summary>
    /// <param name="what">What; the check gets it in <see cref="CrashState.Acknowledged"/>.</param>
    public void Acknowledge(object what) => _run.Acknowledge(what);

    /// <summary>Keeps something for the later steps of this process: an open store, say.</summary>
    /// <typeparam name="T">Its type, by which it is found.</typeparam>
    /// <param name="what">What to keep; it takes the place of what was kept of the same type.</param>
    /// <returns>The same.</returns>
    public T Keep<T>(T what)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(what);
        _kept.RemoveAll(static other => other is T);
        _kept.Add(what);
        return what;
    }

    /// <summary>What an earlier step of this process has kept.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <exception cref="InvalidOperationException">Nothing of this type was kept since the process started.</exception>
    public T Kept<T>()
        where T : class =>
        _kept.OfType<T>().FirstOrDefault() ?? throw new InvalidOperationException($"The process '{Process}' has kept no {typeof(T).Name}.");
}
