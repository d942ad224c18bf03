using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Other programs mount things in sandboxes: a transaction that meets a mount is refused before its append.</summary>
public sealed class MountRulesTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly TempDirectory _elsewhere = new();

    public MountRulesTests() => File.WriteAllText(Path.Combine(_elsewhere.Path, "theirs"), "1");

    public void Dispose()
    {
        Assert.True(File.Exists(Path.Combine(_elsewhere.Path, "theirs")));
        _elsewhere.Dispose();
        _test.Dispose();
    }

    [Theory]
    [InlineData("run/sb/mount")]
    [InlineData("config/sb/web/deep/mount")]
    [InlineData("run/sb/a file")]
    [InlineData("config/sb")]
    [InlineData("run/sb")]
    public async Task A_sandbox_with_a_mount_point_in_it_is_not_removed(string at)
    {
        await using StateStore store = await OpenAsync();
        using (Mount(at))
        {
            await RefusedAsync(store, static change => change.RemoveSandbox(), at is "run/sb" ? null : Errno.Busy, at);
        }

        await store.ChangeAsync("sb", static change => change.RemoveSandbox());
        Assert.Empty(store.ListSandboxes());
    }

    [Theory]
    [InlineData("config/sb/web/deep/mount")]
    [InlineData("run/sb/web")]
    public async Task A_container_with_a_mount_point_in_it_is_not_removed(string at)
    {
        await using StateStore store = await OpenAsync();
        using (Mount(at))
        {
            await RefusedAsync(store, static change => change.RemoveContainer("web"), Errno.Busy, at);
        }

        await store.ChangeAsync("sb", static change => change.RemoveContainer("web"));
        Assert.Empty(store.ListContainers("sb"));
    }

    [Theory]
    [InlineData("config/sb")]
    [InlineData("config/sb/web")]
    public async Task A_directory_on_another_mount_gets_no_documents(string at)
    {
        await using StateStore store = await OpenAsync();
        using (Mount(at))
        {
            await RefusedAsync(store, static change => change.PutText(StoreRoot.Config, "web", "a.json", "2").PutText(StoreRoot.Run, null,
                "a.json", "2"), Errno.CrossDevice, at);
        }

        Assert.Equal("1", store.ReadText("sb", StoreRoot.Run, null, "a.json"));
        Assert.Equal("1", store.ReadText("sb", StoreRoot.Config, "web", "a.json"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_document_over_which_another_program_has_mounted_something_is_neither_replaced_nor_deleted(bool deletes)
    {
        await using StateStore store = await OpenAsync();
        using (Mount("run/sb/a.json"))
        {
            await RefusedAsync(
                store,
                change => _ = deletes ? change.Remove(StoreRoot.Run, null, "a.json") : change.PutText(StoreRoot.Run, null, "a.json", "2"),
                Errno.Busy,
                "run/sb/a.json");
        }

        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "3"));
    }

    private async Task RefusedAsync(StateStore store, Action<SandboxChange> fill, Errno? errno, string at)
    {
        var log = new Dictionary<string, string>(TreeSnapshot.Of(Path.Combine(_test.Metadata, "log")));
        Exception failure = await Assert.ThrowsAnyAsync<SafeStoreException>(() => store.ChangeAsync("sb", fill));
        Assert.True(failure is StorageException || errno is null, failure.ToString());
        if (errno is { } expected)
        {
            Assert.Equal((expected, Path.Combine(_test.Directory, at)), (((StorageException)failure).Errno,
                ((StorageException)failure).Path));
        }

        Assert.Equal(log, new Dictionary<string, string>(TreeSnapshot.Of(Path.Combine(_test.Metadata, "log"))));
        Assert.False(store.IsFaulted);
    }

    private BindMount Mount(string at)
    {
        string target = Path.Combine(_test.Directory, at);
        if (Path.GetFileName(at) is "a file" or "a.json")
        {
            using (File.Open(target, FileMode.OpenOrCreate))
            {
            }

            return new BindMount(Path.Combine(_elsewhere.Path, "theirs"), target);
        }

        Directory.CreateDirectory(target);
        return new BindMount(_elsewhere.Path, target);
    }

    private async Task<StateStore> OpenAsync()
    {
        StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change => change.CreateContainer("web").PutText(StoreRoot.Run, null, "a.json",
            "1").PutText(StoreRoot.Config, "web", "a.json", "1"));
        Directory.CreateDirectory(_test.PathOf(StoreRoot.Config, "sb/web/deep"));
        return store;
    }
}
