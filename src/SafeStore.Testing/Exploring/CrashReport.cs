using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text;

namespace SafeStore.Testing;

/// <summary>What an exploration has found.</summary>
public sealed record CrashReport
{
    /// <summary>The seed it followed from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How many runs there were: one for each profile, and more for a script that leaves calls open.</summary>
    public long Runs { get; init; } = 1;

    /// <summary>How many places there were in the workload at which a crash makes a difference, over all profiles.</summary>
    public required long Cuts { get; init; }

    /// <summary>How many states were checked.</summary>
    public long States => KillStates + PowerLossStates + NestedStates;

    /// <summary>States after a kill in the workload.</summary>
    public required long KillStates { get; init; }

    /// <summary>States after a power loss in the workload; those that do not differ from one checked before are not counted.</summary>
    public required long PowerLossStates { get; init; }

    /// <summary>States after another crash in the recovery.</summary>
    public required long NestedStates { get; init; }

    /// <summary>What was wrong; empty if nothing was.</summary>
    public required ImmutableArray<CrashViolation> Violations { get; init; }

    /// <summary>Throws if anything was wrong.</summary>
    /// <exception cref="CrashViolationException">Something was.</exception>
    public void ThrowIfViolated()
    {
        if (!Violations.IsEmpty)
        {
            throw new CrashViolationException(ToString(), Violations[0].Failure);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Seed}: {Runs} runs, {Cuts} cuts, {States} states ({KillStates} kills, {PowerLossStates} power losses, "
        + $"{NestedStates} crashes in recovery), {Violations.Length} violations")
        + string.Concat(Violations.Select(static violation => "\n\n" + violation));

    /// <summary>The sum of two explorations.</summary>
    /// <param name="other">The other one.</param>
    public CrashReport Add(CrashReport other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return this with
        {
            Runs = Runs + other.Runs,
            Cuts = Cuts + other.Cuts,
            KillStates = KillStates + other.KillStates,
            PowerLossStates = PowerLossStates + other.PowerLossStates,
            NestedStates = NestedStates + other.NestedStates,
            Violations = Violations.AddRange(other.Violations),
        };
    }
}

/// <summary>A state that a check refused.</summary>
public sealed record CrashViolation
{
    /// <summary>The profile.</summary>
    public required PersistenceProfile Profile { get; init; }

    /// <summary>The crashes, the workload's first.</summary>
    public required ImmutableArray<Crash> Crashes { get; init; }

    /// <summary>
    /// The workload's steps, made as few as possible; of a script those that had been begun. Empty for a workload that is not made of
    /// steps.
    /// </summary>
    public ImmutableArray<string> Steps { get; init; } = [];

    /// <summary>What the check threw.</summary>
    public required Exception Failure { get; init; }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder($"violation on {Profile}: {Failure.GetType().Name}: {Failure.Message}");
        foreach (string step in Steps)
        {
            text.Append("\n  step: ").Append(step);
        }

        foreach (Crash crash in Crashes)
        {
            text.Append("\n  ").Append(crash.ToString().ReplaceLineEndings("\n  "));
        }

        return text.Append('\n').Append(Failure.StackTrace).ToString();
    }
}

/// <summary>One crash of a violation.</summary>
public sealed record Crash
{
    /// <summary>What happened: a kill, a kill within a write, a power loss, or no crash: a step of a script failed.</summary>
    public required string Kind { get; init; }

    /// <summary>The calls around it; the crash came before the one that is marked.</summary>
    public required ImmutableArray<string> Trace { get; init; }

    /// <summary>What of the unsynced changes was lost or altered; the rest was there.</summary>
    public required ImmutableArray<string> Lost { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Kind} at:{string.Concat(Trace.Select(static line => "\n  " + line))}"
        + string.Concat(Lost.Select(static line => "\n  lost: " + line));
}

/// <summary>
/// An exploration has found a crash that a program does not survive. The message has the crash, the calls around it and what was lost.
/// </summary>
public sealed class CrashViolationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public CrashViolationException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was found.</param>
    public CrashViolationException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What was found.</param>
    /// <param name="innerException">What the check threw.</param>
    public CrashViolationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
