using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Defects that the second review of the engine found; each of these failed before it was mended.</summary>
public sealed class SecondReviewTests : IDisposable
{
    private readonly TestStore _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task A_lock_whose_creation_was_not_published_is_spent_and_the_next_finds_the_sandbox_existing()
    {
        var faulty = new ScriptedFileSystem();
        await using StateStore store = await _disk.OpenAsync(faulty);
        SandboxLock held = await store.LockNewAsync("sb");
        faulty.Before = static call => call.Verb == FileSystemCall.RenameNoReplace ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<CommitNotPublishedException>(
            () => held.Change().PutText(StoreRoot.Run, null, "a.json", "1").CommitAsync().AsTask());
        faulty.Before = null;
        await Assert.ThrowsAsync<InvalidOperationException>(() => held.Change().PutText(StoreRoot.Run, null, "a.json",
            "2").CommitAsync().AsTask());
        await held.DisposeAsync();
        await Assert.ThrowsAsync<AlreadyExistsException>(() => store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run,
            null, "a.json", "3")));
        Assert.Equal("1", store.ReadText("sb", StoreRoot.Run, null, "a.json"));
    }

    [Fact]
    public async Task A_removed_sandbox_that_another_program_made_again_survives_recovery_once_it_was_locked()
    {
        StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a.json", "1"));
        await store.ChangeAsync("sb", static change => change.RemoveSandbox());
        Directory.CreateDirectory(_disk.PathOf(StoreRoot.Run, "sb"));
        Directory.CreateDirectory(_disk.PathOf(StoreRoot.Config, "sb"));
        await File.WriteAllTextAsync(_disk.PathOf(StoreRoot.Config, "sb/b.json"), "2");
        await (await store.LockAsync("sb")).DisposeAsync();
        StoreLayout copy = _disk.CopyAsAfterAKill();
        await store.DisposeAsync();
        await using StateStore again = await StateStore.OpenAsync(copy, _disk.Options);
        Assert.Equal("2", again.ReadText("sb", StoreRoot.Config, null, "b.json"));
    }

    [Fact]
    public async Task A_removed_container_that_another_program_made_again_survives_recovery_once_it_was_used()
    {
        StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb", static change => change.CreateContainer("c"));
        await store.ChangeAsync("sb", static change => change.RemoveContainer("c"));
        Directory.CreateDirectory(_disk.PathOf(StoreRoot.Config, "sb/c"));
        await File.WriteAllTextAsync(_disk.PathOf(StoreRoot.Config, "sb/c/x.json"), "2");
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Config, "c", "y.json", "3"));
        StoreLayout copy = _disk.CopyAsAfterAKill();
        await store.DisposeAsync();
        await using StateStore again = await StateStore.OpenAsync(copy, _disk.Options);
        Assert.Equal("3", again.ReadText("sb", StoreRoot.Config, "c", "y.json"));
        Assert.Equal("2", again.ReadText("sb", StoreRoot.Config, "c", "x.json"));
    }

    [Fact]
    public async Task A_checkpoint_that_finds_no_file_handle_does_not_fault_the_store()
    {
        var faulty = new ScriptedFileSystem();
        await using StateStore store = await _disk.OpenAsync(faulty);
        await store.CreateAsync("sb");
        int opens = 0;
        faulty.Before = call =>
            call.Verb == nameof(IDurableFileSystem.OpenFile) && call.Path.Contains("/watermark.", StringComparison.Ordinal) && ++opens == 3
            ? Errno.ProcessFileLimit : Errno.None;
        StorageException refused = await Assert.ThrowsAsync<StorageException>(async () => await store.CheckpointAsync());
        Assert.Equal(Errno.ProcessFileLimit, refused.Errno);
        Assert.False(store.IsFaulted);
    }

    [Fact]
    public async Task A_read_error_after_a_failed_change_of_segment_does_not_lose_the_end_of_the_log()
    {
        var faulty = new ScriptedFileSystem();
        await using StateStore store = await _disk.OpenAsync(faulty);
        await store.CreateAsync("sb");
        Lsn before = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        faulty.Before = static call =>
            call.Verb == nameof(IDurableFileSystem.Rename) && call.Path.Contains("/.safestore/log", StringComparison.Ordinal)
            ? Errno.NoSpace : Errno.None;
        await Assert.ThrowsAsync<StorageException>(() => store.CheckpointAsync().AsTask());
        int reads = 0;
        faulty.Before = call =>
            call.Verb == nameof(IDurableFileSystem.Read) && call.Path.Contains("/.safestore/log/", StringComparison.Ordinal) && ++reads == 2
            ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<StorageException>(
            () => store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2")));
        faulty.Before = null;
        Lsn after = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "3"));
        Assert.True(after > before, $"{after} after {before}");
    }

    [Fact]
    public async Task A_closed_store_does_not_say_whether_it_is_faulted()
    {
        StateStore store = await _disk.OpenAsync();
        await store.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => store.IsFaulted);
    }

    [Fact]
    public async Task A_document_cannot_have_the_name_of_a_container_that_exists_in_another_root_only()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb", static change => change.CreateContainer("c").PutText(StoreRoot.Config, "c", "a.json", "1"));
        Directory.Delete(_disk.PathOf(StoreRoot.Run, "sb/c"), true); // as after the loss of a tmpfs
        StorageException refused =
            await Assert.ThrowsAsync<StorageException>(
            () => store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "c", "1")));
        Assert.Equal(Errno.IsDirectory, refused.Errno);
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Config, "c", "a.json", "2"));
        Assert.Equal("2", store.ReadText("sb", StoreRoot.Config, "c", "a.json"));
    }
}
