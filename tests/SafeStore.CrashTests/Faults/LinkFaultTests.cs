using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 14: copies of a store whose files are hard links to the original's.</summary>
public sealed class LinkFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    private string Store => Path.Combine(_scene.Path, "store");

    private string Copy => Path.Combine(_scene.Path, "copy");

    private StoreLayout CopyLayout => StoreLayout.At(Copy);

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("cp")]
    [InlineData("rsync")]
    public async Task Writing_to_a_copy_of_hard_links_does_not_change_the_original(string how)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Link(how);
        string before = Contents(Store);
        await UseLinkedAsync(CopyLayout);
        Assert.Equal(before, Contents(Store));
        await using StateStore store = await Sample.OpenAsync(layout);
        Sample.AssertSays("old", store, Workloads.One);
        Sample.AssertSays("old", store, Workloads.Two);
    }

    [Theory]
    [InlineData("cp")]
    [InlineData("rsync")]
    public async Task Writing_to_the_original_does_not_change_a_copy_of_hard_links(string how)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Link(how);
        string before = Contents(Copy);
        await UseLinkedAsync(layout);
        Assert.Equal(before, Contents(Copy));
        await using StateStore store = await Sample.OpenAsync(CopyLayout);
        Sample.AssertSays("old", store, Workloads.Two);
    }

    /// <summary>A copy that is made while a process has the store open does not disturb that process.</summary>
    [Fact]
    public async Task A_living_process_goes_on_when_a_copy_of_hard_links_is_made_and_the_copy_keeps_what_was_there()
    {
        StoreLayout layout = await _scene.SeedAsync();
        using (ChildProcess child = ChildProcess.Open(layout))
        {
            _ = child.Expect("put sb-2 1 before 1");
            Link("cp");
            _ = child.Expect("put sb-2 1 after 1");
            child.End();
        }

        await using (StateStore original = await Sample.OpenAsync(layout))
        {
            Sample.AssertSays("after", original, Workloads.Two, "doc-0.json");
        }

        // The segment that was being written is shared: its records may be in both, or the copy is refused. Its documents are its own.
        Assert.Contains("\"before\"", Files.Read(Path.Combine(CopyLayout.Config, Workloads.Two, "doc-0.json")));
    }

    [Fact]
    public async Task A_recovery_changes_nothing_of_a_copy_that_was_made_after_a_kill()
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        Link("cp");
        string before = Contents(Copy);
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            Sample.AssertSays("new", store, Workloads.One);
        }

        Assert.Equal(before, Contents(Copy));
        await using StateStore copy = await Sample.OpenAsync(CopyLayout);
        Sample.AssertSays("new", copy, Workloads.One);
    }

    [Fact]
    public async Task Original_and_copy_are_stores_of_their_own_as_soon_as_each_was_opened()
    {
        StoreLayout layout = await _scene.SeedAsync();
        Link("cp");
        await using StateStore copy = await Sample.OpenAsync(CopyLayout);
        await using StateStore original = await Sample.OpenAsync(layout);
        _ = await Workloads.CreateAsync(copy, Workloads.Three, "web");
        _ = await Workloads.CreateAsync(original, Workloads.Three, "db");
        Assert.Equal(["web"], copy.ListContainers(Workloads.Three));
        Assert.Equal(["db"], original.ListContainers(Workloads.Three));
    }

    [Fact]
    public async Task A_copy_of_an_open_store_is_not_taken_for_that_store()
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess living = _scene.Open(layout);
        Link("cp");
        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(CopyLayout));
        Assert.Contains("hard link", refused.Message);
        using ChildProcess second = _scene.Open(layout);
        _ = second.Expect("put sb-1 1 second 1");
        _ = living.Expect("put sb-1 1 living 1");
        second.End();
        living.End();
        await using StateStore copy = await Sample.OpenAsync(CopyLayout);
        Sample.AssertSays("old", copy, Workloads.One);
    }

    [Fact]
    public async Task A_sandbox_that_was_not_locked_before_is_locked_although_a_copy_was_made_of_the_open_store()
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        Link("cp");
        await Sample.PutAsync(store, Workloads.One, "works");
        await Sample.PutAsync(store, Workloads.Two, "works");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sandbox_whose_lock_file_a_copy_shares_is_refused_until_it_has_one_of_its_own(bool isOriginal)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Link("cp");
        string other = isOriginal ? Copy : Store;
        string before = Contents(other);
        await using StateStore store = await Sample.OpenAsync(isOriginal ? layout : CopyLayout);
        StorageException refused =
            await Assert.ThrowsAsync<StorageException>(() => Sample.PutAsync(store, Workloads.One, "new"));
        Assert.Contains("safestore repair", refused.Message);
        Sample.AssertSays("old", store, Workloads.One);

        Assert.Equal([Workloads.One, Workloads.Two], store.SeparateLockFiles());
        Assert.Empty(store.SeparateLockFiles());
        await Sample.PutAsync(store, Workloads.One, "new");
        Sample.AssertSays("new", store, Workloads.One);
        Assert.Equal(before, Contents(other));
    }

    /// <summary>All that may be written in place: the log, its watermark, shared words, lock words. What is refused is refused.</summary>
    private static async Task UseLinkedAsync(StoreLayout layout)
    {
        await using StateStore store = await Sample.OpenAsync(layout);
        _ = await Workloads.CreateAsync(store, Workloads.Three, "web");
        foreach (string sandbox in new[] { Workloads.One, Workloads.Two })
        {
            Exception? refused = await Record.ExceptionAsync(() => Sample.PutAsync(store, sandbox, "changed"));
            Assert.True(refused is null or SafeStoreException, refused?.ToString());
        }

        _ = await store.CheckpointAsync();
    }

    private void Link(string how)
    {
        if (how == "cp")
        {
            Tool.Run("cp", "-al", Store, Copy);
        }
        else
        {
            Tool.Run("rsync", "-a", $"--link-dest={Store}", Store + "/", Copy + "/");
        }
    }

    private static string Contents(string directory) => string.Join('\n', Directory.GetFiles(directory, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(path => $"{path[directory.Length..]} {Convert.ToHexString(SHA256.HashData(Files.Bytes(path)))}"));
}
