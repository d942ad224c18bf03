using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace SafeStore.Testing;

/// <summary>
/// What several processes and other programs do on one machine, step by step: a process does something, is killed in the middle of it, or
/// pauses there while others do something; a program that knows nothing of it deletes a file, mounts, copies a tree back, fills the
/// disk. <see cref="CrashExplorer.ExploreScriptAsync"/> runs it with a power loss and a kill of all at every call.
/// </summary>
/// <example>
/// <code>
/// var script = new MachineScript();
/// ScriptProcess first = script.Process("first");
/// ScriptProcess second = script.Process("second");
/// first.Run("open", static step => { step.Keep(MyStore.Open(step.FileSystem)); return default; });
/// script.Foreign(ForeignAction.DeleteFile("/store/lock"));
/// second.Run("add", static step => { MyStore.Open(step.FileSystem).Add(1); step.Acknowledge(1); return default; }).KillAtAnyCall();
/// first.Run("add", static step => { step.Kept&lt;MyStore&gt;().Add(2); step.Acknowledge(2); return default; });
/// CrashReport report = await new CrashExplorer().ExploreScriptAsync(script, check);
/// </code>
/// </example>
public sealed class MachineScript
{
    private readonly List<ScriptStep> _steps = [];

    /// <summary>How many steps it has; those that run in the middle of another are not counted.</summary>
    public int Count => _steps.Count;

    internal IReadOnlyList<ScriptStep> Steps => _steps;

    /// <summary>A process of the script. It starts at its first step, and anew at the first one after it was killed.</summary>
    /// <param name="name">Its name, for traces and messages.</param>
    public ScriptProcess Process(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new ScriptProcess(this, name);
    }

    /// <summary>Adds a step of another program, which knows nothing of the processes here and holds none of their locks.</summary>
    /// <param name="action">What it does.</param>
    /// <returns>The script.</returns>
    public MachineScript Foreign(ForeignAction action)
    {
        ArgumentNullException.ThrowIfNull(action);
        _steps.Add(new ForeignStep(action));
        return this;
    }

    internal void Add(ScriptStep step) => _steps.Add(step);
}

/// <summary>A process of a script.</summary>
public sealed class ScriptProcess
{
    private readonly MachineScript _script;

    internal ScriptProcess(MachineScript script, string name) => (_script, Name) = (script, name);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>
    /// Adds a step of this process. What it throws is a violation, but for the <see cref="SimulatedCrashException"/> of its own death.
    /// </summary>
    /// <param name="what">What it does, in a few words, for messages.</param>
    /// <param name="work">Does it. It may await only what ends without waiting.</param>
    /// <returns>The step, to be told what befalls it.</returns>
    public ScriptedRun Run(string what, Func<StepContext, ValueTask> work)
    {
        ArgumentException.ThrowIfNullOrEmpty(what);
        ArgumentNullException.ThrowIfNull(work);
        var step = new ProcessStep(Name, what, work);
        _script.Add(step);
        return new ScriptedRun(step);
    }
}

/// <summary>A step of a process, and what befalls it: nothing, unless it is told here.</summary>
public sealed class ScriptedRun
{
    private readonly ProcessStep _step;

    internal ScriptedRun(ProcessStep step) => _step = step;

    /// <summary>
    /// The process is killed just before one of its calls in this step. What it has written stays in the machine's cache.
    /// </summary>
    /// <param name="call">The call's number in this step, from 1. If there are fewer, it is killed at the end of the step.</param>
    /// <exception cref="InvalidOperationException">Something befalls the step already.</exception>
    public void KillAt(long call) => _step.Befall(new Befalling(At(call), null));

    /// <summary>
    /// As <see cref="KillAt"/>: at each call that changes something, at the end of the step, and not at all, one after the other.
    /// </summary>
    /// <exception cref="InvalidOperationException">Something befalls the step already.</exception>
    public void KillAtAnyCall() => _step.Befall(new Befalling(null, null));

    /// <summary>The process pauses just before one of its calls in this step; others do something; then it goes on.</summary>
    /// <param name="call">The call's number in this step, from 1. If there are fewer, the others follow at the end of the step.</param>
    /// <param name="others">Adds what the others do.</param>
    /// <exception cref="InvalidOperationException">Something befalls the step already.</exception>
    public void PauseAt(long call, Action<MachineScript> others) => _step.Befall(new Befalling(At(call), Build(others)));

    /// <summary>As <see cref="PauseAt"/>: at each call and at the end of the step, one after the other.</summary>
    /// <param name="others">Adds what the others do.</param>
    /// <exception cref="InvalidOperationException">Something befalls the step already.</exception>
    public void PauseAtAnyCall(Action<MachineScript> others) => _step.Befall(new Befalling(null, Build(others)));

    private static long At(long call)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(call, 1);
        return call;
    }

    private static MachineScript Build(Action<MachineScript> others)
    {
        ArgumentNullException.ThrowIfNull(others);
        var script = new MachineScript();
        others(script);
        return script;
    }
}
