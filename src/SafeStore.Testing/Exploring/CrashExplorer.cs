using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Testing;

/// <summary>
/// Finds the crashes that a program does not survive. It runs a workload once on a simulated machine; then, for every call that changes or
/// syncs something, it makes the states that a kill or a power loss just before that call may leave, lets a check recover and judge each of
/// them, and crashes some of these recoveries again.
/// </summary>
/// <example>
/// <code>
/// CrashReport report = await new CrashExplorer().ExploreAsync(
///     run => { run.Files.File.WriteAllText("/config.json", "new"); run.Acknowledge("new"); return default; },
/// state => state.Acknowledged.Count == 0 || state.Files.File.ReadAllText("/config.json") == "new" ? default : throw new
/// InvalidOperationException("lost")); report.ThrowIfViolated();
/// </code>
/// </example>
public sealed class CrashExplorer
{
    private readonly CrashExplorerOptions _options;

    /// <summary>Creates an explorer.</summary>
    /// <param name="options">How thoroughly it looks; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public CrashExplorer(CrashExplorerOptions? options = null)
    {
        _options = options ?? new CrashExplorerOptions();
        _options.Validate();
    }

    /// <summary>Explores a workload.</summary>
    /// <param name="workload">
    /// What is done. It says what it begins and what it promises. It runs once for each profile, without any crash, and must not fail.
    /// </param>
    /// <param name="check">Recovers what a crash has left, and throws whatever it likes if that is not as it should be.</param>
    /// <param name="cancellationToken">Ends the exploration.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<CrashReport> ExploreAsync(
        Func<CrashRun, ValueTask> workload, Func<CrashState, ValueTask> check, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(check);
        CrashReport? sum = null;
        foreach (PersistenceProfile profile in _options.Profiles)
        {
            CrashReport report =
                await new Exploration(_options, profile, check).RunAsync(workload, cancellationToken).ConfigureAwait(false);
            sum = sum is null ? report : sum.Add(report);
            if (sum.Violations.Length >= _options.ViolationsMax)
            {
                break;
            }
        }

        return sum!;
    }

    /// <summary>
    /// Explores a workload made of steps; one that a violation is found in is reported with as few of its steps as possible.
    /// </summary>
    /// <typeparam name="TStep">A step; its text is what people see.</typeparam>
    /// <param name="steps">The steps.</param>
    /// <param name="perform">Performs them all, in a run.</param>
    /// <param name="check">As for a workload that is not made of steps.</param>
    /// <param name="cancellationToken">Ends the exploration.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<CrashReport> ExploreStepsAsync<TStep>(
        IReadOnlyList<TStep> steps, Func<CrashRun, IReadOnlyList<TStep>, ValueTask> perform, Func<CrashState, ValueTask> check,
        CancellationToken cancellationToken = default)
        where TStep : notnull
    {
        ArgumentNullException.ThrowIfNull(steps);
        ArgumentNullException.ThrowIfNull(perform);
        CrashReport report = await ExploreAsync(run => perform(run, steps), check, cancellationToken).ConfigureAwait(false);
        if (report.Violations.IsEmpty)
        {
            return report;
        }

        (steps, CrashViolation violation) = await Shrinking.RunAsync(
            steps,
            report.Violations[0],
            _options.ShrinksMax,
            fewer => ViolationOfAsync(fewer, perform, check, cancellationToken)).ConfigureAwait(false);
        violation = violation with { Steps = [.. steps.Select(static step => step.ToString() ?? "")] };
        return report with { Violations = report.Violations.SetItem(0, violation) };
    }

    /// <summary>
    /// Explores a script: all its runs, one for each call that it leaves open, and in each of them a kill of all processes and a power loss
    /// at every call that changes something. A step that throws is a violation too. A violation is reported with as few steps as possible.
    /// </summary>
    /// <param name="script">What is done. Its processes say what they begin and what they promise.</param>
    /// <param name="check">As for a workload.</param>
    /// <param name="cancellationToken">Ends the exploration.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<CrashReport> ExploreScriptAsync(
        MachineScript script, Func<CrashState, ValueTask> check, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(script);
        ArgumentNullException.ThrowIfNull(check);
        CrashReport? sum = null;
        foreach (PersistenceProfile profile in _options.Profiles)
        {
            var exploration = new ScriptExploration(_options, new Exploration(_options, profile, check));
            CrashReport report = await exploration.RunAsync(script.Steps, cancellationToken).ConfigureAwait(false);
            if (exploration.FirstViolated is { } decisions)
            {
                CrashViolation violation = report.Violations[0];
                (_, violation) = await Shrinking.RunAsync(
                    script.Steps,
                    violation,
                    _options.ShrinksMax,
                    fewer => ViolationOfAsync(fewer, decisions, violation, check, cancellationToken)).ConfigureAwait(false);
                report = report with { Violations = report.Violations.SetItem(0, violation) };
            }

            sum = sum is null ? report : sum.Add(report);
            if (sum.Violations.Length >= _options.ViolationsMax)
            {
                break;
            }
        }

        return sum!;
    }

    /// <summary>
    /// The violation of fewer steps, if it is the same: a step that lacks what one left out had done fails in another way.
    /// </summary>
    private async ValueTask<CrashViolation?> ViolationOfAsync(
        ScriptStep[] fewer,
        IReadOnlyDictionary<ProcessStep, long> decisions,
        CrashViolation same,
        Func<CrashState, ValueTask> check,
        CancellationToken cancellationToken)
    {
        var exploration = new Exploration(_options, same.Profile, check);
        CrashReport report =
            await new ScriptExploration(_options, exploration).RunAsync(fewer, decisions, cancellationToken).ConfigureAwait(false);
        return report.Violations.FirstOrDefault(violation =>
            violation.Failure.GetType() == same.Failure.GetType() && violation.Crashes[0].Kind == same.Crashes[0].Kind);
    }

    [SuppressMessage(
        "Design", "CA1031", Justification = "Steps that do not go without those left out are not the violation that is looked for.")]
    private async ValueTask<CrashViolation?> ViolationOfAsync<TStep>(
        TStep[] steps, Func<CrashRun, IReadOnlyList<TStep>, ValueTask> perform, Func<CrashState, ValueTask> check,
        CancellationToken cancellationToken)
    {
        try
        {
            CrashReport report = await ExploreAsync(run => perform(run, steps), check, cancellationToken).ConfigureAwait(false);
            return report.Violations.IsEmpty ? null : report.Violations[0];
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return null;
        }
    }
}
