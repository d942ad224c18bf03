using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Demo;

/// <summary>
/// The hidden command that the demo starts as writer processes, to kill them: commits transactions over configuration and state of one
/// or two sandboxes and their containers and prints each as it is acknowledged, until stdin ends.
/// </summary>
internal static class DemoWriterCommand
{
    public const string Name = "demo-writer";

    public static Command Create()
    {
        var command = new Command(Name, "A writer process of the demo.") { Hidden = true };
        var store = new StoreArguments(command);
        var writer = new Option<int>("--writer") { Required = true };
        var seed = new Option<int>("--seed") { Required = true };
        command.Add(writer);
        command.Add(seed);
        command.SetAction(arguments => Tool.GuardAsync(ending => RunAsync(
            store.LayoutOf(arguments), arguments.GetValue(writer), new Random(arguments.GetValue(seed)), ending.Token)));
        return command;
    }

    private static async Task<int> RunAsync(StoreLayout layout, int writer, Random random, CancellationToken stop)
    {
        await using StateStore store = await StateStore.OpenAsync(layout, cancellationToken: stop);
        var documents = new StampedDocuments(store, SandboxModel.Default);
        await using Stream output = StandardOutput.Open();
        string[] sandboxes = [.. store.ListSandboxes()];
        Task endOfInput = StandardInput.Open().CopyToAsync(Stream.Null, stop);
        while (!endOfInput.IsCompleted && !stop.IsCancellationRequested)
        {
            random.Shuffle(sandboxes);
            SandboxTarget[] targets = [.. sandboxes.Take(random.Next(4) == 0 ? 2 : 1).Select(SandboxTarget.Existing)];
            await using SandboxLocks locks = await store.LockManyAsync(targets, cancellationToken: stop);
            Transaction transaction = locks.Change();
            List<(string Sandbox, Stamp Stamp)> stamps = Plan(store, documents, targets, writer, random);
            foreach ((string sandbox, Stamp stamp) in stamps)
            {
                documents.Write(transaction.For(sandbox), stamp);
            }

            Lsn lsn = await transaction.CommitAsync(CancellationToken.None);
            await output.WriteAsync(Acknowledgement(lsn, store.Statistics, stamps), CancellationToken.None);
            await output.FlushAsync(CancellationToken.None);
        }

        return ExitCode.Ok;
    }

    private static List<(string Sandbox, Stamp Stamp)> Plan(
        StateStore store, StampedDocuments documents, SandboxTarget[] targets, int writer, Random random)
    {
        long[] numbers = [.. targets.Select(target => documents.LastOf(target.Id) + 1)];
        var stamps = new List<(string Sandbox, Stamp Stamp)>();
        for (int i = 0; i < targets.Length; i++)
        {
            bool hasExtra = store.ListContainers(targets[i].Id).Contains(Stamp.ExtraContainer) != (random.Next(4) == 0);
            int other = targets.Length - 1 - i;
            stamps.Add((targets[i].Id, other == i
                ? new Stamp(writer, numbers[i], hasExtra, null, 0)
                : new Stamp(writer, numbers[i], hasExtra, targets[other].Id, numbers[other])));
        }

        return stamps;
    }

    private static byte[] Acknowledgement(Lsn lsn, StoreStatistics statistics, List<(string Sandbox, Stamp Stamp)> stamps)
    {
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{lsn} {statistics.RolledForward} {statistics.RolledBack}");
        foreach ((string sandbox, Stamp stamp) in stamps)
        {
            line.Append(CultureInfo.InvariantCulture, $" {sandbox} {stamp.N}");
        }

        return Encoding.ASCII.GetBytes(line.Append('\n').ToString());
    }
}
