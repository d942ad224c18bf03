using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>As <see cref="ProtocolHoleTests"/>, those of the checkpoint.</summary>
public sealed class CheckpointHoleTests : IDisposable
{
    private readonly TestStore _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task The_log_of_a_busy_sandbox_is_checkpointed()
    {
        var hooked = new ScriptedFileSystem();
        // whose checkpoint goes as far as it can within the call
        await using StateStore other = await _disk.OpenAsync(new ScriptedFileSystem());
        await using StateStore store = await _disk.OpenAsync(hooked);
        Lsn before = await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        Task<Lsn>? checkpoint = null;
        hooked.After = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.Write) && call.Path.EndsWith("/lock", StringComparison.Ordinal))
            {
                checkpoint ??= other.CheckpointAsync().AsTask(); // while the lock word says "committing", and before the append
            }

            return Errno.None;
        };
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
        Assert.Equal(before, await checkpoint!);
    }

    [Fact]
    public async Task A_sandbox_whose_lock_word_cannot_be_read_keeps_no_segment()
    {
        await using StateStore store = await _disk.OpenAsync(new ScriptedFileSystem());
        await store.CreateAsync("busy", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        for (int i = 0; i < 16; i++)
        {
            // more than a segment holds
            await store.ChangeAsync("busy", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
        }

        Lsn last = await store.CreateAsync("odd", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        string word = _disk.PathOf(StoreRoot.Run, "odd/lock");
        File.Delete(word);
        Directory.CreateDirectory(word);

        Lsn mark = await store.CheckpointAsync(TestContext.Current.CancellationToken);

        Assert.Equal(last, mark);
        Assert.True(File.Exists(Path.Combine(_disk.Layout.ConfigMetadata, "parked", "odd")));
    }

    [Fact]
    public async Task A_checkpoint_waits_for_a_creation_between_append_and_publish()
    {
        var hooked = new ScriptedFileSystem();
        // whose checkpoint goes as far as it can within the call
        await using StateStore other = await _disk.OpenAsync(new ScriptedFileSystem());
        await using StateStore store = await _disk.OpenAsync(hooked);
        Task<Lsn>? checkpoint = null;
        hooked.Before = call =>
        {
            if (call.Verb == FileSystemCall.RenameNoReplace)
            {
                checkpoint ??= other.CheckpointAsync().AsTask();
            }

            return Errno.None;
        };
        Lsn created = await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        Assert.True(await checkpoint! < created);
        Assert.Equal(created, await other.CheckpointAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_failed_sync_of_the_watermark_faults_the_store()
    {
        var faulty = new ScriptedFileSystem();
        StateStore store = await _disk.OpenAsync(faulty);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        faulty.Before = static call =>
            call.Verb == nameof(IDurableFileSystem.SyncData) && call.Path.Contains("/watermark.", StringComparison.Ordinal)
            ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<StoreFaultedException>(async () => await store.CheckpointAsync());
        await Assert.ThrowsAsync<StoreFaultedException>(
            () => store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2")));
        Assert.Equal("1", store.ReadText("sb", StoreRoot.Run, null, "a.json"));
        await store.DisposeAsync();

        await using StateStore reopened = await _disk.OpenAsync();
        await reopened.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "3"));
        Assert.Equal("3", reopened.ReadText("sb", StoreRoot.Run, null, "a.json"));
    }
}
