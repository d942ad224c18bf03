using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 8, 9, 20 and 26: disks that are full, nearly full, or small.</summary>
public sealed class SpaceFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("tmpfs")]
    public async Task A_store_that_was_closed_in_order_opens_reads_and_removes_a_sandbox_on_a_full_disk(string kind)
    {
        Mount disk = Disk(kind);
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        _ = disk.Fill();
        await AssertOpensReadsAndRemovesAsync(layout);
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("tmpfs")]
    public async Task A_store_that_was_closed_in_order_opens_reads_and_removes_a_sandbox_when_no_inode_is_left(string kind)
    {
        using var images = new TempDirectory();
        Mount disk = _scene.Own(kind == "tmpfs" ? Mount.Tmpfs("16m", "nr_inodes=200") : Mount.OfImage(FewInodes(images)));
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        _ = disk.Fill(lacksInodes: true);
        await AssertOpensReadsAndRemovesAsync(layout);
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("tmpfs")]
    public async Task A_store_that_was_killed_opens_reads_and_removes_a_sandbox_on_a_full_disk(string kind)
    {
        Mount disk = Disk(kind);
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        using (ChildProcess child = ChildProcess.Open(layout))
        {
            _ = child.Expect("put sb-2 1 acknowledged 1");
            _ = child.Kill();
        }

        _ = disk.Fill();
        await AssertOpensReadsAndRemovesAsync(layout);
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("tmpfs")]
    public async Task A_commit_that_finds_no_space_faults_nothing_and_the_next_one_succeeds_when_there_is_some(string kind)
    {
        Mount disk = Disk(kind);
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        await using StateStore store = await Sample.OpenAsync(layout);
        await using StateStore other = await Sample.OpenAsync(layout);
        string filler = disk.Fill()!;
        for (int i = 0; i < 30; i++)
        {
            try
            {
                await Sample.PutAsync(store, Workloads.One, Value(i));
            }
            catch (SafeStoreException refused)
            {
                Assert.Equal("no-space", refused.Code);
            }
        }

        Assert.False(store.IsFaulted);
        Assert.False(other.IsFaulted);
        File.Delete(filler);
        Tool.Run("sync", "--file-system", disk.Path); // btrfs gives the space back with its next commit
        await Sample.PutAsync(store, Workloads.One, "again");
        await Sample.PutAsync(other, Workloads.Two, "again");
        _ = await store.CheckpointAsync();
    }

    /// <summary>The run root, with the lock words, has space: it is the log that finds none.</summary>
    [Theory]
    [InlineData("put sb-2 1 value 1")]
    [InlineData("put-big sb-2 4 200000")]
    public async Task A_commit_whose_log_on_btrfs_finds_no_space_faults_nothing_for_any_process(string command)
    {
        Mount disk = Disk("btrfs");
        StoreLayout layout = await Scene.SeedAsync(StoreLayout.Of(Path.Combine(disk.Path, "config"), _scene.Make("run")));
        using ChildProcess one = ChildProcess.Open(layout);
        using ChildProcess other = ChildProcess.Open(layout);
        _ = one.Expect("put sb-1 1 before 1");
        string filler = disk.Fill()!;
        for (int i = 0; i < 40; i++)
        {
            AssertNoFault(one.Ask(command));
            AssertNoFault(other.Ask("put sb-1 6 value 1"));
        }

        File.Delete(filler);
        Tool.Run("sync", "--file-system", disk.Path);
        _ = one.Expect("put sb-2 1 again 1");
        _ = other.Expect("put sb-1 6 again 1");
    }

    /// <summary>
    /// The rename may need more of the quota than the staging did: then the transaction is durable, and is finished when there is space.
    /// </summary>
    [Fact]
    public async Task A_commit_that_exceeds_a_quota_on_btrfs_faults_nothing_and_one_that_is_durable_is_finished_later()
    {
        Mount disk = Disk("btrfs");
        Tool.Run("btrfs", "quota", "enable", disk.Path);
        StoreLayout layout = await Scene.SeedAsync(StoreLayout.Of(Path.Combine(disk.Path, "config"), _scene.Make("run")));
        using ChildProcess one = ChildProcess.Open(layout);
        using ChildProcess other = ChildProcess.Open(layout);
        _ = one.Expect("put sb-1 1 before 1");
        Tool.Run("sync", "--file-system", disk.Path);
        Tool.Run("btrfs", "qgroup", "limit", "256K", disk.Path);
        var durable = new HashSet<string>();
        for (int i = 0; i < 10; i++)
        {
            Put(one, "sb-2");
            Put(other, "sb-1");
        }

        Tool.Run("btrfs", "qgroup", "limit", "none", disk.Path);
        foreach (string sandbox in durable)
        {
            _ = one.Expect($"lock {sandbox} exclusive");
            _ = one.Expect("unlock");
            Assert.Contains("value", Files.Read(Path.Combine(layout.Config, sandbox, "doc-5.json")), StringComparison.Ordinal);
        }

        _ = one.Expect("put sb-2 1 again 1");
        _ = other.Expect("put sb-1 6 again 1");

        void Put(ChildProcess process, string sandbox)
        {
            string answer = process.Ask($"put {sandbox} 6 value 1");
            if (answer.StartsWith("ok", StringComparison.Ordinal) || answer.Contains(" not-published ", StringComparison.Ordinal))
            {
                durable.Add(sandbox);
            }
            else
            {
                AssertNoFault(answer);
            }
        }
    }

    /// <summary>Ten documents of 900 KB are in the log; the disk has room for some of them only.</summary>
    [Theory]
    [InlineData("ext4", 3)]
    [InlineData("ext4", 5)]
    [InlineData("tmpfs", 3)]
    [InlineData("xfs", 4)]
    public async Task A_killed_store_recovers_large_documents_although_the_disk_has_little_space_left(string kind, int mebibytes)
    {
        Mount disk = Disk(kind, kind == "xfs" ? "320M" : "64M");
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        using (ChildProcess child = ChildProcess.Open(layout))
        {
            _ = child.Expect("put-big sb-1 10 900000");
            _ = child.Kill();
        }

        Leave(disk, mebibytes);
        await using StateStore store = await Sample.OpenAsync(layout);
        for (int number = 0; number < 10; number++)
        {
            Assert.Equal(900_000, Sample.Read(
                store, Workloads.One, string.Create(CultureInfo.InvariantCulture, $"big-{number}.json"))!.Length);
        }
    }

    [Theory]
    [InlineData(51)]
    [InlineData(10)]
    [InlineData(3)]
    public async Task A_killed_store_recovers_many_documents_although_few_inodes_are_left(int inodes)
    {
        Mount disk = _scene.Own(Mount.Tmpfs("32m", "nr_inodes=400"));
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        using (ChildProcess child = ChildProcess.Open(layout))
        {
            _ = child.Expect("put sb-2 100 acknowledged 1");
            _ = child.Kill();
        }

        _ = disk.Fill(lacksInodes: true);
        for (int i = 0; i < inodes; i++)
        {
            File.Delete(Path.Combine(disk.Path, string.Create(CultureInfo.InvariantCulture, $"filler-{i}")));
        }

        await using StateStore store = await Sample.OpenAsync(layout);
        Sample.AssertSays("acknowledged", store, Workloads.Two, "doc-0.json");
        Sample.AssertSays("acknowledged", store, Workloads.Two, "doc-99.json");
    }

    [Theory]
    [InlineData("ext4", "8M")]
    [InlineData("tmpfs", "4m")]
    public async Task A_disk_that_is_too_small_is_refused_with_what_is_needed(string kind, string size)
    {
        Mount disk = Disk(kind, size);
        try
        {
            await using StateStore store = await StateStore.OpenAsync(disk.Layout); // the options that a user has
            await Scene.SeedAsync(disk.Layout);
        }
        catch (SafeStoreException refused)
        {
            Assert.Matches("[0-9][0-9,. ]* ?(bytes|KiB|MiB|MB)", refused.Message);
            Assert.Contains("segment", refused.Message, StringComparison.OrdinalIgnoreCase);
        }
    }

    private static async Task AssertOpensReadsAndRemovesAsync(StoreLayout layout)
    {
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            Assert.NotNull(Sample.Read(store, Workloads.One));
            await Sample.RemoveAsync(store, Workloads.One);
            Assert.DoesNotContain(Workloads.One, store.ListSandboxes());
        }

        await using StateStore next = await Sample.OpenAsync(layout);
        Assert.Equal([Workloads.Two], next.ListSandboxes());
        Assert.NotNull(Sample.Read(next, Workloads.Two));
    }

    private Mount Disk(string kind, string? size = null) => _scene.Disk(kind, size ?? (kind is "ext4" or "tmpfs" ? "24M" : null));

    private static void AssertNoFault(string answer) =>
        Assert.True(answer.StartsWith("ok", StringComparison.Ordinal) || answer.Contains(" no-space ", StringComparison.Ordinal), answer);

    private static string FewInodes(TempDirectory images)
    {
        string image = Path.Combine(images.Path, "few.img");
        Tool.Run("truncate", "-s", "24M", image);
        Tool.Run("mkfs.ext4", "-q", "-F", "-N", "128", image);
        return image;
    }

    private static void Leave(Mount disk, int mebibytes)
    {
        string spare = Path.Combine(disk.Path, "spare");
        Tool.Run("fallocate", "-l", string.Create(CultureInfo.InvariantCulture, $"{mebibytes}M"), spare);
        _ = disk.Fill();
        File.Delete(spare);
        Tool.Run("sync", "--file-system", disk.Path);
    }

    private static string Value(int number) => string.Create(CultureInfo.InvariantCulture, $"value-{number}");
}
