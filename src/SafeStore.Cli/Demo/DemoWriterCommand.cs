using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Cli.Demo;

/// <summary>
/// The hidden command that the demo starts as writer processes, to kill them: commits transactions over all stamped documents of one
/// or two sandboxes and prints each as it is acknowledged, until stdin ends.
/// </summary>
internal static class DemoWriterCommand
{
    public const string Name = "demo-writer";

    private static readonly byte[] s_emptyDocument = "{}"u8.ToArray();

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
        await using Stream output = StandardOutput.Open();
        string[] sandboxes = [.. store.ListSandboxes()];
        Task endOfInput = Console.OpenStandardInput().CopyToAsync(Stream.Null, stop);
        while (!endOfInput.IsCompleted && !stop.IsCancellationRequested)
        {
            random.Shuffle(sandboxes);
            SandboxTarget[] targets = [.. sandboxes.Take(random.Next(4) == 0 ? 2 : 1).Select(SandboxTarget.Existing)];
            await using SandboxLocks locks = await store.LockManyAsync(targets, cancellationToken: stop);
            Transaction transaction = locks.Change();
            List<(string Sandbox, Stamp Stamp)> stamps = Plan(store, targets, writer, random);
            foreach ((string sandbox, Stamp stamp) in stamps)
            {
                FillIn(store, transaction.For(sandbox), stamp);
            }

            Lsn lsn = await transaction.CommitAsync(CancellationToken.None);
            await output.WriteAsync(Acknowledgement(lsn, store.Statistics, stamps), CancellationToken.None);
            await output.FlushAsync(CancellationToken.None);
        }

        return ExitCode.Ok;
    }

    private static List<(string Sandbox, Stamp Stamp)> Plan(StateStore store, SandboxTarget[] targets, int writer, Random random)
    {
        long[] numbers = [.. targets.Select(target => CurrentN(store, target.Id) + 1)];
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

    private static long CurrentN(StateStore store, string sandbox) =>
        store.ReadJson(new DocumentId(sandbox, null, StoreRoot.Run, "state.json")) is { } json ? Stamp.Of(json).N : 0;

    private static void FillIn(StateStore store, SandboxChange change, Stamp stamp)
    {
        bool hadExtra = store.ListContainers(change.Sandbox).Contains(Stamp.ExtraContainer);
        foreach (DocumentId document in store.ListDocuments(change.Sandbox))
        {
            bool goes = document.Container == Stamp.ExtraContainer && !stamp.HasExtra;
            if (!goes && Stamp.Concerns(document) && store.ReadJson(document) is { } json)
            {
                change.PutJson(document.Root, document.Container, document.File, stamp.PutInto(json));
            }
        }

        if (hadExtra && !stamp.HasExtra)
        {
            change.RemoveContainer(Stamp.ExtraContainer);
        }
        else if (!hadExtra && stamp.HasExtra)
        {
            change.CreateContainer(Stamp.ExtraContainer);
            change.PutJson(StoreRoot.Config, Stamp.ExtraContainer, "config.json", stamp.PutInto(s_emptyDocument));
            change.PutJson(StoreRoot.Run, Stamp.ExtraContainer, "state.json", stamp.PutInto(s_emptyDocument));
        }
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
