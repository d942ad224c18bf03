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

/// <summary>The exploration of one workload, or of the runs of one script, on one profile.</summary>
internal sealed class Exploration
{
    private readonly CrashExplorerOptions _options;
    private readonly PersistenceProfile _profile;
    private readonly Func<CrashState, ValueTask> _check;
    private readonly SimulatedMachineOptions _machine;
    private readonly ConcurrentDictionary<ulong, bool> _seen = new();
    private readonly ConcurrentQueue<(int Cut, CrashViolation Violation)> _violations = new();
    private long _cuts;
    private int _order;
    private long _kills;
    private long _powerLosses;
    private long _nested;

    public Exploration(CrashExplorerOptions options, PersistenceProfile profile, Func<CrashState, ValueTask> check)
    {
        _options = options;
        _profile = profile;
        _check = check;
        _machine = options.Machine with
        {
            Profile = profile,
            KeepsTrace = true,
            Seed = Randomness.Combine(options.Seed, options.Machine.Seed)
        };
    }

    /// <summary>Explores one workload.</summary>
    public async ValueTask<CrashReport> RunAsync(Func<CrashRun, ValueTask> workload, CancellationToken cancellation)
    {
        CrashRun run = await StartAsync().ConfigureAwait(false);
        var recorder = new CutRecorder(run.Machine, () => new Progress(run.Begun.Count, run.Acknowledged.Count));
        recorder.Begin();
        await workload(run).ConfigureAwait(false);
        recorder.End();
        await ExploreAsync(run, recorder, [], cancellation).ConfigureAwait(false);
        return Report();
    }

    /// <summary>A machine on which all is there and durable that the options prepare.</summary>
    public async ValueTask<CrashRun> StartAsync()
    {
        var run = new CrashRun(new SimulatedMachine(_machine));
        if (_options.Prepare is { } prepare)
        {
            var before = new CrashRun(run.Machine);
            await prepare(before).ConfigureAwait(false);
            before.Process.Kill();
            run.Machine.Sync();
        }

        return run;
    }

    /// <summary>Explores the cuts of one run.</summary>
    /// <param name="run">The run, which has ended.</param>
    /// <param name="recorder">Its cuts.</param>
    /// <param name="steps">The steps of its script, of which some had been begun at each cut.</param>
    /// <param name="cancellation">Ends the exploration.</param>
    public async ValueTask ExploreAsync(CrashRun run, CutRecorder recorder, IReadOnlyList<string> steps, CancellationToken cancellation)
    {
        _seen.Clear(); // what was promised in another run is not the same promise
        _cuts += recorder.Cuts.Count;
        await Parallel.ForEachAsync(
            recorder.Cuts.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = _options.Workers, CancellationToken = cancellation },
            (cut, token) => ExploreAsync(run, recorder, new Position(cut.Item, cut.Index, [.. steps.Take(cut.Item.Progress.Steps)]), token))
            .ConfigureAwait(false);
        _order += recorder.Cuts.Count;
    }

    /// <summary>What was found in all runs.</summary>
    public CrashReport Report() => new()
    {
        Seed = _options.Seed,
        Cuts = _cuts,
        KillStates = _kills,
        PowerLossStates = _powerLosses,
        NestedStates = _nested,
        Violations =
        [
            .. _violations.OrderBy(static violation => violation.Cut).Select(static violation => violation.Violation)
                .Take(_options.ViolationsMax),
        ],
    };

    /// <summary>Notes that a run itself went wrong, without a crash of the machine.</summary>
    public void Report(ImmutableArray<string> steps, ImmutableArray<string> trace, Exception failure)
    {
        var crash = new Crash { Kind = "no crash", Trace = trace, Lost = [] };
        _violations.Enqueue((_order, new CrashViolation { Profile = _profile, Crashes = [crash], Steps = steps, Failure = failure }));
    }

    public bool HasAny => !_violations.IsEmpty;

    public bool HasEnough => _violations.Count >= _options.ViolationsMax;

    private async ValueTask ExploreAsync(CrashRun run, CutRecorder recorder, Position position, CancellationToken cancellation)
    {
        Cut cut = position.Cut;
        var random = new Randomness(Randomness.Combine(_options.Seed, (ulong)position.Index));
        var outcomes = new Outcomes(cut);
        object[] begun = [.. run.Begun.Take(cut.Progress.Begun)];
        object[] acknowledged = [.. run.Acknowledged.Take(cut.Progress.Acknowledged)];
        foreach (Outcome outcome in outcomes.Kills().Concat(outcomes.PowerLosses(_options.ExhaustiveMax, _options.Samples, random)))
        {
            cancellation.ThrowIfCancellationRequested();
            if (HasEnough)
            {
                return;
            }

            var promise = new Promise(begun, acknowledged, outcome is Outcome.PowerLost);
            MachineImage image = outcomes.After(outcome, _options.Seed);
            ulong seed = SeedOf(image, promise, 0);
            if (outcome is Outcome.PowerLost && !_seen.TryAdd(seed, true))
            {
                continue;
            }

            _ = Interlocked.Increment(ref outcome is Outcome.PowerLost ? ref _powerLosses : ref _kills);
            bool isCrashedAgain = _options.Depth > 1 && seed % (ulong)_options.NestedEvery == 0;
            Nesting? nesting = isCrashedAgain ? new Nesting(1, [outcomes.Describe(outcome, recorder.TraceAround(cut))], position) : null;
            Exception? failure = await CheckAsync(image, promise, seed, nesting, cancellation).ConfigureAwait(false);
            TellProgress();
            if (failure is not null)
            {
                (Outcome simplest, failure) =
                    await SimplifyAsync(outcomes, outcome, promise, seed, failure, cancellation).ConfigureAwait(false);
                Report(position, [outcomes.Describe(simplest, recorder.TraceAround(cut))], failure);
            }
        }
    }

    /// <summary>Runs the check on a state; then, if so asked, crashes that recovery too.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a check throws is a violation.")]
    private async ValueTask<Exception?> CheckAsync(
        MachineImage image, Promise promise, ulong seed, Nesting? nesting, CancellationToken cancellation)
    {
        var machine = new SimulatedMachine(_machine with { Seed = seed, KeepsTrace = nesting is not null }, image.Copy());
        CutRecorder? recorder = nesting is null ? null : new CutRecorder(machine, static () => default);
        recorder?.Begin();
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

    private async ValueTask CrashAgainAsync(
        CutRecorder recorder, Promise promise, Nesting nesting, Randomness random, CancellationToken cancellation)
    {
        foreach (Cut cut in recorder.Cuts)
        {
            var outcomes = new Outcomes(cut);
            foreach (Outcome outcome in outcomes.Some(_options.NestedSamples, random))
            {
                cancellation.ThrowIfCancellationRequested();
                if (HasEnough)
                {
                    return;
                }

                Promise after = promise with { HasLostPower = promise.HasLostPower || outcome is Outcome.PowerLost };
                MachineImage image = outcomes.After(outcome, _options.Seed);
                ulong seed = SeedOf(image, after, nesting.Level);
                if (outcome is Outcome.PowerLost && !_seen.TryAdd(seed, true))
                {
                    continue;
                }

                _ = Interlocked.Increment(ref _nested);
                Nesting? deeper = nesting.Level + 1 < _options.Depth && seed % (ulong)_options.NestedEvery == 0
                    ? nesting with
                    {
                        Level = nesting.Level + 1,
                        Crashes = nesting.Crashes.Add(outcomes.Describe(outcome, recorder.TraceAround(cut)))
                    }
                    : null;
                Exception? refused = await CheckAsync(image, after, seed, deeper, cancellation).ConfigureAwait(false);
                TellProgress();
                if (refused is { } failure)
                {
                    (Outcome simplest, failure) =
                        await SimplifyAsync(outcomes, outcome, after, seed, failure, cancellation).ConfigureAwait(false);
                    Report(nesting.Position, nesting.Crashes.Add(outcomes.Describe(simplest, recorder.TraceAround(cut))), failure);
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
                if (await CheckAsync(outcomes.After(simpler, _options.Seed), promise, seed, null, cancellation)
                    .ConfigureAwait(false) is { } same)
                {
                    (outcome, failure, isSimpler) = (simpler, same, true);
                    break;
                }
            }
        }

        return (outcome, failure);
    }

    private void TellProgress() =>
        _options.Progress?.Report(Interlocked.Read(ref _kills) + Interlocked.Read(ref _powerLosses) + Interlocked.Read(ref _nested));

    private void Report(Position position, ImmutableArray<Crash> crashes, Exception failure)
    {
        var violation = new CrashViolation { Profile = _profile, Crashes = crashes, Steps = position.Steps, Failure = failure };
        _violations.Enqueue((_order + position.Index, violation));
    }

    /// <summary>
    /// A number that two states share if programs find the same in them and the same is expected: whatever is decided about a state follows
    /// from it, so that it does not matter which worker comes upon the state first.
    /// </summary>
    private ulong SeedOf(MachineImage image, Promise promise, int level) => Randomness.Combine(
        Randomness.Combine(_options.Seed, (ulong)level),
        (ulong)Fingerprint.Of(image, promise.Begun.Count, promise.Acknowledged.Count, promise.HasLostPower));

    /// <summary>What the workload had said before the crash.</summary>
    private sealed record Promise(IReadOnlyList<object> Begun, IReadOnlyList<object> Acknowledged, bool HasLostPower);

    /// <summary>How a recovery is crashed again.</summary>
    private sealed record Nesting(int Level, ImmutableArray<Crash> Crashes, Position Position);

    /// <summary>A cut, its place among those of the run, and the steps that had been begun.</summary>
    private sealed record Position(Cut Cut, int Index, ImmutableArray<string> Steps);
}
