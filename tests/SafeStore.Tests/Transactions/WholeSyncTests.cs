using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Checkpoints by one sync of the filesystem instead of one of each file.</summary>
public sealed class WholeSyncTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();
    private readonly List<FileSystemCall> _calls = [];

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_checkpoint_that_can_sync_the_whole_filesystem_does_it_once_before_the_watermark_and_syncs_only_the_roots_besides()
    {
        _scripted.CanSyncAll = static _ => true;
        await CheckpointAsync();
        Assert.Equal(
            ["SyncAll", "Write run/.safestore/watermark.1", "Write config/.safestore/watermark.0"],
            Noted(static call => call.Path.Contains("/watermark.", StringComparison.Ordinal)
            && call.Verb == nameof(IDurableFileSystem.Write)));
        Assert.Equal(["config", "run"], SyncedByThemselves());
    }

    [Fact]
    public async Task Where_the_whole_filesystem_cannot_be_synced_each_file_is()
    {
        _scripted.CanSyncAll = static _ => false;
        await CheckpointAsync();
        Assert.Equal(
            ["config", "config/sb", "config/sb/c", "run", "run/sb", "run/sb/a", "run/sb/lock", "run/sb/web", "run/sb/web/a"],
            SyncedByThemselves());
    }

    [Fact]
    public async Task A_failed_sync_of_the_whole_filesystem_proves_nothing_so_each_file_is_synced_and_one_that_fails_too_is_written_anew()
    {
        _scripted.CanSyncAll = static _ => true;
        string path = _test.PathOf(StoreRoot.Run, "sb/a");
        bool isWrittenAnew = false;
        var messages = new Messages();
        _test.Options = _test.Options with { Logger = messages };
        await CheckpointAsync(call =>
        {
            isWrittenAnew |= call.Verb == nameof(IDurableFileSystem.Rename) && call.Path == path;
            return call.Verb == nameof(IDurableFileSystem.SyncAll)
                || (call.Verb == nameof(IDurableFileSystem.SyncFile) && call.Path == path) ? Errno.InputOutput : Errno.None;
        });
        Assert.True(isWrittenAnew);
        Assert.Contains("errno 5", Assert.Single(messages.OfEvent(9)), StringComparison.Ordinal);
        Assert.Equal(
            ["config", "config/sb", "config/sb/c", "run", "run/sb", "run/sb/a", "run/sb/lock", "run/sb/web", "run/sb/web/a"],
            SyncedByThemselves().Distinct().Where(static path => !path.EndsWith(".tmp", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("run/sb/web")]
    [InlineData("config/sb")]
    [InlineData("run/sb")]
    public async Task Where_something_is_mounted_below_a_root_each_file_is_synced(string mountPoint)
    {
        _scripted.CanSyncAll = static _ => true;
        _ = _scripted.MountPoints.Add(Path.Combine(_test.Directory, mountPoint));
        await CheckpointAsync();
        Assert.DoesNotContain(_calls, static call => call.Verb == nameof(IDurableFileSystem.SyncAll));
        Assert.Contains("run/sb/web/a", SyncedByThemselves());
    }

    [Fact]
    public async Task Roots_on_two_filesystems_are_both_synced()
    {
        _scripted.CanSyncAll = static _ => true;
        string root = Path.Combine(_test.Directory, "config");
        _scripted.MountPoints.UnionWith([root, root + "/.safestore", root + "/sb"]);
        await CheckpointAsync();
        Assert.Equal(
            ["config", "run"],
            _calls.Where(static call => call.Verb == nameof(IDurableFileSystem.SyncAll))
            .Select(call => Path.GetRelativePath(_test.Directory, call.Path)).Order());
        Assert.Equal(["config", "run"], SyncedByThemselves());
    }

    [Fact]
    public async Task A_filesystem_that_has_stopped_is_noticed_by_the_sync_of_its_root_though_the_sync_of_the_whole_succeeds()
    {
        _scripted.CanSyncAll = static _ => true;
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "c", "0"));
        string root = Path.Combine(_test.Directory, "run");
        bool isSynced = false;
        _scripted.Before = call =>
        {
            isSynced |= call.Verb == nameof(IDurableFileSystem.SyncAll);
            return call.Verb == nameof(IDurableFileSystem.SyncDirectory) && call.Path == root ? Errno.ReadOnly : Errno.None;
        };
        await Assert.ThrowsAsync<StoreFaultedException>(async () => await store.CheckpointAsync(TestContext.Current.CancellationToken));
        Assert.True(isSynced && store.IsFaulted);
        _scripted.Before = null;
    }

    [Fact]
    public async Task A_filesystem_that_has_met_an_error_while_it_was_synced_faults_the_store_since_no_sync_of_a_file_tells()
    {
        _scripted.CanSyncAll = static _ => true;
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "c", "0"));
        _scripted.Before = static call => call.Verb == nameof(IDurableFileSystem.SyncAll) ? Errno.Damaged : Errno.None;
        StoreFaultedException failure =
            await Assert.ThrowsAsync<StoreFaultedException>(async () => await store.CheckpointAsync(TestContext.Current.CancellationToken));
        Assert.Contains("117", failure.Message, StringComparison.Ordinal);
        Assert.True(store.IsFaulted);
        _scripted.Before = null;
    }

    [Fact]
    public async Task Syncs_that_a_root_in_memory_does_not_need_are_no_reason_to_write_what_others_have_left_to_be_written()
    {
        var allowed = new List<long>();
        _scripted.VolatilePaths.Add(Path.Combine(_test.Directory, "run"));
        _scripted.CanSyncAll = unwrittenMax =>
        {
            allowed.Add(unwrittenMax);
            return false;
        };
        await CheckpointAsync();
        Assert.Equal([3 * 64 * 1024, 2 * 64 * 1024], allowed); // a document and two directories; a document and one
    }

    [Fact]
    public async Task A_checkpoint_that_is_cancelled_when_the_sync_of_the_whole_has_failed_is_followed_by_one_that_does_not_rely_on_it()
    {
        _scripted.CanSyncAll = static _ => true;
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "c", "0"));
        using var cancellation = new CancellationTokenSource();
        _scripted.Before = call =>
        {
            _calls.Add(call);
            if (call.Verb == nameof(IDurableFileSystem.SyncAll))
            {
                cancellation.Cancel();
            }

            return call.Verb == nameof(IDurableFileSystem.SyncAll) ? Errno.InputOutput : Errno.None; // which the kernel tells once
        };
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.CheckpointAsync(cancellation.Token));
        Assert.DoesNotContain("config/sb/c", SyncedByThemselves());
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        _scripted.Before = null;
        Assert.Single(_calls, static call => call.Verb == nameof(IDurableFileSystem.SyncAll));
        Assert.Contains("config/sb/c", SyncedByThemselves());
    }

    [Fact]
    public async Task The_more_files_a_checkpoint_has_the_more_of_others_may_wait_to_be_written()
    {
        var allowed = new List<long>();
        _scripted.CanSyncAll = unwrittenMax =>
        {
            allowed.Add(unwrittenMax);
            return false;
        };
        await CheckpointAsync();
        // the creation: a document, the lock file, four directories; the update: three, it, and three
        Assert.Equal([6 * 64 * 1024, 7 * 64 * 1024], allowed);
    }

    /// <summary>Checkpoints a sandbox that was updated in both roots, and in a container.</summary>
    private async Task CheckpointAsync(Func<FileSystemCall, Errno>? fault = null)
    {
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb", static change => change.CreateContainer("web").PutText(StoreRoot.Config, null, "c", "0"));
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        await store.ChangeAsync(
            "sb", static change =>
            change.PutText(StoreRoot.Run, null, "a", "1").PutText(StoreRoot.Run, "web", "a", "1")
            .PutText(StoreRoot.Config, null, "c", "1"));
        _scripted.Before = call =>
        {
            _calls.Add(call);
            return fault?.Invoke(call) ?? Errno.None;
        };
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        _scripted.Before = null;
        _scripted.CanSyncAll = null;
        Assert.False(store.IsFaulted);
        Assert.Equal("1", store.ReadText("sb", StoreRoot.Run, null, "a"));
    }

    private IEnumerable<string> Noted(Func<FileSystemCall, bool> also) =>
        _calls.Where(call => call.Verb == nameof(IDurableFileSystem.SyncAll) || also(call))
            .Select(call => call.Verb == nameof(IDurableFileSystem.SyncAll) ? call.Verb
            : $"{call.Verb} {Path.GetRelativePath(_test.Directory, call.Path)}");

    private IEnumerable<string> SyncedByThemselves() => _calls
        .Where(static call => call.Verb is nameof(IDurableFileSystem.SyncFile) or nameof(IDurableFileSystem.SyncDirectory)
            && !call.Path.Contains("/.safestore", StringComparison.Ordinal))
        .Select(call => Path.GetRelativePath(_test.Directory, call.Path)).Order(StringComparer.Ordinal);
}
