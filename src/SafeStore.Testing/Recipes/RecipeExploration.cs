using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing.Recipes;

/// <summary>Crashes a recipe in and after each of its calls, in all ways that a filesystem allows, or some where there are many.</summary>
internal sealed class RecipeExploration(Recipe recipe, PersistenceProfile profile, ulong seed)
{
    private const int ExhaustiveMax = 128;
    private const int Samples = 32;
    private const int FindsOfAVerdict = 2;

    private readonly SimulatedMachineOptions _options = new() { Profile = profile, Seed = seed, KeepsTrace = true };

    /// <summary>Runs it.</summary>
    /// <param name="progress">Is told how many cells of how many are done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<RecipeStrip> RunAsync(Action<int, int> progress, CancellationToken cancellation)
    {
        var run = new CrashRun(new SimulatedMachine(_options));
        await recipe.PrepareAsync(run.Process).ConfigureAwait(false);
        run.Process.Kill();
        run.Machine.Sync();
        run = new CrashRun(run.Machine);
        var recorder = new CutRecorder(run.Machine, () => new Progress(run.Begun.Count, run.Acknowledged.Count));
        await recipe.PerformAsync(run, recorder.Begin).ConfigureAwait(false);
        recorder.End();

        var cells = ImmutableArray.CreateBuilder<RecipeCell>();
        foreach ((Cut before, Cut after) in recorder.Cuts.Zip(recorder.Cuts.Skip(1)))
        {
            cancellation.ThrowIfCancellationRequested();
            cells.Add(await CrashAsync(recorder, run.Machine.Trace[before.Calls], before, after).ConfigureAwait(false));
            progress(cells.Count, recorder.Cuts.Count - 1);
        }

        return new RecipeStrip(recipe, cells.ToImmutable());
    }

    private async ValueTask<RecipeCell> CrashAsync(CutRecorder recorder, SimulatedCall call, Cut before, Cut after)
    {
        var seen = new HashSet<UInt128>();
        var finds = new List<RecipeFind>();
        foreach ((Cut cut, Outcome outcome) in OutcomesOf(before, after))
        {
            var outcomes = new Outcomes(cut);
            MachineImage image = outcomes.After(outcome, seed);
            bool hasLostPower = outcome is Outcome.PowerLost;
            if (seen.Add(Fingerprint.Of(image, cut.Progress.Begun, cut.Progress.Acknowledged, hasLostPower)))
            {
                var state = new CrashState(new SimulatedMachine(_options, image.Copy()), [], [], hasLostPower);
                Crash crash = outcomes.Describe(outcome, recorder.TraceAround(cut));
                finds.Add(await FindAsync(state, cut.Progress, crash).ConfigureAwait(false));
            }
        }

        return new RecipeCell(
            call, before.Progress.Begun, after.Progress.Acknowledged > before.Progress.Acknowledged, finds.Count, Summarize(finds));
    }

    /// <summary>What may happen in a call and just after it.</summary>
    private IEnumerable<(Cut Cut, Outcome Outcome)> OutcomesOf(Cut before, Cut after)
    {
        IEnumerable<Outcome> within = new Outcomes(before).Kills().Where(static outcome => outcome is Outcome.Killed { WrittenBytes: > 0 });
        var outcomes = new Outcomes(after);
        IEnumerable<Outcome> since =
            [new Outcome.Killed(0), .. outcomes.PowerLosses(ExhaustiveMax, Samples, new Randomness(seed))];
        return within.Select(outcome => (before, outcome)).Concat(since.Select(outcome => (after, outcome)));
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a recovery throws, the documents cannot be had.")]
    private async ValueTask<RecipeFind> FindAsync(CrashState state, Progress progress, Crash crash)
    {
        try
        {
            Recovered recovered = await recipe.RecoverAsync(state).ConfigureAwait(false);
            ImmutableArray<FoundDocument> documents = SampleJudge.Compare(recovered, progress);
            return new RecipeFind(SampleJudge.Judge(documents), documents, null, 1, crash, recovered.Leftovers);
        }
        catch (Exception failure)
        {
            return new RecipeFind(Verdict.Lost, [], failure.Message, 1, crash, []);
        }
    }

    /// <summary>The same finds as one; of each verdict the most frequent ones.</summary>
    private static ImmutableArray<RecipeFind> Summarize(List<RecipeFind> finds) =>
    [
        .. finds.GroupBy(static find => (find.Verdict, find.Failure, string.Join('\n', find.Documents)))
            .Select(static same => same.First() with { States = same.Count() })
            .GroupBy(static find => find.Verdict)
            .OrderByDescending(static verdict => verdict.Key)
            .SelectMany(static verdict => verdict.OrderByDescending(static find => find.States).Take(FindsOfAVerdict)),
    ];
}
