using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>
/// What docs/commit-protocol.md lists under "Mended since the first version": one test each that fails without the mending.
/// </summary>
public sealed class ProtocolHoleTests : IDisposable
{
    private readonly TestStore _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task A_truncated_lock_file_is_resolved_from_the_log()
    {
        var faulty = new ScriptedFileSystem();
        await using StateStore other = await _disk.OpenAsync();
        await using StateStore store = await _disk.OpenAsync(faulty);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));

        faulty.Before = static call => call.Verb == FileSystemCall.Exchange ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<CommitNotPublishedException>(
            () => store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2")));
        File.WriteAllBytes(_disk.PathOf(StoreRoot.Run, "sb/lock"), []); // what `exec 9>lock` does

        await (await other.LockAsync("sb")).DisposeAsync();
        Assert.Equal("2", other.ReadText("sb", StoreRoot.Run, null, "a.json"));
    }

    [Fact]
    public async Task The_version_of_a_sandbox_does_not_go_back_when_its_run_root_is_lost()
    {
        using var disk = new TestStore(runParent: TempDirectory.SharedMemory);
        Lsn before;
        await using (StateStore store = await disk.OpenAsync())
        {
            await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a.json", "1"));
            before = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "b.json", "2"));
        }

        Directory.Delete(disk.Layout.Run, recursive: true);
        await using StateStore reopened = await disk.OpenAsync();
        await using SandboxLock held = await reopened.LockAsync("sb");
        Assert.True(held.Version > before);
        Assert.Equal("1", reopened.ReadText("sb", StoreRoot.Config, null, "a.json"));
        Assert.Null(reopened.ReadText("sb", StoreRoot.Run, null, "b.json"));
        Assert.True(await held.Change().PutText(StoreRoot.Run, null, "b.json", "3")
            .CommitAsync(TestContext.Current.CancellationToken) > held.Version.Previous);
    }

    [Fact]
    public async Task A_short_log_write_does_not_come_back_after_a_reopen()
    {
        var faulty = new ScriptedFileSystem();
        StateStore store = await _disk.OpenAsync(faulty);
        foreach (string sandbox in new[] { "a", "b", "c" })
        {
            await store.CreateAsync(sandbox);
        }

        SandboxLock first = await store.LockAsync("a");
        SandboxLock second = await store.LockApartAsync("b");
        SandboxLock third = await store.LockApartAsync("c");
        List<Task<Lsn>> followers = [];
        int appends = 0;
        faulty.Before = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.SyncData) && followers.Count == 0)
            {
                // While the first transaction is synced, two more queue up; of their batch only the first block is written, with the
                // whole record of the second transaction in it.
                followers.Add(second.Change().PutText(StoreRoot.Run, null, "a.json", "1").CommitAsync().AsTask());
                followers.Add(third.Change().PutText(StoreRoot.Run, null, "a.json", $"\"{new string('x', 6000)}\"").CommitAsync().AsTask());
                faulty.LargestWrite = 4096;
            }

            return call.IsAppend && ++appends == 3 ? Errno.NoSpace : Errno.None;
        };
        await first.Change().PutText(StoreRoot.Run, null, "a.json", "1").CommitAsync();
        foreach (Task<Lsn> follower in followers)
        {
            Assert.Equal(Errno.NoSpace, (await Assert.ThrowsAsync<StorageException>(() => follower)).Errno);
        }

        StoreLayout copy = _disk.CopyAsAfterAKill();
        faulty.Before = null;
        await store.DisposeAsync();
        await using StateStore recovered = await StateStore.OpenAsync(copy, _disk.Options);
        Assert.Equal("1", recovered.ReadText("a", StoreRoot.Run, null, "a.json"));
        Assert.Null(recovered.ReadText("b", StoreRoot.Run, null, "a.json"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_creation_that_died_before_it_appeared_is_finished_by_the_next_locker(bool byCreating)
    {
        var faulty = new ScriptedFileSystem();
        await using StateStore other = await _disk.OpenAsync();
        await using StateStore store = await _disk.OpenAsync(faulty);
        faulty.Before = static call => call.Verb == FileSystemCall.RenameNoReplace ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<CommitNotPublishedException>(() => store.CreateAsync("sb", static change => change
            .CreateContainer("web").PutText(StoreRoot.Config, "web", "a.json", "1").PutText(StoreRoot.Run, null, "b.json", "2")));
        Assert.Empty(other.ListSandboxes());

        if (byCreating)
        {
            await Assert.ThrowsAsync<AlreadyExistsException>(() => other.CreateAsync("sb"));
        }
        else
        {
            await (await other.LockAsync("sb")).DisposeAsync();
        }

        Assert.Equal("1", other.ReadText("sb", StoreRoot.Config, "web", "a.json"));
        Assert.Equal("2", other.ReadText("sb", StoreRoot.Run, null, "b.json"));
    }

    [Theory]
    [InlineData("run")]
    [InlineData("config")]
    public async Task What_a_failed_creation_could_not_take_back_is_in_no_other_creation_s_way(string root)
    {
        var faulty = new ScriptedFileSystem();
        await using StateStore other = await _disk.OpenAsync();
        await using StateStore store = await _disk.OpenAsync(faulty);
        string takingBack = root == "run" ? FileSystemCall.RenameNoReplace : nameof(IDurableFileSystem.RemoveDirectory);
        faulty.Before = call => (call.Verb == nameof(IDurableFileSystem.CreateFile) && call.Path.EndsWith("/old.json",
            StringComparison.Ordinal) && call.Path.Contains("/config/.safestore/scratch/", StringComparison.Ordinal))
            || (call.Verb == takingBack && call.Path.Contains($"/{root}/.safestore/scratch/", StringComparison.Ordinal))
                ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<StorageException>(
            () => store.CreateAsync(
            "sb", static change => change.PutText(StoreRoot.Config, null, "old.json", "1").PutText(StoreRoot.Run, null, "old.json", "1")));
        Assert.Single(Staged(root));
        Assert.Empty(Staged(root == "run" ? "config" : "run"));

        await other.CreateAsync(
            "sb", static change => change.PutText(StoreRoot.Config, null, "a.json", "2").PutText(StoreRoot.Run, null, "b.json", "2"));

        Assert.Equal(["config:sb/a.json", "run:sb/b.json"], other.ReadEverything().Keys);
        faulty.Before = null;
        await store.DisposeAsync();
        await using StateStore next = await _disk.OpenAsync();
        Assert.Empty(Staged("run"));
        Assert.Empty(Staged("config"));
    }

    [Fact]
    public async Task A_creation_with_nothing_in_its_way_lists_no_directory_and_leaves_alone_what_others_build()
    {
        var hooked = new ScriptedFileSystem();
        await using StateStore store = await _disk.OpenAsync(hooked);
        string anothers = Path.Combine(_disk.Layout.RunMetadata, "new", "sb-1");
        Directory.CreateDirectory(anothers);
        hooked.Before = static call => call.Verb == nameof(IDurableFileSystem.List) ? Errno.InputOutput : Errno.None;

        await store.CreateAsync("sb", static change => change.CreateContainer("web").PutText(StoreRoot.Config, "web", "a.json", "1"));

        hooked.Before = null;
        Assert.Equal("1", store.ReadText("sb", StoreRoot.Config, "web", "a.json"));
        Assert.True(Directory.Exists(anothers));
    }

    [Fact]
    public async Task Recovery_that_died_between_segment_and_watermark_does_not_need_the_old_tail()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        StoreLayout copy = _disk.CopyAsAfterAKill();
        string segment = Directory.GetFiles(Path.Combine(copy.ConfigMetadata, "log"), "0*.log").Single();

        int writes = 0; // the first one makes durable what was read
        var faulty = new ScriptedFileSystem
        {
            Before = call => call.Path.Contains("config/.safestore/watermark.", StringComparison.Ordinal)
                && call.Verb == nameof(IDurableFileSystem.Write) && ++writes == 2 ? Errno.InputOutput : Errno.None
        };
        await Assert.ThrowsAsync<StorageException>(
            async () => await StateStore.OpenAsync(copy, _disk.Options with { FileSystem = faulty }));
        Overwrite(segment, 4096, new byte[4096]); // the record was never on the disk: a power loss takes it

        await using StateStore recovered = await StateStore.OpenAsync(copy, _disk.Options);
        Assert.Equal("1", recovered.ReadText("sb", StoreRoot.Run, null, "a.json"));
        await recovered.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
    }

    [Fact]
    public async Task A_sandbox_that_another_program_made_again_survives_recovery()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "old.json", "1"));
        await store.ChangeAsync("sb", static change => change.RemoveSandbox());
        Directory.CreateDirectory(_disk.PathOf(StoreRoot.Run, "sb"));
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "new.json", "2"));

        await using StateStore recovered = await StateStore.OpenAsync(_disk.CopyAsAfterAKill(), _disk.Options);
        Assert.Equal("2", recovered.ReadText("sb", StoreRoot.Run, null, "new.json"));
        Assert.Null(recovered.ReadText("sb", StoreRoot.Run, null, "old.json"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_document_s_name_may_become_a_container_s_before_a_crash(bool oldFileIsStillThere)
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "x", "1"));
        await store.ChangeAsync("sb", static change => change.Remove(StoreRoot.Run, null, "x"));
        await store.ChangeAsync("sb", static change => change.CreateContainer("x").PutText(StoreRoot.Run, "x", "a.json", "2"));
        StoreLayout copy = _disk.CopyAsAfterAKill();
        if (oldFileIsStillThere)
        {
            Directory.Delete(Path.Combine(copy.Run, "sb", "x"), recursive: true); // neither the deletion nor the creation was on the disk
            await File.WriteAllTextAsync(Path.Combine(copy.Run, "sb", "x"), "1", TestContext.Current.CancellationToken);
        }

        await using StateStore recovered = await StateStore.OpenAsync(copy, _disk.Options);
        Assert.Equal(["x"], recovered.ListContainers("sb"));
        Assert.Equal("2", recovered.ReadText("sb", StoreRoot.Run, "x", "a.json"));
    }

    [Fact]
    public async Task One_odd_sandbox_does_not_keep_the_store_closed()
    {
        await using (StateStore store = await _disk.OpenAsync())
        {
            await store.CreateAsync("good", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        }

        Directory.CreateDirectory(_disk.PathOf(StoreRoot.Run, "odd"));
        File.CreateSymbolicLink(_disk.PathOf(StoreRoot.Run, "odd/lock"), "/etc/passwd");
        await using StateStore reopened = await _disk.OpenAsync();
        Assert.Equal("1", reopened.ReadText("good", StoreRoot.Run, null, "a.json"));
        StorageException refused = await Assert.ThrowsAsync<StorageException>(async () => await reopened.LockAsync("odd"));
        Assert.Equal(Errno.SymbolicLink, refused.Errno);
    }

    [Fact]
    public async Task A_batch_over_two_segments_is_not_acknowledged_when_the_sync_between_them_fails()
    {
        _disk.Options = _disk.Options with { SegmentBytes = 16 * 1024 };
        var faulty = new ScriptedFileSystem();
        await using StateStore store = await _disk.OpenAsync(faulty);
        foreach (string sandbox in new[] { "a", "b", "c" })
        {
            await store.CreateAsync(sandbox);
        }

        await store.CheckpointAsync(TestContext.Current.CancellationToken); // the next segment is empty: three blocks
        await using SandboxLock first = await store.LockAsync("a");
        await using SandboxLock second = await store.LockApartAsync("b");
        await using SandboxLock third = await store.LockApartAsync("c");
        List<Task<Lsn>> followers = [];
        int syncs = 0;
        faulty.Before = call =>
        {
            if (call.Verb != nameof(IDurableFileSystem.SyncData))
            {
                return Errno.None;
            }

            if (++syncs > 1)
            {
                return Errno.InputOutput;
            }

            // While the first transaction is synced, two more queue up: one fits into the segment, the other does not.
            followers.Add(second.Change().PutText(StoreRoot.Run, null, "a.json", "1").CommitAsync().AsTask());
            followers.Add(third.Change().PutText(StoreRoot.Run, null, "a.json", $"\"{new string('x', 6000)}\"").CommitAsync().AsTask());
            return Errno.None;
        };
        await first.Change().PutText(StoreRoot.Run, null, "a.json", "1").CommitAsync(TestContext.Current.CancellationToken);
        foreach (Task<Lsn> follower in followers)
        {
            await Assert.ThrowsAsync<StoreFaultedException>(() => follower);
        }

        Assert.Null(store.ReadText("b", StoreRoot.Run, null, "a.json"));
    }

    [Fact]
    public async Task A_container_and_a_document_of_one_name_in_one_transaction_are_refused()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb");
        SortedDictionary<string, string> before = TreeSnapshot.OfStore(_disk.Layout);
        await Assert.ThrowsAsync<AlreadyExistsException>(
            () => store.ChangeAsync("sb", static change => change.CreateContainer("c").PutText(StoreRoot.Run, null, "c", "1")));
        Assert.Equal(before, TreeSnapshot.OfStore(_disk.Layout));
    }

    [Fact]
    public async Task A_lost_acknowledged_record_is_reported_and_nothing_is_changed()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
        StoreLayout copy = _disk.CopyAsAfterAKill();
        string segment = Directory.GetFiles(Path.Combine(copy.ConfigMetadata, "log"), "0*.log").Single();
        Overwrite(segment, 4096 + 100, [0xFF]);
        SortedDictionary<string, string> before = TreeSnapshot.OfStore(copy);

        LogCorruptException refused =
            await Assert.ThrowsAsync<LogCorruptException>(async () => await StateStore.OpenAsync(copy, _disk.Options));
        Assert.Equal((segment, 4096L, new Lsn(1)), (refused.Path, refused.Position, refused.ExpectedLsn));
        Assert.Equal(before, TreeSnapshot.OfStore(copy));
    }

    [Fact]
    public async Task A_roll_forward_syncs_the_log_before_anything_can_be_seen()
    {
        var faulty = new ScriptedFileSystem();
        var calls = new List<FileSystemCall>();
        var watched = new ScriptedFileSystem();
        await using StateStore other = await _disk.OpenAsync(watched);
        await using StateStore store = await _disk.OpenAsync(faulty);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        faulty.Before = static call =>
            call.Verb == FileSystemCall.Exchange
            || (call.Verb == nameof(IDurableFileSystem.Write) && call.Path.EndsWith("/words", StringComparison.Ordinal))
            ? Errno.InputOutput // and it cannot say what it has synced
            : Errno.None;
        await Assert.ThrowsAsync<CommitNotPublishedException>(
            () => store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2")));

        watched.Before = call =>
        {
            calls.Add(call);
            return Errno.None;
        };
        await (await other.LockAsync("sb")).DisposeAsync(); // as after a death: it cannot know whether the record was synced
        int synced = calls.FindIndex(static call => call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.SyncData) });
        int seen = calls.FindIndex(static call => call.Verb is FileSystemCall.Exchange or nameof(IDurableFileSystem.Rename));
        Assert.True(synced >= 0 && synced < seen, $"synced at call {synced}, seen at call {seen}");
    }

    [Fact]
    public async Task Recovery_syncs_each_document_before_it_gets_its_name_and_the_names_before_the_watermark()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb", static change => change.CreateContainer("web")
            .PutText(StoreRoot.Config, null, "a.json", "1").PutText(StoreRoot.Run, "web", "b.json", "2"));
        StoreLayout copy = _disk.CopyAsAfterAKill();
        var calls = new List<FileSystemCall>();
        var watched = new ScriptedFileSystem();
        watched.Before = call =>
        {
            calls.Add(call);
            return Errno.None;
        };
        await using StateStore recovered = await StateStore.OpenAsync(copy, _disk.Options with { FileSystem = watched });

        int watermark =
            calls.FindIndex(
            static call => call.Verb == nameof(IDurableFileSystem.Write) && call.Path.Contains("/watermark.", StringComparison.Ordinal));
        foreach ((string directory, string file, string metadata) in new[]
        {
            (Path.Combine(copy.Config, "sb"), "a.json", copy.ConfigMetadata), (Path.Combine(copy.Run, "sb", "web"), "b.json",
                copy.RunMetadata),
        })
        {
            int named = calls.FindIndex(
                call => call.Verb == nameof(IDurableFileSystem.Rename) && call.Path == Path.Combine(directory, file));
            int synced = calls.FindLastIndex(named, call => call.Verb == nameof(IDurableFileSystem.SyncFile)
                && call.Path.StartsWith(metadata + "/scratch/", StringComparison.Ordinal));
            int directorySynced =
                calls.FindIndex(named, call => call.Verb == nameof(IDurableFileSystem.SyncDirectory) && call.Path == directory);
            Assert.True(synced >= 0 && synced < named && named < directorySynced
                && directorySynced < watermark, $"{file}: {synced}, {named}, {directorySynced}, {watermark}");
        }
    }

    /// <summary>What is staged, or could not be taken back, below a root.</summary>
    private List<string> Staged(string root)
    {
        string metadata = Path.Combine(_disk.Directory, root, ".safestore");
        return [.. Directory.GetFileSystemEntries(Path.Combine(metadata, "new")), .. Directory.GetDirectories(Path.Combine(metadata,
            "scratch")).SelectMany(Directory.GetFileSystemEntries)];
    }

    private static void Overwrite(string path, long offset, byte[] bytes)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write);
        stream.Position = offset;
        stream.Write(bytes);
    }
}
