using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

public sealed class CheckpointTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("web")]
    public async Task A_document_whose_sync_failed_is_written_anew_from_the_log(string? container)
    {
        await using StateStore store = await OpenAsync();
        await store.ChangeAsync(
            "sb", change => change.PutText(StoreRoot.Run, container, "a", "2").PutText(StoreRoot.Run, null, "other", "3"));
        string path = _test.PathOf(StoreRoot.Run, container is null ? "sb/a" : "sb/web/a");
        bool hasFailed = false;
        var renamed = new List<string>();
        _scripted.Before = call =>
        {
            bool fails = !hasFailed && call.Verb == nameof(IDurableFileSystem.SyncFile) && call.Path == path;
            hasFailed |= fails;
            if (fails)
            {
                File.WriteAllText(path, "lost"); // the kernel has dropped its pages
            }

            if (call.Verb == nameof(IDurableFileSystem.Rename) && call.Path.StartsWith(_test.Layout.Run + "/sb", StringComparison.Ordinal))
            {
                renamed.Add(call.Path);
            }

            return fails ? Errno.InputOutput : Errno.None;
        };
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.True(hasFailed);
        Assert.Equal([path], renamed);
        Assert.Equal("2", store.ReadText("sb", StoreRoot.Run, container, "a"));
        Assert.False(store.IsFaulted);
    }

    [Fact]
    public async Task A_checkpoint_reads_a_segment_to_which_another_process_has_appended_too()
    {
        await using StateStore store = await OpenAsync();
        await using StateStore other = await _test.OpenAsync();
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        await other.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "b", "2"));
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "c", "3"));
        var synced = new List<string>();
        _scripted.Before = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.SyncFile)
                && call.Path.StartsWith(_test.Layout.Run + "/sb/", StringComparison.Ordinal))
            {
                lock (synced)
                {
                    synced.Add(Path.GetFileName(call.Path));
                }
            }

            return Errno.None;
        };
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["a", "b", "c", "lock"], synced.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("run/sb/a", true)] // ... and cannot be written anew
    [InlineData("run/sb/lock", false)]
    [InlineData("config/sb/web", false)]
    [InlineData("run/sb", false)]
    [InlineData("run", false)]
    [InlineData("config/.safestore/scratch", false)] // what has left it may be found in it again
    [InlineData("run/.safestore/scratch", false)]
    [InlineData("config/.safestore/new", false)]
    [InlineData("run/.safestore/new", false)]
    [InlineData("config/.safestore/log", false)]
    public async Task A_sync_that_failed_and_cannot_be_made_good_faults_the_store_and_loses_nothing(string relative, bool renameFails)
    {
        await using (StateStore store = await OpenAsync())
        {
            string path = Path.Combine(_test.Directory, relative);
            bool hasRetired = false;
            _scripted.Before = call =>
            {
                hasRetired |= call is { IsOnLog: true, Verb: FileSystemCall.RenameNoReplace };
                bool isDue = !relative.EndsWith("/log", StringComparison.Ordinal) || hasRetired; // not when the new segment gets its name
                bool fails =
                    (isDue && call.Path == path
                    && call.Verb is nameof(IDurableFileSystem.SyncFile) or nameof(IDurableFileSystem.SyncDirectory))
                    || (renameFails && call.Verb == nameof(IDurableFileSystem.Rename) && call.Path == path);
                return fails ? Errno.InputOutput : Errno.None;
            };
            await Assert.ThrowsAsync<StoreFaultedException>(async () => await store.CheckpointAsync(TestContext.Current.CancellationToken));
            Assert.True(store.IsFaulted);
            _scripted.Before = null;
        }

        await using StateStore again = await _test.OpenAsync();
        Assert.Equal("1", again.ReadText("sb", StoreRoot.Run, null, "a"));
        Assert.Equal("1", again.ReadText("sb", StoreRoot.Run, "web", "a"));
    }

    [Fact]
    public async Task A_checkpoint_that_is_cancelled_when_a_sync_has_failed_makes_that_good_first()
    {
        await using StateStore store = await OpenAsync();
        string path = Path.Combine(_test.Directory, "run/sb/a");
        using var cancellation = new CancellationTokenSource();
        bool isWrittenAnew = false;
        _scripted.Before = call =>
        {
            isWrittenAnew |= call.Verb == nameof(IDurableFileSystem.Rename) && call.Path == path;
            if (call.Verb != nameof(IDurableFileSystem.SyncFile) || call.Path != path)
            {
                return Errno.None;
            }

            cancellation.Cancel();
            return Errno.InputOutput; // which the kernel tells once
        };
        _ = await Record.ExceptionAsync(async () => await store.CheckpointAsync(cancellation.Token));
        _scripted.Before = null;
        Assert.True(isWrittenAnew || store.IsFaulted);
    }

    [Fact]
    public async Task A_document_whose_write_back_could_not_be_started_is_written_anew_whatever_its_sync_says()
    {
        await using StateStore store = await OpenAsync();
        string path = Path.Combine(_test.Directory, "run/sb/a");
        bool isWrittenAnew = false;
        _scripted.Before = call =>
        {
            isWrittenAnew |= call.Verb == nameof(IDurableFileSystem.Rename) && call.Path == path;
            // which the kernel may tell here only
            return call.Verb == nameof(IDurableFileSystem.StartWriteBack) && call.Path == path ? Errno.InputOutput : Errno.None;
        };
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        _scripted.Before = null;
        Assert.True(isWrittenAnew);
        Assert.False(store.IsFaulted);
    }

    [Fact]
    public async Task A_checkpoint_starts_the_write_back_of_many_files_before_it_syncs_the_first_and_syncs_each_directory_after_its_files()
    {
        await using StateStore store = await OpenAsync();
        await store.CreateAsync("sc", static change => change.PutText(StoreRoot.Config, null, "a", "1"));
        var calls = new List<FileSystemCall>();
        string[] files = ["run/sb/a", "run/sb/web/a", "run/sb/lock", "config/sc/a", "run/sc/lock"];
        _scripted.Before = call =>
        {
            calls.Add(call with { Path = Path.GetRelativePath(_test.Directory, call.Path) });
            return Errno.None;
        };
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        int first = calls.FindIndex(call => call.Verb == nameof(IDurableFileSystem.SyncFile) && files.Contains(call.Path));
        Assert.All(files, file =>
        {
            int started = calls.IndexOf(new FileSystemCall(nameof(IDurableFileSystem.StartWriteBack), file));
            int synced = calls.IndexOf(new FileSystemCall(nameof(IDurableFileSystem.SyncFile), file));
            int directory = calls.IndexOf(new FileSystemCall(nameof(IDurableFileSystem.SyncDirectory), Path.GetDirectoryName(file)!));
            Assert.True(started >= 0 && started < first && synced < directory, $"{file}: {started} {first} {synced} {directory}");
        });
        Assert.False(store.IsFaulted);
    }

    [Fact]
    public async Task A_log_over_its_limit_is_checkpointed_without_being_asked_and_one_below_it_is_not()
    {
        foreach (long limit in new[] { 0L, 1024 * 1024 })
        {
            using var test = new TestStore();
            test.Options = test.Options with { SegmentBytes = 16 * 1024, LogBytesMax = limit };
            var scripted = new ScriptedFileSystem();
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using StateStore store = await test.OpenAsync(scripted);
            await store.CreateAsync("sb");
            bool isWritten = false;
            scripted.Before = call =>
            {
                isWritten |= call.Verb == nameof(IDurableFileSystem.Write) && call.Path.Contains("/watermark.", StringComparison.Ordinal);
                if (isWritten
                    && call is { IsOnLog: true, Verb: FileSystemCall.RenameNoReplace or nameof(IDurableFileSystem.Unlink) })
                {
                    done.TrySetResult();
                }

                return Errno.None;
            };
            for (int i = 0; i < 12; i++)
            {
                await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
            }

            if (limit == 0)
            {
                await done.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            }

            Assert.Equal(limit == 0, isWritten);
        }
    }

    [Fact]
    public async Task A_log_that_is_too_long_loses_all_its_sealed_segments_and_each_document_is_synced_once()
    {
        _test.Options = _test.Options with { SegmentBytes = 16 * 1024, LogBytesMax = 64 * 1024 };
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var synced = new ConcurrentQueue<string>();
        bool isWritten = false;
        await using StateStore store = await _test.OpenAsync(_scripted);
        _scripted.Before = call =>
        {
            if (call.Verb is nameof(IDurableFileSystem.SyncFile) or nameof(IDurableFileSystem.SyncDirectory))
            {
                synced.Enqueue(Path.GetRelativePath(_test.Directory, call.Path));
            }

            isWritten |= call.Verb == nameof(IDurableFileSystem.Write) && call.Path.Contains("/watermark.", StringComparison.Ordinal);
            if (isWritten && call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.SyncDirectory) })
            {
                done.TrySetResult(); // the released segments have lost their names
            }

            return Errno.None;
        };
        await store.CreateAsync("cold", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        await store.CreateAsync(
            "half", static change => change.PutText(StoreRoot.Run, null, "a", "1").PutText(StoreRoot.Config, null, "b", "1"));
        await store.CreateAsync("hot", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        for (int i = 0; i < 12; i++)
        {
            await store.ChangeAsync(i == 8 ? "half" : "hot", static change => change.PutText(StoreRoot.Run, null, "a", "2"));
        }

        await done.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Single(Directory.GetFiles(Path.Combine(_test.Directory, "config/.safestore/log"), "0*.log"));
        Assert.Equal(
            ["config/half/b", "run/cold/a", "run/cold/lock", "run/half/a", "run/half/lock", "run/hot/a", "run/hot/lock"],
            synced.Where(static path => path.Split('/') is [_, "cold" or "half" or "hot", _]).Order(StringComparer.Ordinal));
        string[] made = ["config/cold", "config/half", "config/hot", "run/cold", "run/half", "run/hot", "config/.safestore/scratch",
            "config/.safestore/new", "run/.safestore/scratch", "run/.safestore/new"];
        Assert.Subset(synced.ToHashSet(), made.ToHashSet());
    }

    private async Task<StateStore> OpenAsync()
    {
        StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync(
            "sb", static change =>
            change.CreateContainer("web").PutText(StoreRoot.Run, null, "a", "1").PutText(StoreRoot.Run, "web", "a", "1"));
        return store;
    }
}
