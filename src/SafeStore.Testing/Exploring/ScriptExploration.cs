using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Testing;

/// <summary>
/// The exploration of one script on one profile. It runs once with every open call left out; then, for each open step, once more for each
/// call of it, and so on for the open steps after that. Of each run it crashes the machine only from there on where it differs from the
/// run before.
/// </summary>
internal sealed class ScriptExploration(CrashExplorerOptions options, Exploration exploration)
{
    private const int CallsShown = 12;

    private readonly Randomness _random = new(Randomness.Combine(options.Seed, 2));
    private long _runs;

    /// <summary>What was decided in the run of the first violation.</summary>
    public IReadOnlyDictionary<ProcessStep, long>? FirstViolated { get; private set; }

    /// <summary>Explores all runs of a script, or as many as the options allow.</summary>
    public async ValueTask<CrashReport> RunAsync(IReadOnlyList<ScriptStep> steps, CancellationToken cancellation)
    {
        var open = new Stack<(ImmutableArray<long> Decisions, long Budget)>([([], options.ScriptRunsMax - 1L)]);
        while (open.TryPop(out (ImmutableArray<long> Decisions, long Budget) next) && !exploration.HasEnough)
        {
            cancellation.ThrowIfCancellationRequested();
            var decisions = new ScriptDecisions(next.Decisions);
            await RunAsync(steps, decisions, isFirst: next.Decisions.IsEmpty, cancellation).ConfigureAwait(false);
            List<(ImmutableArray<long> Decisions, long Budget)> further = Further(next.Decisions, decisions.Candidates, next.Budget);
            for (int i = further.Count - 1; i >= 0; i--)
            {
                open.Push(further[i]);
            }
        }

        return exploration.Report() with { Runs = _runs };
    }

    /// <summary>Explores one run, decided as another one was.</summary>
    public async ValueTask<CrashReport> RunAsync(
        IReadOnlyList<ScriptStep> steps, IReadOnlyDictionary<ProcessStep, long> decisions, CancellationToken cancellation)
    {
        await RunAsync(steps, new ScriptDecisions(decisions), isFirst: true, cancellation).ConfigureAwait(false);
        return exploration.Report() with { Runs = _runs };
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a step throws is a violation.")]
    private async ValueTask RunAsync(
        IReadOnlyList<ScriptStep> steps, ScriptDecisions decisions, bool isFirst, CancellationToken cancellation)
    {
        _runs++;
        CrashRun run = await exploration.StartAsync().ConfigureAwait(false);
        ScriptExecution? execution = null;
        var recorder = new CutRecorder(run.Machine, () => new Progress(run.Begun.Count, run.Acknowledged.Count, execution!.Steps.Count));
        execution = new ScriptExecution(run, decisions, recorder);
        if (isFirst)
        {
            recorder.Begin();
        }

        try
        {
            await execution.RunAsync(steps).ConfigureAwait(false);
            recorder.End();
            await exploration.ExploreAsync(run, recorder, execution.Steps, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            string[] trace = [.. run.Machine.Trace.TakeLast(CallsShown).Select(static call => "  " + call)];
            exploration.Report([.. execution.Steps], [.. trace, $"> the step '{execution.Failed}' failed"], failure);
        }

        FirstViolated ??= exploration.HasAny ? decisions.ByStep : null;
    }

    /// <summary>
    /// The runs that differ from this one by one more decision, after those that it had; if there are too many, some of them.
    /// </summary>
    private List<(ImmutableArray<long> Decisions, long Budget)> Further(
        ImmutableArray<long> decisions, IReadOnlyList<IReadOnlyList<long>> candidates, long budget)
    {
        var all = new List<ImmutableArray<long>>();
        for (int place = decisions.Length; place < candidates.Count; place++)
        {
            ImmutableArray<long> padded = decisions.AddRange(Enumerable.Repeat(ScriptDecisions.Never, place - decisions.Length));
            all.AddRange(candidates[place].Select(call => padded.Add(call)));
        }

        if (budget <= 0 || all.Count == 0)
        {
            return [];
        }

        int count = (int)Math.Min(all.Count, budget);
        double step = (double)all.Count / count;
        double start = step > 1 ? _random.Next((int)step) : 0;
        return [.. Enumerable.Range(0, count)
            .Select(number => (all[(int)(start + (number * step)) % all.Count], (budget - count) / count))];
    }
}
