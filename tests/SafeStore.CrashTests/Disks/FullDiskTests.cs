using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.CrashTests.Disks;

/// <summary>Small real filesystems, filled to the last byte or the last inode.</summary>
public sealed class FullDiskTests
{
    [Theory]
    [InlineData("tmpfs", "8m", false)]
    [InlineData("ext4", "16M", false)]
    [InlineData("tmpfs", "8m", true)]
    public async Task A_full_disk_refuses_commits_without_a_trace_and_lets_read_and_remove(string kind, string size, bool lacksInodes)
    {
        using var images = new TempDirectory();
        using Mount mount = lacksInodes ? Mount.Tmpfs(size, "nr_inodes=300") : Mount.Of(kind, images, size);
        await using StateStore store = await StateStore.OpenAsync(mount.Layout, Workloads.Options);
        await Workloads.SeedAsync(store);
        await MakeFatAsync(store);
        _ = mount.Fill(lacksInodes);

        string before = Trees.WithLockWords(store.Layout);
        string[] refused = ["update", "create-container", "create-sandbox", "two-sandboxes", "mixed"];
        foreach (string workload in refused)
        {
            StorageException failure = await Assert.ThrowsAsync<StorageException>(async () => await Workloads.RunAsync(store, workload));
            Assert.Equal(Errno.NoSpace, failure.Errno);
            Assert.Equal("no-space", failure.Code);
            Assert.Equal(before, Trees.WithLockWords(store.Layout));
            Trees.AssertNoStrays(store.Layout, alsoTrash: true);
        }

        Assert.NotNull(store.ReadJson(new DocumentId(Workloads.One, "web", StoreRoot.Config, "config.json")));
        Assert.Equal(20, store.ListDocuments("fat").Count);

        _ = await Workloads.ChangeAsync(store, "fat", change => change.RemoveSandbox());
        Assert.DoesNotContain("fat", store.ListSandboxes());
        foreach (string workload in refused)
        {
            _ = await Workloads.RunAsync(store, workload is "mixed" or "create-sandbox" ? "update" : workload);
        }

        Assert.False(store.IsFaulted);
    }

    [Fact]
    public async Task A_store_on_a_full_disk_opens_after_a_kill()
    {
        using Mount mount = Mount.Tmpfs("8m");
        await using (StateStore store = await StateStore.OpenAsync(mount.Layout, Workloads.Options))
        {
            await Workloads.SeedAsync(store);
            await MakeFatAsync(store);
        }

        using ChildProcess child = ChildProcess.Open(mount.Layout);
        _ = child.Expect("put sb-1 6 value 3");
        _ = mount.Fill();
        string before = Trees.Of(mount.Layout);
        _ = child.Kill();
        await RemoveFatAsync(mount, before);
    }

    private static async Task RemoveFatAsync(Mount mount, string before)
    {
        try
        {
            await using StateStore store = await StateStore.OpenAsync(mount.Layout, Workloads.Options);
            Assert.Equal(before, Trees.Of(mount.Layout));
            _ = await Workloads.ChangeAsync(store, "fat", change => change.RemoveSandbox());
        }
        catch (StorageException failure) when (failure.Errno == Errno.NoSpace)
        {
            // Recovery writes each document of the log anew, one at a time: allowed to say that it has no space, not to change anything.
            Assert.Equal(before, Trees.Of(mount.Layout));
            File.Delete(Path.Combine(mount.Path, "filler"));
            await using StateStore store = await StateStore.OpenAsync(mount.Layout, Workloads.Options);
            Assert.Equal(before, Trees.Of(mount.Layout));
        }
    }

    /// <summary>A sandbox whose removal gives back space and inodes.</summary>
    private static async Task MakeFatAsync(StateStore store)
    {
        await using SandboxLock held = await store.LockNewAsync("fat");
        SandboxChange change = held.Change();
        byte[] json = System.Text.Encoding.UTF8.GetBytes($"\"{new string('f', 50_000)}\"");
        for (int i = 0; i < 20; i++)
        {
            _ = change.PutJson(StoreRoot.Config, null, $"fat-{i}.json", json);
        }

        _ = await change.CommitAsync();
    }
}
