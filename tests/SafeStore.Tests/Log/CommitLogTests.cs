using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Log;

/// <summary>What the log asks of the filesystem, and what it makes of the answers; store objects act as processes.</summary>
public sealed class CommitLogTests : IDisposable
{
    private const int Block = RecordFormat.BlockBytes;

    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();

    public CommitLogTests() => _test.Options = _test.Options with { LockTimeout = StoreCalls.Once }; // who waits here has met a defect

    private string LogPath => Path.Combine(_test.Metadata, "log");

    private string[] Segments => [.. Directory.GetFiles(LogPath, "0*.log").Order(StringComparer.Ordinal)];

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_failed_sync_faults_the_store_for_every_process_that_has_it_open()
    {
        await using StateStore other = await _test.OpenAsync();
        await using StateStore store = await OpenScriptedAsync();
        _scripted.Before = static call => call.IsSync ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<StoreFaultedException>(() => PutAsync(store, 1));
        _scripted.Before = null;
        Assert.True(other.IsFaulted);
        await Assert.ThrowsAsync<StoreFaultedException>(() => PutAsync(other, 2));
    }

    [Fact]
    public async Task A_failed_sync_faults_its_own_process_although_it_cannot_tell_the_others()
    {
        await using StateStore store = await OpenScriptedAsync();
        _scripted.Before = static call =>
            call.IsSync || (call.Verb == nameof(IDurableFileSystem.Write) && call.Path.EndsWith("/words", StringComparison.Ordinal))
            ? Errno.InputOutput
            : Errno.None;
        await Assert.ThrowsAsync<StoreFaultedException>(() => PutAsync(store, 1));
        _scripted.Before = null;
        Assert.True(store.IsFaulted);
        StoreFaultedException refused = await Assert.ThrowsAsync<StoreFaultedException>(() => PutAsync(store, 2));
        Assert.Contains("in this process", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sync_that_succeeds_is_not_believed_when_that_of_another_process_has_failed_meanwhile()
    {
        var failing = new ScriptedFileSystem();
        await using StateStore store = await OpenScriptedAsync();
        await using StateStore other = await _test.OpenAsync(failing);
        await other.CreateAsync("other");
        Exception? failure = null;
        failing.Before = static call => call.IsSync ? Errno.InputOutput : Errno.None;
        _scripted.Before = call =>
        {
            if (call.IsSync && failure is null)
            {
                // others may append now, and sync on their own
                failure = Record.Exception(() => PutAsync(other, 1, "other").GetAwaiter().GetResult());
            }

            return Errno.None;
        };
        await Assert.ThrowsAsync<StoreFaultedException>(() => PutAsync(store, 1));
        Assert.IsType<StoreFaultedException>(failure);
        Assert.Null(store.ReadText("sb", StoreRoot.Run, null, "n"));
    }

    [Fact]
    public async Task A_process_that_joins_opens_the_segment_at_once()
    {
        await using StateStore store = await _test.OpenAsync();
        var calls = new List<FileSystemCall>();
        Watch(calls);
        await using StateStore joined = await _test.OpenAsync(_scripted);
        Assert.Contains(calls, call => call.Verb == nameof(IDurableFileSystem.OpenFile) && call.Path == Segments[^1]);
    }

    [Fact]
    public async Task The_name_of_a_segment_that_another_process_began_is_synced_before_anything_is_appended_to_it()
    {
        await using StateStore other = await _test.OpenAsync();
        await using StateStore store = await OpenScriptedAsync();
        await other.CheckpointAsync(TestContext.Current.CancellationToken);
        var calls = new List<FileSystemCall>();
        Watch(calls);
        await PutAsync(store, 1);
        int named = calls.FindIndex(static call => call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.SyncDirectory) });
        Assert.InRange(named, 0, calls.FindIndex(static call => call.IsAppend));
    }

    [Fact]
    public async Task A_segment_whose_name_cannot_be_synced_is_not_appended_to()
    {
        await using StateStore other = await _test.OpenAsync();
        await using StateStore store = await OpenScriptedAsync();
        await other.CheckpointAsync(TestContext.Current.CancellationToken);
        bool isAppended = false;
        _scripted.Before = call =>
        {
            isAppended |= call.IsAppend;
            return call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.SyncDirectory) } ? Errno.InputOutput : Errno.None;
        };
        await Assert.ThrowsAsync<StoreFaultedException>(() => PutAsync(store, 1));
        _scripted.Before = null;
        Assert.False(isAppended);
        Assert.True(other.IsFaulted);
    }

    [Fact]
    public async Task The_error_of_a_failed_append_is_the_kernel_s_and_a_write_of_nothing_means_no_space()
    {
        await using StateStore store = await OpenScriptedAsync();
        foreach (Errno error in new[] { Errno.InputOutput, Errno.NoSpace, Errno.None })
        {
            int appends = 0;
            _scripted.Before = call =>
            {
                bool isFirst = call.IsAppend && ++appends == 1;
                _scripted.LargestWrite = isFirst && error == Errno.None ? 0 : int.MaxValue;
                return isFirst ? error : Errno.None;
            };
            StorageException failure = await Assert.ThrowsAsync<StorageException>(() => PutAsync(store, 1));
            Assert.Equal(error == Errno.None ? Errno.NoSpace : error, failure.Errno);
            // the second takes back what may have been written; a full disk has taken nothing
            Assert.Equal(error == Errno.NoSpace ? 1 : 2, appends);
        }

        Assert.Null(store.ReadText("sb", StoreRoot.Run, null, "n"));
        await PutAsync(store, 2);
        Assert.Equal("2", store.ReadText("sb", StoreRoot.Run, null, "n"));
    }

    [Fact]
    public async Task A_batch_that_failed_is_taken_back_durably()
    {
        await using StateStore store = await OpenScriptedAsync();
        var calls = new List<FileSystemCall>();
        _scripted.Before = call =>
        {
            calls.Add(call);
            return calls.Count(static seen => seen.IsAppend) == 1 && call.IsAppend ? Errno.InputOutput : Errno.None;
        };
        await Assert.ThrowsAsync<StorageException>(() => PutAsync(store, 1));
        Assert.Equal(
            [nameof(IDurableFileSystem.Write), nameof(IDurableFileSystem.Write), nameof(IDurableFileSystem.SyncData)],
            calls.Where(static call => call.IsAppend || call.IsSync).Select(static call => call.Verb));
    }

    [Fact]
    public async Task A_batch_that_was_written_although_the_kernel_tells_an_error_does_not_come_to_life()
    {
        StateStore store = await OpenScriptedAsync();
        int appends = 0;
        _scripted.After = call => call.IsAppend && ++appends == 1 ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<StorageException>(() => PutAsync(store, 1));
        StoreLayout copy = _test.CopyAsAfterAKill();
        _scripted.After = null;
        await store.DisposeAsync();
        await using StateStore recovered = await StateStore.OpenAsync(copy, _test.Options);
        Assert.Null(recovered.ReadText("sb", StoreRoot.Run, null, "n"));
    }

    [Theory]
    [InlineData("write")]
    [InlineData("short write")]
    [InlineData("sync")]
    public async Task A_batch_that_can_neither_be_written_nor_taken_back_faults_the_store(string failing)
    {
        await using StateStore store = await OpenScriptedAsync();
        int appends = 0;
        _scripted.Before = call =>
        {
            bool isTakenBack = (call.IsAppend && ++appends == 2) || (call.IsSync && appends == 2);
            _scripted.LargestWrite = isTakenBack && failing == "short write" ? 10 : int.MaxValue;
            bool fails = (appends == 1 && call.IsAppend) || (isTakenBack && failing == (call.IsSync ? "sync" : "write"));
            return fails ? Errno.InputOutput : Errno.None;
        };
        await Assert.ThrowsAsync<StoreFaultedException>(() => PutAsync(store, 1));
        Assert.True(store.IsFaulted);
    }

    [Fact]
    public async Task A_batch_that_the_kernel_takes_in_pieces_is_whole()
    {
        string text = "\"" + new string('x', 3 * Block) + "\"";
        await using StateStore store = await OpenScriptedAsync();
        _scripted.LargestWrite = 1000;
        await store.ChangeAsync("sb", change => change.PutText(StoreRoot.Run, null, "n", text));
        StoreLayout copy = _test.CopyAsAfterAKill();
        File.Delete(Path.Combine(copy.Run, "sb", "n"));
        await using StateStore recovered = await StateStore.OpenAsync(copy, _test.Options);
        Assert.Equal(text, recovered.ReadText("sb", StoreRoot.Run, null, "n"));
    }

    [Fact]
    public async Task What_follows_a_record_in_its_block_is_zeros_whatever_was_in_memory()
    {
        await using StateStore store = await OpenScriptedAsync();
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "n", "\"" + new string('x', Block / 2) + "\""));
        for (int i = 0; i < 4; i++)
        {
            await PutAsync(store, i);
        }

        byte[] log = await File.ReadAllBytesAsync(Segments[^1], TestContext.Current.CancellationToken);
        for (int block = Block; log[block] != 0; block += Block)
        {
            int end = block + RecordFormat.HeaderBytes + BitConverter.ToInt32(log, block + 48);
            Assert.Equal(-1, log.AsSpan(end, block + Block - end).IndexOfAnyExcept((byte)0));
        }
    }

    [Fact]
    public async Task A_record_may_fill_the_segment_to_its_last_byte()
    {
        await using StateStore store = await OpenScriptedAsync();
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        await PutAsync(store, 1);
        byte[] log = await File.ReadAllBytesAsync(Segments.Single(), TestContext.Current.CancellationToken);
        int overhead = BitConverter.ToInt32(log, Block + 48) - 1; // what a payload has beside the one digit of the document
        string text = "\"" + new string('x', log.Length - (2 * Block) - RecordFormat.HeaderBytes - overhead - 2) + "\"";
        await store.ChangeAsync("sb", change => change.PutText(StoreRoot.Run, null, "n", text));
        Assert.Equal(log.Length, new FileInfo(Segments.Single()).Length); // neither another segment nor a longer one
        Assert.NotEqual(0, (await File.ReadAllBytesAsync(Segments.Single(), TestContext.Current.CancellationToken))[^64..].Max());
        StoreLayout copy = _test.CopyAsAfterAKill();
        File.Delete(Path.Combine(copy.Run, "sb", "n"));
        await using (StateStore recovered = await StateStore.OpenAsync(copy, _test.Options))
        {
            Assert.Equal(text, recovered.ReadText("sb", StoreRoot.Run, null, "n"));
        }

        await PutAsync(store, 2);
        Assert.Equal(2, Segments.Length);
    }

    [Fact]
    public async Task Every_segment_has_a_salt_of_its_own()
    {
        await using StateStore store = await OpenScriptedAsync();
        var salts = new HashSet<ulong>();
        for (int i = 0; i < 4; i++)
        {
            salts.Add(BitConverter.ToUInt64(await File.ReadAllBytesAsync(Segments[^1], TestContext.Current.CancellationToken), 24));
            await PutAsync(store, i);
            await store.CheckpointAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(4, salts.Count);
    }

    [Fact]
    public async Task A_checkpoint_of_an_empty_segment_starts_no_other()
    {
        await using StateStore store = await OpenScriptedAsync();
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        string segment = Segments.Single();
        byte[] before = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.Equal(segment, Segments.Single());
        Assert.Equal(before, await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Segments_that_are_done_with_are_closed_and_a_closed_store_has_nothing_open()
    {
        await using (StateStore other = await _test.OpenAsync())
        await using (StateStore store = await OpenScriptedAsync())
        {
            for (int i = 0; i < 3; i++)
            {
                await PutAsync(store, i);
                await store.CheckpointAsync(TestContext.Current.CancellationToken);
                await PutAsync(other, i);
            }

            Assert.Equal(2, OpenFiles().Count(path => path.StartsWith(LogPath + "/", StringComparison.Ordinal))); // one segment, twice
        }

        Assert.Empty(OpenFiles());
    }

    [Fact]
    public async Task An_opening_that_fails_at_the_log_leaves_nothing_open()
    {
        await using (StateStore store = await OpenScriptedAsync())
        {
            await PutAsync(store, 1);
        }

        FileSystemCall hit = default;
        for (int failing = 1; await FailsAsync(failing); failing++)
        {
            Assert.True(OpenFiles() is [], $"{hit}: {string.Join(", ", OpenFiles())}");
        }

        async Task<bool> FailsAsync(int nth)
        {
            int calls = 0;
            _scripted.Before = call =>
            {
                calls += call.IsOnLog ? 1 : 0;
                bool fails = call.IsOnLog && calls == nth;
                hit = fails ? call : hit;
                return fails ? Errno.InputOutput : Errno.None;
            };
            try
            {
                await (await _test.OpenAsync(_scripted)).DisposeAsync();
            }
            catch (SafeStoreException)
            {
                // What is looked at is what it leaves.
            }

            return calls >= nth;
        }
    }

    private static Task<Lsn> PutAsync(StateStore store, int number, string sandbox = "sb") =>
        store.ChangeAsync(
            sandbox, change =>
            change.PutText(StoreRoot.Run, null, "n", number.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    private async Task<StateStore> OpenScriptedAsync()
    {
        StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb");
        return store;
    }

    private void Watch(List<FileSystemCall> calls) => _scripted.Before = call =>
    {
        calls.Add(call);
        return Errno.None;
    };

    /// <summary>The files and directories below the store's that this process has open.</summary>
    private List<string> OpenFiles() =>
    [
        .. Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(static link => new FileInfo(link).LinkTarget)
            .OfType<string>().Where(path => path.StartsWith(_test.Directory, StringComparison.Ordinal)),
    ];
}
