using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kills;

/// <summary>A process is killed at every step of a transaction, and whoever comes next finds all of it or nothing.</summary>
public abstract class KillAtEveryStepTests
{
    public static TheoryData<string> AllWorkloads { get; } =
        ["update", "create-sandbox", "create-container", "remove-container", "remove-sandbox", "two-sandboxes", "mixed", "checkpoint"];

    /// <summary>
    /// Kills a child at every point of a workload, each in its own copy of the store, and lets a check look at what is left.
    /// </summary>
    private protected static async Task RunAsync(
        string workload, Func<SeededStore, string, Task<string>> steps, Func<StoreLayout, Expectation, KillPoint, Task> checkAsync)
    {
        using SeededStore seeded = await SeededStore.MakeAsync();
        var expectation = new Expectation(workload, Trees.Of(seeded.Layout), await seeded.AfterAsync(workload));
        Assert.NotEqual(expectation.Before, expectation.After);
        var failures = new List<string>();
        foreach (KillPoint point in (IEnumerable<KillPoint>)[.. KillPoint.Of(await steps(seeded, workload)), KillPoint.Never])
        {
            StoreLayout layout = seeded.Copy();
            try
            {
                await checkAsync(layout, expectation, point);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                failures.Add($"{workload}, {point}: {failure}");
            }

            SeededStore.Delete(layout);
        }

        Assert.True(failures.Count == 0, $"{failures.Count} kills left harm:\n" + string.Join('\n', failures));
    }

    private protected sealed record Expectation(string Workload, string Before, string After)
    {
        /// <summary>Whole or absent; there, if it was acknowledged.</summary>
        public void AssertHolds(string tree, Victim victim)
        {
            string expected = victim.HasAcknowledged || tree == After ? After : Before;
            Assert.True(expected == tree,
                $"{victim.StoppedAt}, acknowledged: {victim.HasAcknowledged}. Expected:\n{expected}\nFound:\n{tree}");
        }
    }
}

public sealed class KillBesideALivingProcessTests : KillAtEveryStepTests
{
    [Theory]
    [MemberData(nameof(AllWorkloads))]
    public Task A_transaction_killed_at_any_step_is_finished_or_undone_by_whoever_locks_next(string workload) =>
        RunAsync(
            workload,
            static async (seeded, workload) =>
            {
                StoreLayout layout = seeded.Copy();
                await using StateStore living = await StateStore.OpenAsync(layout, Workloads.Options);
                return Victim.StepsOf(layout, workload);
            },
            static async (layout, expectation, point) =>
            {
                await using StateStore living = await StateStore.OpenAsync(layout, Workloads.Options);
                Victim victim = Victim.Of(layout, expectation.Workload, point);
                foreach (string sandbox in Workloads.Sandboxes)
                {
                    try
                    {
                        await using SandboxLock held = await living.LockAsync(sandbox);
                    }
                    catch (NotFoundException)
                    {
                        // Created not yet, or removed already.
                    }
                }

                expectation.AssertHolds(Trees.Of(layout), victim);
                Trees.AssertNoStrays(layout, alsoTrash: false);
                Trees.AssertIdle(layout);
                await Workloads.UseAsync(living);
            });
}

public sealed class KillOfTheOnlyProcessTests : KillAtEveryStepTests
{
    [Theory]
    [MemberData(nameof(AllWorkloads))]
    public Task A_transaction_killed_at_any_step_is_finished_or_undone_by_the_next_opening(string workload) =>
        RunAsync(
            workload,
            static (seeded, workload) => Task.FromResult(Victim.StepsOf(seeded.Copy(), workload)),
            static async (layout, expectation, point) =>
            {
                Victim victim = Victim.Of(layout, expectation.Workload, point);
                string recovered;
                await using (StateStore store = await StateStore.OpenAsync(layout, Workloads.Options))
                {
                    expectation.AssertHolds(Trees.Of(layout), victim);
                    Trees.AssertNoStrays(layout, alsoTrash: true);
                    await Trees.LockEachAsync(store);
                    Trees.AssertNotCommitting(layout);
                    recovered = Trees.WithLockWords(layout);
                }

                await using (StateStore again = await StateStore.OpenAsync(layout, Workloads.Options))
                {
                    Assert.Equal(recovered, Trees.WithLockWords(layout));
                    await Workloads.UseAsync(again);
                    Trees.AssertIdle(layout);
                }
            });
}
