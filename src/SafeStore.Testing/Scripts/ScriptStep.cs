using System;
using System.Threading.Tasks;

namespace SafeStore.Testing;

/// <summary>One step of a script.</summary>
internal abstract class ScriptStep
{
    public abstract override string ToString();
}

/// <summary>A step of another program.</summary>
internal sealed class ForeignStep(ForeignAction action) : ScriptStep
{
    public ForeignAction Action { get; } = action;

    public override string ToString() => $"another program: {Action}";
}

/// <summary>A step of a process.</summary>
internal sealed class ProcessStep(string process, string what, Func<StepContext, ValueTask> work) : ScriptStep
{
    public string Process { get; } = process;

    public Func<StepContext, ValueTask> Work { get; } = work;

    public Befalling? Befalling { get; private set; }

    public bool IsKilled => Befalling is { Others: null };

    public void Befall(Befalling befalling) => Befalling = Befalling is null
        ? befalling
        : throw new InvalidOperationException($"Something befalls the step '{this}' already.");

    public override string ToString() => $"{Process}: {what}";
}

/// <summary>What befalls a process in a step.</summary>
/// <param name="Call">Before which call; null for all of them, one after the other.</param>
/// <param name="Others">What others do meanwhile; null for a kill.</param>
internal sealed record Befalling(long? Call, MachineScript? Others);
