using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using SafeStore.FileSystem;
using SafeStore.PropertyTests.Simulation;
using SafeStore.Testing;

namespace SafeStore.PropertyTests.Sandboxes;

/// <summary>What a program does in one attempt at a sandbox.</summary>
internal enum IntentStep
{
    /// <summary>Records an intent, then makes its side effect.</summary>
    Effect,

    /// <summary>Records an intent and fails before the side effect.</summary>
    IntentOnly,

    /// <summary>Commits everything so far to the sandbox.</summary>
    CompleteAll,

    /// <summary>Commits the oldest intent to the sandbox.</summary>
    CompleteOldest,

    /// <summary>Changes the sandbox without completing anything.</summary>
    Change,

    /// <summary>Gives up and undoes.</summary>
    Undo,
}

/// <summary>What befalls a run of an undo handler.</summary>
internal enum HandlerTrouble
{
    None,
    FailsBefore,
    FailsAfter,
    KilledBefore,
    KilledAfter,
}

/// <summary>One process that works on a sandbox, and what befalls it.</summary>
/// <param name="Sandbox">Which sandbox.</param>
/// <param name="Steps">What it does under the lock.</param>
/// <param name="Trouble">What befalls one of its calls; null if nothing does.</param>
/// <param name="TroubleAt">Which call, from 0.</param>
/// <param name="Handlers">What befalls its undo handlers, run by run; nothing after the last.</param>
internal sealed record IntentAttempt(int Sandbox, IntentStep[] Steps, SimulatedFault? Trouble, int TroubleAt, HandlerTrouble[] Handlers)
{
    public override string ToString() =>
        $"sb-{Sandbox}: [{string.Join(' ', Steps)}] {Trouble?.ToString() ?? "calm"} at {TroubleAt}, handlers "
        + $"[{string.Join(' ', Handlers)}]";
}

/// <summary>Attempts one after the other on one machine.</summary>
internal sealed record IntentScript(PersistenceProfile Profile, RunRoot Run, IntentAttempt[] Attempts)
{
    /// <summary>
    /// Without commits of the whole filesystem: an error of one is told once more to the next opener, which these scripts do not expect.
    /// </summary>
    private static readonly PersistenceProfile s_btrfs = PersistenceProfile.Btrfs with { IsDirectorySyncReliable = true };

    private const int CallsMax = 260; // opening, recovery and a few commits

    public static Gen<IntentScript> Any { get; } =
        from profile in Gen.Elements(PersistenceProfile.Strict, PersistenceProfile.Ext4Ordered, s_btrfs)
        from run in Gen.Elements(RunRoot.SameDisk, RunRoot.Tmpfs)
        from count in Gen.Choose(1, 5)
        from attempts in Gen.ArrayOf(Attempt, count)
        select new IntentScript(profile, run, attempts);

    private static Gen<IntentAttempt> Attempt =>
        from sandbox in Gen.Choose(0, 1)
        from count in Gen.Choose(0, 6)
        from steps in Gen.ArrayOf(
            Gen.Elements(
            IntentStep.Effect, IntentStep.Effect, IntentStep.Effect, IntentStep.IntentOnly, IntentStep.CompleteAll,
            IntentStep.CompleteOldest, IntentStep.Change, IntentStep.Undo), count)
        from trouble in Trouble
        from at in Gen.Choose(0, CallsMax)
        from handlerCount in Gen.Choose(0, 3)
        from handlers in Gen.ArrayOf(Gen.Elements(Enum.GetValues<HandlerTrouble>()), handlerCount)
        select new IntentAttempt(sandbox, steps, trouble, at, handlers);

    private static Gen<SimulatedFault?> Trouble =>
        from seed in Gen.Choose(0, int.MaxValue)
        from fault in Gen.Elements<SimulatedFault?>(
            null, new ProcessKilled(), new ProcessKilled(Afterwards: true), new PowerLost((ulong)seed),
            new PowerLost((ulong)seed, Afterwards: true), new CallFails(Errno.InputOutput), new CallFails(Errno.NoSpace))
        select fault;

    public static IEnumerable<IntentScript> Shrink(IntentScript script)
    {
        foreach (IntentAttempt[] fewer in Laws.DropChunks(script.Attempts))
        {
            yield return script with { Attempts = fewer };
        }

        for (int i = 0; i < script.Attempts.Length; i++)
        {
            IntentAttempt attempt = script.Attempts[i];
            IEnumerable<IntentAttempt> smaller = Laws.DropChunks(attempt.Steps).Select(steps => attempt with { Steps = steps })
                .Concat(Laws.DropChunks(attempt.Handlers).Select(handlers => attempt with { Handlers = handlers }))
                .Concat(attempt.Trouble is null ? [] : [attempt with { Trouble = null }]);
            foreach (IntentAttempt one in smaller)
            {
                yield return script with { Attempts = [.. script.Attempts[..i], one, .. script.Attempts[(i + 1)..]] };
            }
        }
    }

    public override string ToString() => $"{Profile}, run root on {Run}: {string.Join("; ", (object[])Attempts)}";
}
