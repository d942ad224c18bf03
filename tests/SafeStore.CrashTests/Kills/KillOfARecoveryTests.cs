using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kills;

/// <summary>Recovery itself is killed at every step, and the next one ends as if it had been the first.</summary>
public sealed class KillOfARecoveryTests
{
    [Theory]
    [InlineData("update", "exchange", 1, true)] // durable, nothing of it visible
    [InlineData("mixed", "rename", 2, true)] // durable, half of it visible
    [InlineData("update", "unlink", 1, true)] // one document published, its old version not removed yet
    [InlineData("two-sandboxes", "write", 0, false)] // half of the record written
    public async Task A_recovery_killed_at_any_step_is_finished_by_the_next(string workload, string verb, int occurrence, bool isDurable)
    {
        using SeededStore seeded = await SeededStore.MakeAsync();
        StoreLayout prepared = seeded.Copy();
        KillPoint[] points = [.. KillPoint.Of(Victim.StepsOf(seeded.Copy(), workload))];
        KillPoint point = isDurable ? points.Where(point => point.Verb == verb).ElementAt(occurrence - 1) : KillPoint.OfAppend(points);
        _ = Victim.Of(prepared, workload, point);
        string expected = isDurable ? await seeded.AfterAsync(workload) : Trees.Of(seeded.Layout);
        var failures = new List<string>();
        foreach (KillPoint kill in KillPoint.Of(Victim.StepsOfOpening(seeded.Copy(prepared))))
        {
            StoreLayout layout = seeded.Copy(prepared);
            try
            {
                KillAnOpening(layout, kill);
                await AssertRecoversAsync(layout, expected);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                failures.Add($"{kill}: {failure}");
            }

            SeededStore.Delete(layout);
        }

        Assert.True(failures.Count == 0, $"{failures.Count} kills left harm:\n" + string.Join('\n', failures));
    }

    [Fact]
    public async Task The_making_of_a_store_killed_at_any_step_is_finished_by_the_next_opening()
    {
        using var directory = new TempDirectory();
        string steps = Victim.StepsOfOpening(StoreLayout.At(directory.Make("steps")));
        foreach (KillPoint kill in KillPoint.Of(steps))
        {
            var layout = StoreLayout.At(directory.Make(kill.Step + (kill.InTheMiddle ? "-half" : "")));
            KillAnOpening(layout, kill);
            await using StateStore store = await StateStore.OpenAsync(layout, Workloads.Options);
            await Workloads.SeedAsync(store);
            Assert.Equal(2, store.ListSandboxes().Count);
        }
    }

    private static void KillAnOpening(StoreLayout layout, KillPoint kill)
    {
        using var child = new ChildProcess(layout);
        _ = child.Expect(kill.Command);
        Assert.StartsWith("stopped ", child.Ask("open"));
        _ = child.Kill();
    }

    private static async Task AssertRecoversAsync(StoreLayout layout, string expected)
    {
        string recovered;
        await using (StateStore store = await StateStore.OpenAsync(layout, Workloads.Options))
        {
            Assert.Equal(expected, Trees.Of(layout));
            Trees.AssertNoStrays(layout, alsoTrash: true);
            await Trees.LockEachAsync(store);
            Trees.AssertNotCommitting(layout);
            recovered = Trees.WithLockWords(layout);
        }

        await using StateStore again = await StateStore.OpenAsync(layout, Workloads.Options);
        Assert.Equal(recovered, Trees.WithLockWords(layout));
    }
}
