using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kills;

/// <summary>
/// SIGTERM, for which the child has no handler: a .NET process ends then where it stands, without finally and without disposal.
/// </summary>
public sealed class SignalTests
{
    private const int TerminatedBySignal = 128 + 15;

    [Fact]
    public async Task A_process_that_SIGTERM_ends_in_the_middle_of_a_commit_leaves_all_of_it_or_nothing()
    {
        using SeededStore seeded = await SeededStore.MakeAsync();
        string before = Trees.Of(seeded.Layout);
        string after = await seeded.AfterAsync("update");
        KillPoint[] points = [.. KillPoint.Of(Victim.StepsOf(seeded.Copy(), "update"))];
        KillPoint synced = points.First(static point => point.Verb == "fdatasync");
        KillPoint[] chosen =
        [
            points.First(static point => point.Verb == "create"), // staging
            KillPoint.OfAppend(points), // half of the record
            synced,
            points.Where(static point => point.Verb == "exchange").ElementAt(1), // half of it visible
        ];
        foreach (KillPoint point in chosen)
        {
            StoreLayout layout = seeded.Copy();
            using (ChildProcess child = ChildProcess.Open(layout))
            {
                _ = child.Expect(point.Command);
                Assert.StartsWith("stopped ", child.Ask("workload update"));
                (int code, List<string> said) = child.End("TERM");
                Assert.Equal(TerminatedBySignal, code);
                Assert.Empty(said);
            }

            await using StateStore store = await StateStore.OpenAsync(layout, Workloads.Options);
            string tree = Trees.Of(layout);
            Assert.True(tree == (point.Step > synced.Step ? after : tree == after ? after : before), $"{point}:\n{tree}");
            Trees.AssertNoStrays(layout, alsoTrash: true);
            await Trees.LockEachAsync(store);
            Trees.AssertNotCommitting(layout);
            await Workloads.UseAsync(store);
        }
    }

    [Theory]
    [InlineData("update", "exchange")]
    [InlineData("create-container", "rename")]
    public async Task What_a_living_process_has_staged_is_left_alone_by_all_others_until_it_dies(string workload, string verb)
    {
        using SeededStore seeded = await SeededStore.MakeAsync();
        string after = await seeded.AfterAsync(workload);
        KillPoint published = KillPoint.Of(Victim.StepsOf(seeded.Copy(), workload)).First(point => point.Verb == verb);
        StoreLayout layout = seeded.Copy();
        using ChildProcess living = ChildProcess.Open(layout);
        _ = living.Expect(published.Command);
        Assert.StartsWith("stopped ", living.Ask("workload " + workload));
        string[] staged = [.. Staged(layout)];
        Assert.NotEmpty(staged);

        await using StateStore other = await StateStore.OpenAsync(layout, Workloads.Options);
        _ = await Workloads.ChangeAsync(
            other, Workloads.Two, change => change.PutJson(StoreRoot.Config, null, "config.json", Workloads.Json("old")));
        await Assert.ThrowsAsync<LockTimeoutException>(async () => await other.LockAsync(Workloads.One, timeout: System.TimeSpan.Zero));
        _ = await other.CheckpointAsync();
        await using (await StateStore.OpenAsync(layout, Workloads.Options))
        {
            Assert.Equal(staged, Staged(layout));
        }

        Assert.Equal(staged, Staged(layout));
        _ = living.Kill();
        await using SandboxLock next = await other.LockAsync(Workloads.One);
        await using (await StateStore.OpenAsync(layout, Workloads.Options))
        {
            Assert.Empty(Staged(layout)); // the next opener has emptied what the dead process left
        }

        Assert.Equal(after, Trees.Of(layout)); // its record was durable
    }

    private static IEnumerable<string> Staged(StoreLayout layout) => new[] { layout.ConfigMetadata, layout.RunMetadata }
        .SelectMany(static metadata => Directory.GetDirectories(Path.Combine(metadata, "scratch")).Append(Path.Combine(metadata, "new")))
        .SelectMany(static directory => Directory.GetFileSystemEntries(directory))
        .Order(System.StringComparer.Ordinal);
}
