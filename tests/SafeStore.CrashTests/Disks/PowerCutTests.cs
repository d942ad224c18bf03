using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Kills;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Disks;

/// <summary>
/// The power goes: what the disk has at that moment, without the filesystem's memory, is copied while the store is in use, and is looked
/// at on the copy, which the filesystem repairs as after a real power cut.
/// </summary>
public sealed class PowerCutTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task What_was_acknowledged_before_the_power_went_is_there_and_whole(string kind)
    {
        using var images = new TempDirectory();
        var cuts = new List<(string After, string Image, string Tree)>();
        using (Mount mount = Mount.Of(kind, images))
        {
            await using StateStore store = await StateStore.OpenAsync(mount.Layout, Workloads.Options);
            await Workloads.SeedAsync(store);
            cuts.Add(("create", mount.CutPower(), Trees.Of(mount.Layout)));
            foreach (string workload in (
                IEnumerable<string>)["update", "create-sandbox", "checkpoint", "create-container", "remove-container", "two-sandboxes",
                "remove-sandbox"])
            {
                _ = await Workloads.RunAsync(store, workload);
                if (workload == "checkpoint")
                {
                    _ = await store.CheckpointAsync();
                }

                cuts.Add((workload, mount.CutPower(), Trees.Of(mount.Layout)));
            }
        }

        foreach ((string after, string image, string tree) in cuts)
        {
            using Mount copy = Mount.OfImage(image, isXfsCopy: kind == "xfs");
            await using StateStore store = await StateStore.OpenAsync(copy.Layout, Workloads.Options);
            Assert.True(tree == Trees.Of(copy.Layout),
                $"After {after} on {kind} the disk has\n{Trees.Of(copy.Layout)}\ninstead of\n{tree}");
            Trees.AssertNoStrays(copy.Layout, alsoTrash: true);
            await Trees.LockEachAsync(store);
            Trees.AssertNotCommitting(copy.Layout);
            await Workloads.UseAsync(store);
            Trees.AssertIdle(copy.Layout); // lock words are never synced: who locks first writes them anew
        }
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public async Task Documents_that_a_power_cut_leaves_old_or_empty_under_their_new_names_are_written_anew_from_the_log(string kind)
    {
        using var images = new TempDirectory();
        string nothing;
        string namesOnly;
        string tree;
        using (Mount mount = Mount.Of(kind, images))
        {
            await using StateStore store = await StateStore.OpenAsync(mount.Layout, Workloads.Options);
            await Workloads.SeedAsync(store);
            _ = await store.CheckpointAsync();
            _ = await Workloads.RunAsync(store, "update");
            tree = Trees.Of(mount.Layout);
            nothing = mount.CutPower();

            // Another program's fsync takes the renames along and leaves out the bytes, for which the filesystem has no place yet.
            string other = Path.Combine(mount.Path, "other");
            await File.WriteAllTextAsync(other, "x");
            Tool.Run("sync", other);
            namesOnly = mount.CutPower();
        }

        foreach ((string image, bool isEmpty) in new[] { (nothing, false), (namesOnly, true) })
        {
            using Mount copy = Mount.OfImage(image, isXfsCopy: kind == "xfs");
            string document = await File.ReadAllTextAsync(Path.Combine(copy.Layout.Config, Workloads.One, "config.json"));
            Assert.True(isEmpty ? document.Length == 0
                : document.Contains("old", System.StringComparison.Ordinal),
                $"{kind} has '{document}' on the disk: the test shows nothing");
            await using StateStore store = await StateStore.OpenAsync(copy.Layout, Workloads.Options);
            Assert.Equal(tree, Trees.Of(copy.Layout));
        }
    }

    [Theory]
    [InlineData("ext4", false)]
    [InlineData("ext4", true)]
    [InlineData("xfs", true)]
    public async Task The_power_may_go_while_writers_are_at_work(string kind, bool checkpointsMeanwhile)
    {
        using var images = new TempDirectory();
        var check = new StampCheck();
        string image;
        using (Mount mount = Mount.Of(kind, images))
        {
            await using (StateStore store = await StateStore.OpenAsync(mount.Layout, Workloads.Options))
            {
                await StampCheck.SeedAsync(store);
            }

            using ChildProcess other = ChildProcess.Open(mount.Layout);
            using ChildProcess writer = ChildProcess.Open(mount.Layout);
            writer.Send("write-for-ever writer 7");
            for (int i = 0; i < 100; i++)
            {
                check.Add(writer.ReadLine()!);
                if (checkpointsMeanwhile && i % 25 == 24)
                {
                    _ = other.Expect("checkpoint");
                }
            }

            // In the middle of whatever the writer does. It dies first, since a copy takes a while and a power cut does not: blocks copied
            // before and after a sync would make a disk that never was. What it had not synced is not in the image all the same.
            _ = writer.Kill();
            _ = other.Kill();
            image = mount.CutPower();
        }

        using Mount copy = Mount.OfImage(image, isXfsCopy: kind == "xfs");
        await using StateStore recovered = await StateStore.OpenAsync(copy.Layout, Workloads.Options);
        await check.AssertHoldsAsync(recovered);
        output.WriteLine($"{check.Acknowledged} acknowledged");
    }
}
