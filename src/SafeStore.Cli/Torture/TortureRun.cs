using System;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Testing;
using SafeStore.Testing.Stores;

namespace SafeStore.Cli.Torture;

/// <summary>Rounds on machines in turn, until time or rounds are used up, or a violation is found.</summary>
internal sealed class TortureRun(ImmutableArray<TortureMachine> machines, TortureRound round, int workers)
{
    private readonly Stopwatch _clock = new();

    public async Task<int> RunAsync(ulong seed, int rounds, TimeSpan time, CancellationToken stop)
    {
        string on = machines.Length == 1 ? $"{machines[0]}" : $"{machines.Length} machines in turn";
        await WriteAsync($"Seed {seed}, {workers} at once, {on}. SIGINT ends it.");
        _clock.Start();
        long states = 0;
        TimeSpan longest = TimeSpan.Zero;
        for (int done = 0; done < rounds && _clock.Elapsed + longest < time && !stop.IsCancellationRequested; done++, seed++)
        {
            TimeSpan begun = _clock.Elapsed;
            TortureMachine machine = machines[done % machines.Length];
            CrashReport report;
            try
            {
                using var line = new ProgressLine();
                report = await StoreTorture.RunAsync(machine, round, seed, workers, Shown(line, machine, states), stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }

            states += report.States;
            if (!report.Violations.IsEmpty)
            {
                string thorough = round == TortureRound.Thorough ? " --thorough" : "";
                await WriteAsync(
                    $"{machine}: {report}\n\nRepeat it: safestore torture --seed {seed} --rounds 1{thorough} --on '{machine}'");
                return ExitCode.Findings;
            }

            await WriteAsync($"{machine}: {report}; {states} states in {_clock.Elapsed.TotalSeconds:F0} s");
            TimeSpan taken = _clock.Elapsed - begun;
            longest = taken > longest ? taken : longest;
        }

        await WriteAsync($"No violation in {states} states, {_clock.Elapsed.TotalSeconds:F0} s.");
        return ExitCode.Ok;
    }

    private static Task WriteAsync(FormattableString text) => Console.Out.WriteLineAsync(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>The states of a round beside those of the rounds before it.</summary>
    private ShownProgress<long> Shown(ProgressLine line, TortureMachine machine, long before) =>
        new(line, value => $"{machine}: {before + value} states in {_clock.Elapsed.TotalSeconds:F0} s");
}
