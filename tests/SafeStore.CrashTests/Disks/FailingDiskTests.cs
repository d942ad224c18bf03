using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Kills;
using SafeStore.CrashTests.Support;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.CrashTests.Disks;

/// <summary>Disks that fail below a real filesystem: no space behind them, an error that makes them read-only, a mount that is.</summary>
public sealed class FailingDiskTests(ITestOutputHelper output)
{
    /// <summary>
    /// A thinly provisioned disk whose pool is full: writing into the filesystem goes well, and a sync says ENOSPC or EIO once, and on xfs
    /// 0 when it is asked again, while the bytes are lost. (ext4 makes itself read-only meanwhile.)
    /// </summary>
    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public async Task A_disk_without_space_behind_it_ends_all_writing_at_a_failed_sync_and_loses_nothing_acknowledged(string kind)
    {
        using Mount pool = Mount.Tmpfs("96m");
        string image = Mount.MakeImage(kind, pool.Path);
        string filler;
        int last = 0;
        using (Mount disk = Mount.OfImage(image))
        {
            using ChildProcess child = ChildProcess.Open(disk.Layout);
            _ = child.Expect("workload create-sandbox");
            _ = child.Expect("put sb-3 6 value-0 1");
            _ = child.Expect("checkpoint");
            filler = pool.Fill()!;
            var answers = new List<string>();
            while (answers.Count < 50)
            {
                string answer = child.Ask($"put sb-3 6 value-{last + 1} 1"); // the log has its space already
                answers.Add(answer);
                if (!answer.StartsWith("ok ", StringComparison.Ordinal))
                {
                    break;
                }

                last++;
                answers.Add(child.Ask("checkpoint")); // which the documents' bytes have not
            }

            answers.ForEach(output.WriteLine);
            Assert.NotEqual(0, last);
            Assert.Contains(
                answers, static answer =>
                answer.StartsWith("error ", StringComparison.Ordinal) && answer.Contains("sync", StringComparison.Ordinal));
            Assert.StartsWith(kind == "xfs" ? "error StoreFaultedException" : "error ", answers[^1]);
            Assert.StartsWith(kind == "xfs" ? "error StoreFaultedException" : "error ", child.Ask("put sb-3 6 never 1")); // no second try
            Assert.StartsWith("error ", child.Ask("checkpoint"));
            Assert.Contains("old", child.Expect("read sb-3 state.json"));
            _ = child.Kill();
        }

        File.Delete(filler);
        using Mount mended = Mount.OfImage(image);
        await using StateStore store = await StateStore.OpenAsync(mended.Layout, Workloads.Options);
        AssertHas(store, $"value-{last}");
        _ = await Workloads.ChangeAsync(
            store, Workloads.Three, change => change.PutJson(StoreRoot.Config, null, "doc-0.json", Workloads.Json("usable")));
    }

    [Fact]
    public async Task A_filesystem_that_becomes_read_only_refuses_every_commit_at_once_lets_read_and_loses_nothing()
    {
        using var images = new TempDirectory();
        using Mount disk = Mount.Of("ext4", images);
        using (ChildProcess child = ChildProcess.Open(disk.Layout))
        {
            _ = child.Expect("workload create-sandbox");
            _ = child.Expect("put sb-3 6 acknowledged 1");
            disk.FailExt4();
            for (int i = 0; i < 5; i++)
            {
                string answer = child.Ask("put sb-3 6 never 1");
                Assert.StartsWith("error StorageException storage", answer);
                Assert.Contains("read-only", answer);
                Assert.Contains("old", child.Expect("read sb-3 state.json"));
            }

            Assert.StartsWith("error ", child.Ask("checkpoint"));
            child.End(); // the checkpoint at its end fails too, and is nobody's error
        }

        disk.Unmount();
        using Mount mended = Mount.OfImage(disk.Image!);
        await using StateStore store = await StateStore.OpenAsync(mended.Layout, Workloads.Options);
        AssertHas(store, "acknowledged");
        Trees.AssertNoStrays(mended.Layout, alsoTrash: true);
        _ = await Workloads.ChangeAsync(
            store, Workloads.Three, change => change.PutJson(StoreRoot.Config, null, "doc-0.json", Workloads.Json("usable")));
    }

    [Fact]
    public void A_filesystem_that_has_met_an_error_and_goes_on_is_not_synced_as_a_whole()
    {
        using var images = new TempDirectory();
        using Mount disk = Mount.Of("ext4", images);
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(disk.Path, out DirectoryHandle? directory));
        using (directory)
        {
            Assert.Equal((Errno.None, true), (fs.SyncAll(directory!, long.MaxValue - 1, out bool isDone), isDone));
            disk.FailExt4(goesOn: true);
            Assert.Equal(Errno.None, fs.SyncDirectory(directory!)); // commits what counts the error
            Assert.Equal(Errno.None, fs.Stat(directory!, out FileStatus status));
            using Ext4Report report = Ext4Report.TryOpen(status.Device)!;
            Assert.True(SpinWait.SpinUntil(() => report.Read() is { Errors: > 0 }, TimeSpan.FromSeconds(30)),
                "The kernel has not counted the error.");
            Assert.Equal((Errno.None, false), (fs.SyncAll(directory!, long.MaxValue - 1, out isDone), isDone));
        }
    }

    /// <summary>There is no opening without recovery, hence none that would show a half-published transaction.</summary>
    [Fact]
    public async Task A_store_that_needs_recovery_is_refused_on_a_read_only_mount_and_recovered_when_it_is_writable()
    {
        using var images = new TempDirectory();
        using SeededStore seeded = await SeededStore.MakeAsync();
        using Mount disk = Mount.Of("ext4", images);
        await using (StateStore store = await StateStore.OpenAsync(disk.Layout, Workloads.Options))
        {
            await Workloads.SeedAsync(store);
        }

        KillPoint half = KillPoint.Of(Victim.StepsOf(seeded.Copy(), "update")).Where(static point => point.Verb == "exchange").ElementAt(1);
        _ = Victim.Of(disk.Layout, "update", half);
        disk.Remount("ro");
        string before = Trees.WithLockWords(disk.Layout);
        StorageException refused =
            await Assert.ThrowsAsync<StorageException>(async () => await StateStore.OpenAsync(disk.Layout, Workloads.Options));
        Assert.Equal(Errno.ReadOnly, refused.Errno);
        Assert.Equal(before, Trees.WithLockWords(disk.Layout));

        disk.Remount("rw");
        await using StateStore recovered = await StateStore.OpenAsync(disk.Layout, Workloads.Options);
        Assert.Equal(await seeded.AfterAsync("update"), Trees.Of(disk.Layout));
    }

    private static void AssertHas(StateStore store, string value)
    {
        IEnumerable<string> values = Enumerable.Range(0, 6)
            .Select(number => Encoding.UTF8.GetString(
                store.ReadJson(new DocumentId(Workloads.Three, null, StoreRoot.Config, $"doc-{number}.json"))!));
        Assert.All(values, found => Assert.Contains($"\"{value}\"", found));
    }
}
