using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;

namespace SafeStore.Sandboxes.Tests.Support;

/// <summary>A sandbox store on a machine in memory, where calls can be made to fail.</summary>
internal static class Simulated
{
    public static StoreLayout Layout { get; } = StoreLayout.Kata("/");

    public static ValueTask<SandboxStore> OpenAsync(SimulatedProcess process) => SandboxStore.OpenAsync(Layout, new SandboxStoreOptions
    {
        Store = new StoreOptions
        {
            FileSystem = process.FileSystem,
            TimeProvider = process.Clock,
            SegmentBytes = 16 * 1024,
            CheckpointInterval = Timeout.InfiniteTimeSpan
        },
    });

    /// <summary>
    /// Does something to a store while the first call fails, then again while the second one does, and so on; after each time the program
    /// dies and another one looks.
    /// </summary>
    /// <param name="prepare">What is done before.</param>
    /// <param name="act">What fails.</param>
    /// <param name="look">Looks at what is left; told whether it was done, null if the failure leaves that open.</param>
    /// <returns>How many times it failed.</returns>
    public static async Task<int> FailAtEachCallAsync(
        Func<SandboxStore, Task> prepare, Func<SandboxStore, Task> act, Action<SandboxStore, bool?> look)
    {
        for (int failures = 0; ; failures++)
        {
            var machine = new SimulatedMachine();
            SandboxStore store = await OpenAsync(machine.Start());
            await prepare(store);
            machine.Faults = FaultPlan.At(machine.Calls + failures + 1, new CallFails(Errno.InputOutput));
            bool? isDone = null;
            try
            {
                await act(store);
                isDone = true;
            }
            catch (CommitNotPublishedException)
            {
                isDone = true;
            }
            catch (StorageException)
            {
                isDone = false;
            }
            catch (StoreFaultedException)
            {
                // A sync failed: what the disk has, the next opening finds out.
            }

            bool hasFailed = machine.Faults.Count > 0;
            machine.Faults = new FaultPlan();
            machine.KillAll();
            await using SandboxStore again = await OpenAsync(machine.Start());
            look(again, isDone);
            if (!hasFailed)
            {
                return failures;
            }
        }
    }
}
