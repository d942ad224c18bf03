using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests;

/// <summary>A store that is only looked at: what it shows, what it says of what it cannot show, what it leaves behind.</summary>
public sealed class ReadOnlyTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();

    public ReadOnlyTests() => _test.Options = _test.Options with { SegmentBytes = 16 * 1024, LogBytesMax = 1024 * 1024 };

    private StoreOptions ReadOnly => _test.Options with { Opening = StoreOpening.ReadOnly };

    private string[] Segments => [.. Directory.GetFiles(Path.Combine(_test.Metadata, "log"), "0*.log").Order(StringComparer.Ordinal)];

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task It_shows_what_living_processes_commit_and_their_open_transactions_do_not_count_as_pending()
    {
        await using StateStore store = await FillAsync();
        await using SandboxLock held = await store.LockApartAsync("sb");
        await using StateStore reader = await StateStore.OpenAsync(_test.Layout, ReadOnly);
        Assert.Equal(0, reader.PendingTransactions);
        await held.Change().PutText(StoreRoot.Run, null, "n", "99").CommitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("99", reader.ReadText("sb", StoreRoot.Run, null, "n"));
    }

    [Fact]
    public async Task A_shared_lock_of_it_keeps_a_writer_out_and_is_kept_out_by_one()
    {
        await using StateStore store = await FillAsync();
        await using StateStore reader = await StateStore.OpenAsync(_test.Layout, ReadOnly);
        Lsn version;
        await using (SandboxLock shared = await reader.LockApartAsync("sb", LockMode.Shared))
        {
            await using SandboxLock again = await reader.LockApartAsync("sb", LockMode.Shared);
            await Assert.ThrowsAsync<LockTimeoutException>(() => store.LockApartAsync("sb", timeout: StoreCalls.Once));
            version = shared.Version;
            Assert.Throws<StoreReadOnlyException>(() => shared.Change());
        }

        await using SandboxLock held = await store.LockApartAsync("sb");
        Assert.Equal(held.Version, version);
        await Assert.ThrowsAsync<LockTimeoutException>(() => reader.LockApartAsync("sb", LockMode.Shared, StoreCalls.Once));
        await Assert.ThrowsAsync<NotFoundException>(() => reader.LockApartAsync("none", LockMode.Shared));
    }

    [Fact]
    public async Task A_sandbox_without_a_lock_file_cannot_be_locked_and_gets_none()
    {
        await using (StateStore store = await FillAsync())
        {
            File.Delete(_test.PathOf(StoreRoot.Run, "sb/lock"));
        }

        File.Delete(_test.PathOf(StoreRoot.Run, "sb/lock"));
        await using StateStore reader = await StateStore.OpenAsync(_test.Layout, ReadOnly);
        StorageException refused = await Assert.ThrowsAsync<StorageException>(() => reader.LockApartAsync("sb", LockMode.Shared));
        Assert.Contains("read-only", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_test.PathOf(StoreRoot.Run, "sb/lock")));
        Assert.Equal("10", reader.ReadText("sb", StoreRoot.Run, null, "n"));
    }

    [Theory]
    [InlineData("old")]
    [InlineData("gone")]
    [InlineData("back")]
    [InlineData("sandbox")]
    [InlineData("container")]
    public async Task What_a_power_loss_took_back_counts_as_pending_until_an_opening_that_may_write(string what)
    {
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync(
            "sb", static change => change.PutText(StoreRoot.Config, null, "n", "0").PutText(StoreRoot.Config, null, "m", "0"));
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        await store.ChangeAsync(
            "sb", static change => change.PutText(StoreRoot.Config, null, "n", "1").Remove(StoreRoot.Config, null, "m"));
        await store.ChangeAsync("sb", static change => change.CreateContainer("web"));
        await store.CreateAsync("new", static change => change.PutText(StoreRoot.Config, null, "n", "1"));
        StoreLayout copy = _test.CopyAsAfterAKill();
        TakeBack(copy, what);
        SortedDictionary<string, string> before = TreeSnapshot.Of(copy.Config, copy.Run);
        await using (StateStore reader = await StateStore.OpenAsync(copy, ReadOnly))
        {
            Assert.Equal(1, reader.PendingTransactions);
            Assert.Contains("sb", reader.ListSandboxes());
        }

        Assert.Equal(before, TreeSnapshot.Of(copy.Config, copy.Run));
        await using (StateStore recovered = await StateStore.OpenAsync(copy, _test.Options))
        {
            Assert.Equal(0, recovered.PendingTransactions);
            await using StateStore reader = await StateStore.OpenAsync(copy, ReadOnly);
            Assert.Equal(0, reader.PendingTransactions);
            Assert.Equal("1", reader.ReadText("new", StoreRoot.Config, null, "n"));
        }
    }

    [Fact]
    public async Task A_damaged_log_does_not_hide_the_documents_and_how_many_transactions_are_pending_is_unknown()
    {
        await using (StateStore store = await FillAsync())
        {
            StoreLayout copy = _test.CopyAsAfterAKill();
            string segment =
                Directory.GetFiles(Path.Combine(copy.ConfigMetadata, "log"), "0*.log").Order(StringComparer.Ordinal).ElementAt(1);
            await using (var file = new FileStream(segment, FileMode.Open, FileAccess.ReadWrite))
            {
                file.Position = RecordFormat.BlockBytes + RecordFormat.HeaderBytes + 4;
                file.WriteByte(0x7F);
            }

            var messages = new Messages();
            await using StateStore reader = await StateStore.OpenAsync(copy, ReadOnly with { Logger = messages });
            Assert.Null(reader.PendingTransactions);
            Assert.Single(messages.OfEvent(13));
            Assert.Equal("10", reader.ReadText("sb", StoreRoot.Run, null, "n"));
            await Assert.ThrowsAsync<LogCorruptException>(async () => await StateStore.OpenAsync(copy, _test.Options));
        }
    }

    /// <summary>
    /// Between the reading of the watermark and the listing of the log, a checkpoint of another process may release segments.
    /// </summary>
    [Fact]
    public async Task A_log_that_is_changed_while_it_is_read_is_read_again()
    {
        await using StateStore store = await FillAsync();
        string first = Segments[0];
        int listings = 0;
        _scripted.Before = call =>
        {
            if (call is { Verb: nameof(IDurableFileSystem.List), IsOnLog: true })
            {
                File.Move(listings == 0 ? first : first + ".away", listings == 0 ? first + ".away" : first);
                listings++;
            }

            return Errno.None;
        };
        await using StateStore reader = await StateStore.OpenAsync(_test.Layout, ReadOnly with { FileSystem = _scripted });
        Assert.Equal((2, 0L), (listings, reader.PendingTransactions));
    }

    [Fact]
    public async Task A_log_that_is_changed_whenever_it_is_read_tells_nothing()
    {
        await using StateStore store = await FillAsync();
        string[] segments = Segments;
        int listings = 0;
        _scripted.Before = call =>
        {
            if (call is { Verb: nameof(IDurableFileSystem.List), IsOnLog: true })
            {
                Array.ForEach(segments, static segment => Move(segment + ".away", segment));
                Move(segments[listings++ % 3], segments[(listings - 1) % 3] + ".away");
            }

            return Errno.None;
        };
        await using StateStore reader = await StateStore.OpenAsync(_test.Layout, ReadOnly with { FileSystem = _scripted });
        Assert.Null(reader.PendingTransactions);
        Assert.Equal("10", reader.ReadText("sb", StoreRoot.Run, null, "n"));
        Array.ForEach(segments, static segment => Move(segment + ".away", segment));
    }

    [Fact]
    public async Task A_faulted_store_is_read_and_says_that_it_is_faulted()
    {
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "n", "0"));
        _scripted.Before = static call => call.IsSync ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<StoreFaultedException>(() =>
            store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Config, null, "n", "1")));
        _scripted.Before = null;
        await using StateStore reader = await StateStore.OpenAsync(_test.Layout, ReadOnly);
        Assert.True(reader.IsFaulted);
        Assert.Equal("0", reader.ReadText("sb", StoreRoot.Config, null, "n"));
    }

    [Fact]
    public async Task A_run_root_in_memory_that_was_lost_is_made_anew_for_a_store_that_must_exist_and_no_other_is()
    {
        await using (StateStore store = await FillAsync())
        {
            await store.CheckpointAsync(TestContext.Current.CancellationToken);
        }

        Directory.Delete(_test.Layout.Run, recursive: true);
        StoreOptions mustExist = _test.Options with { Opening = StoreOpening.MustExist };
        await Assert.ThrowsAsync<NotFoundException>(async () =>
            await StateStore.OpenAsync(_test.Layout, mustExist with { FileSystem = new ScriptedFileSystem() }));
        Assert.False(Directory.Exists(_test.Layout.Run));
        var volatileRun = new ScriptedFileSystem { IsVolatile = null };
        volatileRun.VolatilePaths.UnionWith([_test.Directory, _test.Layout.Run]);
        await using StateStore again = await StateStore.OpenAsync(_test.Layout, mustExist with { FileSystem = volatileRun });
        Assert.True(Directory.Exists(_test.Layout.Run));
    }

    [Fact]
    public async Task A_way_to_open_that_does_not_exist_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
            await StateStore.OpenAsync(_test.Layout, _test.Options with { Opening = (StoreOpening)7 }));
        Assert.Empty(Directory.GetFileSystemEntries(_test.Directory));
    }

    /// <summary>A store with three sealed segments.</summary>
    private async Task<StateStore> FillAsync()
    {
        StateStore store = await _test.OpenAsync(new ScriptedFileSystem());
        await store.CreateAsync(
            "sb", static change => change.PutText(StoreRoot.Run, null, "n", "0").PutText(StoreRoot.Config, null, "c", "0"));
        for (int i = 1; i < 11; i++)
        {
            string text = i.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await store.ChangeAsync(
                "sb", change => change.PutText(StoreRoot.Run, null, "n", text).PutText(StoreRoot.Config, null, "c", text));
        }

        Assert.Equal(4, Segments.Length);
        return store;
    }

    private static void TakeBack(StoreLayout layout, string what)
    {
        switch (what)
        {
            case "old":
                File.WriteAllText(Path.Combine(layout.Config, "sb/n"), "0");
                break;
            case "gone":
                File.Delete(Path.Combine(layout.Config, "sb/n"));
                break;
            case "back":
                File.WriteAllText(Path.Combine(layout.Config, "sb/m"), "0");
                break;
            case "sandbox":
                Directory.Delete(Path.Combine(layout.Config, "new"), recursive: true);
                Directory.Delete(Path.Combine(layout.Run, "new"), recursive: true);
                break;
            default:
                Directory.Delete(Path.Combine(layout.Config, "sb/web"), recursive: true);
                break;
        }
    }

    private static void Move(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Move(from, to);
        }
    }
}
