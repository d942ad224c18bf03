using System;
using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Testing;
using SafeStore.Testing.Stores;

namespace SafeStore.Cli.Torture;

/// <summary><c>safestore torture</c>: looks for a crash that a store does not survive, for hours.</summary>
internal static class TortureCommand
{
    private const double HoursMax = 10_000;

    public static Command Create()
    {
        var command = new Command(
            "torture",
            "Looks for a crash that a store does not survive: runs random transactions on simulated machines, makes the states that a "
            + "kill or a power loss at each call may leave, also in "
            + "the middle of recoveries, and checks each of them. Nothing is written to the disk. Exit codes: 0 nothing found, 2 a "
                + "violation, with the seed and the calls around it.");
        var hours = new Option<double>(
            "--hours")
        { Description = "For how long (0.001-10000).", HelpName = "N", DefaultValueFactory = static _ => 1 };
        hours.Validators.Add(static result =>
        {
            if (result.Tokens is [{ } token]
                && !(double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && value is >= 0.001 and <= HoursMax))
            {
                result.AddError("--hours must be a number from 0.001 to 10000.");
            }
        });
        var seed = new Option<ulong?>(
            "--seed")
        {
            Description = "The first round's seed; the next round takes the next number. The default is a random one.",
            HelpName = "S"
        };
        Option<int> rounds =
            WholeNumber.Option(
            "--rounds", "End after so many rounds, whatever the time (1-1000000000).", preset: 1_000_000_000, max: 1_000_000_000);
        Option<int> workers =
            WholeNumber.Option("--workers", "How many states to check at once (1-1024).", preset: Environment.ProcessorCount, max: 1024);
        var on = new Option<string?>(
            "--on")
        {
            Description =
            $"Only this machine: {string.Join("; ", StoreTorture.Machines.Select(static machine => $"'{machine}'"))}.",
            HelpName =
            "MACHINE"
        };
        command.Add(hours);
        command.Add(seed);
        command.Add(rounds);
        command.Add(workers);
        command.Add(on);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(
            Machines(arguments.GetValue(on)),
            TimeSpan.FromHours(arguments.GetValue(hours)),
            arguments.GetValue(seed) ?? (ulong)Random.Shared.NextInt64(1_000_000_000),
            arguments.GetValue(rounds),
            arguments.GetValue(workers),
            ending.Token)));
        return command;
    }

    private static ImmutableArray<TortureMachine> Machines(string? name) => name is null
        ? StoreTorture.Machines
        : [StoreTorture.Machines.FirstOrDefault(machine => machine.ToString() == name)
            ?? throw new CommandException($"There is no machine '{name}'; --help names them.")];

    private static async Task<int> RunAsync(
        ImmutableArray<TortureMachine> machines, TimeSpan time, ulong seed, int rounds, int workers, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        long states = 0;
        await Console.Out.WriteLineAsync(
            string.Create(
            CultureInfo.InvariantCulture,
            $"Seed {seed}, {workers} at once, {(machines.Length == 1 ? machines[0] : $"{machines.Length} machines in turn")}. A round "
            + $"takes a minute or so; SIGINT ends it."));
        for (int round = 0; round < rounds && clock.Elapsed < time && !stop.IsCancellationRequested; round++, seed++)
        {
            TortureMachine machine = machines[round % machines.Length];
            CrashReport report;
            try
            {
                report = await StoreTorture.RunAsync(machine, seed, workers, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }

            states += report.States;
            if (!report.Violations.IsEmpty)
            {
                await Console.Out.WriteLineAsync(
                    $"{machine}: {report}\n\nRepeat it: safestore torture --seed {seed} --rounds 1 --on '{machine}'");
                return ExitCode.Findings;
            }

            await Console.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{machine}: {report}; {states} states in {clock.Elapsed.TotalSeconds:F0} s"));
        }

        await Console.Out.WriteLineAsync(
            string.Create(CultureInfo.InvariantCulture, $"No violation in {states} states, {clock.Elapsed.TotalSeconds:F0} s."));
        return ExitCode.Ok;
    }
}
