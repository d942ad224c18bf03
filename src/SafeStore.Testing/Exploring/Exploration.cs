using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>The exploration of one workload on one profile.</summary>
internal sealed class Exploration
{
    private readonly CrashExplorerOptions _options;
    private readonly PersistenceProfile _profile;
    private readonly Func<CrashState, ValueTask> _check;
    private readonly SimulatedMachineOptions _machine;
    private readonly ConcurrentDictionary<ulong, bool> _seen = new();
    private readonly ConcurrentQueue<(int Cut, CrashViolation Violation)> _violations = new();
    private long _kills;
    private long _powerLosses;
    private long _nested;

    public Exploration(CrashExplorerOptions options, PersistenceProfile profile, Func<CrashState, ValueTask> check)
    {
        _options = options;
        _profile = profile;
        _check = check;
        _machine = options.Machine with { Profile = profile, KeepsTrace = true, Seed = Randomness.Combine(options.Seed, options.Machine.Seed) };
    }

    public async ValueTask<CrashReport> RunAsync(Func<CrashRun, ValueTask> workload, CancellationToken cancellation)
    {
        var run = new CrashRun(new SimulatedMachine(_machine));
        if (_options.Prepare is { } prepare)
        {
            var before = new CrashRun(run.Machine);
            await prepare(before).ConfigureAwait(false);
            before.Process.Kill();
            run.Machine.Sync();
        }

        var recorder = new CutRecorder(run.Machine, () => (run.Begun.Count, run.Acknowledged.Count));
        await workload(run).ConfigureAwait(false);
        recorder.End();
        await Parallel.ForEachAsync(
            recorder.Cuts.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = _options.Workers, CancellationToken = cancellation },
            (cut, token) => ExploreAsync(run, recorder, cut.Item, cut.Index, token)).ConfigureAwait(false);
        return new CrashReport
        {
            Seed = _options.Seed,
            Cuts = recorder.Cuts.Count,
            KillStates = _kills,
            PowerLossStates = _powerLosses,
            NestedStates = _nested,
            Violations = [.. _violations.OrderBy(static violation => violation.Cut).Select(static violation => violation.Violation).Take(_options.ViolationsMax)],
        };
    }

    private async ValueTask ExploreAsync(CrashRun run, CutRecorder recorder, Cut cut, int index, CancellationToken cancellation)
    {
        var random = new Randomness(Randomness.Combine(_options.Seed, (ulong)index));
        var outcomes = new Outcomes(cut);
        object[] begun = [.. run.Begun.Take(cut.Begun)];
        object[] acknowledged = [.. run.Acknowledged.Take(cut.Acknowledged)];
        foreach (Outcome outcome in outcomes.Kills().Concat(outcomes.PowerLosses(_options.ExhaustiveMax, _options.Samples, random)))
        {
            cancellation.ThrowIfCancellationRequested();
            if (_violations.Count >= _options.ViolationsMax)
            {
                return;
            }

            var promise = new Promise(begun, acknowledged, outcome is Outcome.PowerLost);
            ImmutableArray<Disk> disks = outcomes.After(outcome, _options.Seed);
            ulong seed = SeedOf(disks, promise, 0);
            if (outcome is Outcome.PowerLost && !_seen.TryAdd(seed, true))
            {
                continue;
            }

            _ = Interlocked.Increment(ref outcome is Outcome.PowerLost ? ref _powerLosses : ref _kills);
            bool isCrashedAgain = _options.Depth > 1 && seed % (ulong)_options.NestedEvery == 0;
            Nesting? nesting = isCrashedAgain ? new Nesting(1, [outcomes.Describe(outcome, recorder.TraceAround(cut))], index) : null;
            Exception? failure = await CheckAsync(disks, promise, seed, nesting, cancellation).ConfigureAwait(false);
            if (failure is not null)
            {
                (Outcome simplest, failure) = await SimplifyAsync(outcomes, outcome, promise, seed, failure, cancellation).ConfigureAwait(false);
                Report(index, [outcomes.Describe(simplest, recorder.TraceAround(cut))], failure);
            }
        }
    }

    /// <summary>Runs the check on a state; then, if so asked, crashes that recovery too.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a check throws is a violation.")]
    private async ValueTask<Exception?> CheckAsync(ImmutableArray<Disk> disks, Promise promise, ulong seed, Nesting? nesting, CancellationToken cancellation)
    {
        var machine = new SimulatedMachine(_machine with { Seed = seed, KeepsTrace = nesting is not null }, [.. disks.Select(static disk => disk.Clone())]);
        CutRecorder? recorder = nesting is null ? null : new CutRecorder(machine, static () => default);
        try
        {
            await _check(new CrashState(machine, promise.Begun, promise.Acknowledged, promise.HasLostPower)).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            return failure;
        }

        if (recorder is not null)
        {
            recorder.End();
            await CrashAgainAsync(recorder, promise, nesting!, new Randomness(seed), cancellation).ConfigureAwait(false);
        }

        return null;
    }

    private async ValueTask CrashAgainAsync(CutRecorder recorder, Promise promise, Nesting nesting, Randomness random, CancellationToken cancellation)
    {
        foreach (Cut cut in recorder.Cuts)
        {
            var outcomes = new Outcomes(cut);
            foreach (Outcome outcome in outcomes.Some(_options.NestedSamples, random))
            {
                cancellation.ThrowIfCancellationRequested();
                if (_violations.Count >= _options.ViolationsMax)
                {
                    return;
                }

                Promise after = promise with { HasLostPower = promise.HasLostPower || outcome is Outcome.PowerLost };
                ImmutableArray<Disk> disks = outcomes.After(outcome, _options.Seed);
                ulong seed = SeedOf(disks, after, nesting.Level);
                if (outcome is Outcome.PowerLost && !_seen.TryAdd(seed, true))
                {
                    continue;
                }

                _ = Interlocked.Increment(ref _nested);
                Nesting? deeper = nesting.Level + 1 < _options.Depth && seed % (ulong)_options.NestedEvery == 0
                    ? nesting with { Level = nesting.Level + 1, Crashes = nesting.Crashes.Add(outcomes.Describe(outcome, recorder.TraceAround(cut))) }
                    : null;
                if (await CheckAsync(disks, after, seed, deeper, cancellation).ConfigureAwait(false) is { } failure)
                {
                    (Outcome simplest, failure) = await SimplifyAsync(outcomes, outcome, after, seed, failure, cancellation).ConfigureAwait(false);
                    Report(nesting.Cut, nesting.Crashes.Add(outcomes.Describe(simplest, recorder.TraceAround(cut))), failure);
                }
            }
        }
    }

    /// <summary>Loses as little as the violation needs.</summary>
    private async ValueTask<(Outcome Outcome, Exception Failure)> SimplifyAsync(
        Outcomes outcomes, Outcome outcome, Promise promise, ulong seed, Exception failure, CancellationToken cancellation)
    {
        bool isSimpler = true;
        for (int runs = 0; isSimpler && runs < _options.ShrinksMax;)
        {
            isSimpler = false;
            foreach (Outcome simpler in outcomes.Simpler(outcome))
            {
                runs++;
                if (await CheckAsync(outcomes.After(simpler, _options.Seed), promise, seed, null, cancellation).ConfigureAwait(false) is { } same)
                {
                    (outcome, failure, isSimpler) = (simpler, same, true);
                    break;
                }
            }
        }

        return (outcome, failure);
    }

    private void Report(int cut, ImmutableArray<Crash> crashes, Exception failure) =>
        _violations.Enqueue((cut, new CrashViolation { Profile = _profile, Crashes = crashes, Failure = failure }));

    /// <summary>
    /// A number that two states share if programs find the same in them and the same is expected: whatever is decided about a state follows from it, so that it does not
    /// matter which worker comes upon the state first.
    /// </summary>
    private ulong SeedOf(ImmutableArray<Disk> disks, Promise promise, int level) => Randomness.Combine(
        Randomness.Combine(_options.Seed, (ulong)level), (ulong)Fingerprint.Of(disks, promise.Begun.Count, promise.Acknowledged.Count, promise.HasLostPower));

    /// <summary>What the workload had said before the crash.</summary>
    private sealed record Promise(IReadOnlyList<object> Begun, IReadOnlyList<object> Acknowledged, bool HasLostPower);

    /// <summary>How a recovery is crashed again.</summary>
    private sealed record Nesting(int Level, ImmutableArray<Crash> Crashes, int Cut);
}
