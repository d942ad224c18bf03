using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>A pack is made while each of its calls fails in turn, or is the last that its process makes.</summary>
public sealed class PackOnSimulationTests
{
    private static readonly StoreLayout s_layout = StoreLayout.At("/store");

    [Fact]
    public async Task A_process_that_is_killed_at_any_call_of_a_packing_leaves_nothing_that_the_next_opening_does_not_remove()
    {
        int kills = 0;
        for (bool isDone = false; !isDone; kills++)
        {
            (SimulatedMachine machine, StateStore store) = await FillAsync();
            _ = store.Pack();
            string[] before = await FilesAfterReopeningAsync();
            machine.Faults = Rule(kills, new ProcessKilled(), static _ => true);
            isDone = Record.Exception(() => store.Pack()) is not SimulatedCrashException;
            machine.Faults = new FaultPlan();
            machine.KillAll();

            await using StateStore next = await OpenAsync(machine.Start("next"));
            Assert.Equal(before, Files(machine));
            AssertReadAsFromFiles(next, packed: 0);
        }

        Assert.True(kills > 30, $"only {kills} calls");
    }

    [Fact]
    public async Task A_call_of_a_packing_that_fails_leaves_the_old_pack_or_sandboxes_out()
    {
        foreach (Errno errno in new[] { Errno.InputOutput, Errno.NoSpace, Errno.ProcessFileLimit, Errno.AccessDenied })
        {
            int failures = 0;
            for (int call = 0; ; call++)
            {
                (SimulatedMachine machine, StateStore store) = await FillAsync();
                _ = store.Pack();
                string[] before = Files(machine);
                machine.Faults = Rule(call, new CallFails(errno), static operation => operation != Operation.Unlink); // what a failing unlink leaves, the next recovery removes
                PackSummary? packed = null;
                Exception? failure = Record.Exception(() => packed = store.Pack());
                bool hasStruck = machine.Faults.Count > 0;
                machine.Faults = new FaultPlan();
                if (!hasStruck)
                {
                    break;
                }

                Assert.True(failure is null or StorageException, $"call {call}: {failure}");
                Assert.Equal(before, Files(machine));
                AssertReadAsFromFiles(store, failure is null ? packed!.Sandboxes : 2);
                failures += failure is null ? 0 : 1;
                await store.DisposeAsync();
            }

            Assert.True(failures > 10, $"{errno}: only {failures} failures");
        }
    }

    private static FaultPlan Rule(int call, SimulatedFault fault, Func<Operation, bool> which) =>
        new FaultPlan().Add(new FaultRule { Process = "packer", Operations = [.. Enum.GetValues<Operation>().Where(which)], Skip = call, Fault = fault });

    private static async Task<string[]> FilesAfterReopeningAsync()
    {
        (SimulatedMachine machine, _) = await FillAsync();
        machine.KillAll();
        await using StateStore next = await OpenAsync(machine.Start("next"));
        return Files(machine);
    }

    private static async Task<(SimulatedMachine Machine, StateStore Store)> FillAsync()
    {
        var machine = new SimulatedMachine();
        StateStore store = await OpenAsync(machine.Start("packer"));
        foreach (string sandbox in new[] { "a", "b" })
        {
            await using SandboxLock held = await store.LockNewAsync(sandbox);
            await held.Change().PutJson(StoreRoot.Config, null, "config.json", "1"u8).CreateContainer("web").PutJson(StoreRoot.Run, "web", "state.json", "2"u8).CommitAsync();
        }

        machine.Clock.Advance(TimeSpan.FromSeconds(10));
        return (machine, store);
    }

    private static void AssertReadAsFromFiles(StateStore store, int packed)
    {
        using BulkReader reader = store.ReadInBulk();
        Assert.Equal(Show(store.ListSandboxes(), store.ReadAllJson), Show(reader.ListSandboxes(), reader.ReadAllJson));
        Assert.Equal(packed, reader.ReadsFromPack);
    }

    private static string[] Show(IReadOnlyList<string> sandboxes, Func<string, IEnumerable<DocumentResult<byte[]>>> read) =>
        [.. sandboxes.SelectMany(read).Select(static result => $"{result.Document} {Encoding.UTF8.GetString(result.Value!)}")];

    /// <summary>All files of the metadata directories, but for the log's.</summary>
    private static string[] Files(SimulatedMachine machine)
    {
        System.IO.Abstractions.IFileSystem files = machine.Start("onlooker").FileSystem.Files;
        return [.. new[] { s_layout.ConfigMetadata, s_layout.RunMetadata }
            .SelectMany(directory => files.Directory.EnumerateFiles(directory, "*", System.IO.SearchOption.AllDirectories))
            .Where(static file => !file.Contains("/log/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }

    private static ValueTask<StateStore> OpenAsync(SimulatedProcess process) => StateStore.OpenAsync(
        s_layout, new StoreOptions { FileSystem = process.FileSystem, TimeProvider = process.Clock, SegmentBytes = 16384, CheckpointInterval = Timeout.InfiniteTimeSpan });
}
