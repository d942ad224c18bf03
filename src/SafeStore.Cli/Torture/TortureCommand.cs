using System;
using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Linq;
using SafeStore.Cli.Torture.Picture;
using SafeStore.Testing;
using SafeStore.Testing.Stores;

namespace SafeStore.Cli.Torture;

/// <summary><c>safestore torture</c>: looks for a crash that a store does not survive, and shows which ones others do not.</summary>
internal static class TortureCommand
{
    private const double MinutesMax = 1_000_000;
    private const ulong PictureSeed = 1;

    public static Command Create()
    {
        var command = new Command(
            "torture",
            "Looks for a crash that a store does not survive: runs random transactions on simulated machines, makes the states that a "
            + "kill or a power loss at each call may leave, also in the middle of recoveries, and checks each of them. Nothing is written "
            + "to the disk but the file of --html. Exit codes: 0 nothing found, 2 a violation, with the seed and the calls around it.");
        Option<double> minutes = Minutes();
        var seed = new Option<ulong?>("--seed")
        {
            Description = "The first round's seed; the next round takes the next number. The default is a random one.",
            HelpName = "S",
        };
        Option<int> rounds = WholeNumber.Option(
            "--rounds", "End after so many rounds, whatever the time (1-1000000000).", preset: 1_000_000_000, max: 1_000_000_000);
        Option<int> workers =
            WholeNumber.Option("--workers", "How many states to check at once (1-1024).", preset: Environment.ProcessorCount, max: 1024);
        var thorough = new Option<bool>("--thorough") { Description = "More transactions a round, and more crashes in recoveries." };
        var on = new Option<string?>("--on")
        {
            Description = $"Only this machine: {string.Join("; ", StoreTorture.Machines.Select(static machine => $"'{machine}'"))}.",
            HelpName = "MACHINE",
        };
        var html = new Option<string?>("--html")
        {
            Description = "Instead of all that, crash SafeStore and four other ways to save documents at each call, and write what is "
                + "found to FILE, a page for a browser. With --seed (1) and --on (ext4-ordered) only.",
            HelpName = "FILE",
        };
        ImmutableArray<Option> ofRounds = [minutes, rounds, workers, thorough];
        foreach (Option option in (ImmutableArray<Option>)[.. ofRounds, seed, on, html])
        {
            command.Add(option);
        }

        command.Validators.Add(result => RefuseBeside(result, html, ofRounds));
        command.SetAction(arguments => Tool.GuardAsync(ending => arguments.GetValue(html) is { } file
            ? TorturePicture.WriteAsync(
                file, Disk(arguments.GetValue(on)), arguments.GetValue(seed) ?? PictureSeed, ending.Token)
            : new TortureRun(
                arguments.GetValue(on) is { } name ? [Machine(name)] : StoreTorture.Machines,
                arguments.GetValue(thorough) ? TortureRound.Thorough : TortureRound.Brief,
                arguments.GetValue(workers))
                .RunAsync(
                    arguments.GetValue(seed) ?? (ulong)Random.Shared.NextInt64(1_000_000_000),
                    arguments.GetValue(rounds),
                    TimeSpan.FromMinutes(arguments.GetValue(minutes)),
                    ending.Token)));
        return command;
    }

    private static Option<double> Minutes()
    {
        var minutes = new Option<double>("--minutes")
        {
            Description = "For how long (0.01-1000000): no round is begun that may take longer. The first one always is.",
            HelpName = "N",
            DefaultValueFactory = static _ => 1,
        };
        minutes.Validators.Add(static result =>
        {
            if (result.Tokens is [{ } token]
                && !(double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                    && value is >= 0.01 and <= MinutesMax))
            {
                result.AddError("--minutes must be a number from 0.01 to 1000000.");
            }
        });
        return minutes;
    }

    private static void RefuseBeside(CommandResult result, Option html, ImmutableArray<Option> others)
    {
        if (result.GetResult(html) is { Implicit: false }
            && others.FirstOrDefault(other => result.GetResult(other) is { Implicit: false }) is { } given)
        {
            result.AddError($"{given.Name} does not go with --html.");
        }
    }

    private static TortureMachine Machine(string name) => StoreTorture.Machines.FirstOrDefault(machine => machine.ToString() == name)
        ?? throw new ArgumentException($"There is no machine '{name}'; --help names them.");

    /// <summary>The disk of a machine that has one, on which something is there after a power loss.</summary>
    private static PersistenceProfile Disk(string? name) => name is null ? PersistenceProfile.Ext4Ordered
        : Machine(name) is { Run: null, Profile: { IsVolatile: false } profile } ? profile
        : throw new CommandException($"--html needs a machine with one disk that is not empty after a power loss, and not '{name}'.");
}
