using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Log;

/// <summary>
/// A log that is damaged in the middle of its life: each part of the engine that reads it meets the gap, and none writes over it.
/// </summary>
public sealed class ContinuityTests : IDisposable
{
    private const int Block = RecordFormat.BlockBytes;

    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();

    public ContinuityTests() => _test.Options = _test.Options with { SegmentBytes = 16 * 1024, LogBytesMax = 1024 * 1024 };

    private string[] Segments => [.. Directory.GetFiles(Path.Combine(_test.Metadata, "log"), "0*.log").Order(StringComparer.Ordinal)];

    private byte[][] Watermarks =>
        [.. Directory.GetFiles(_test.Metadata, "watermark.*").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_resolve_that_meets_a_break_in_a_sealed_segment_reports_it_and_leaves_the_sandbox_as_it_is()
    {
        await using StateStore store = await FillAsync();
        await using StateStore other = await _test.OpenAsync();
        _scripted.Before = static call => call.Verb == FileSystemCall.Exchange ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<CommitNotPublishedException>(() => PutAsync(store, 99));
        _scripted.Before = null;
        string before = await File.ReadAllTextAsync(_test.PathOf(StoreRoot.Run, "sb/n"), TestContext.Current.CancellationToken);
        byte[] word = await ReadAsync(_test.PathOf(StoreRoot.Run, "sb/lock"));
        Damage(Segments[1]);

        LogCorruptException failure = await Assert.ThrowsAsync<LogCorruptException>(() => other.LockApartAsync("sb"));

        Assert.Equal(Segments[1], failure.Path);
        Assert.Equal(before, await File.ReadAllTextAsync(_test.PathOf(StoreRoot.Run, "sb/n"), TestContext.Current.CancellationToken));
        Assert.Equal(word, await ReadAsync(_test.PathOf(StoreRoot.Run, "sb/lock")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_checkpoint_that_meets_a_break_in_a_sealed_segment_reports_it_and_releases_no_segment_from_there_on(bool isAtItsEnd)
    {
        await using StateStore store = await FillAsync();
        await using StateStore other = await _test.OpenAsync(); // which has to read what another process has appended
        byte[][] watermarks = Watermarks;
        string[] before = Segments;
        Damage(before[1], isAtItsEnd ? 3 : 1);

        await Assert.ThrowsAsync<LogCorruptException>(async () => await other.CheckpointAsync(TestContext.Current.CancellationToken));

        Assert.Subset(Segments.ToHashSet(), before.ToHashSet());
        Assert.Equal(watermarks, Watermarks);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_process_that_joins_does_not_take_a_damaged_last_record_that_was_synced_for_the_tail(bool isBesideAnother)
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "n", "0"));
        await using StateStore? second = isBesideAnother ? await _test.OpenAsync() : null;
        if (second is not null)
        {
            await second.CreateAsync("other");
        }

        Lsn last = await PutAsync(store, 1);
        string segment = Segments[^1];
        byte[] bytes = await ReadAsync(segment);
        int end = Enumerable.Range(1, 3).Last(block => bytes[block * Block] != 0);
        Damage(segment, end);
        byte[] damaged = await ReadAsync(segment);

        Lsn? given = null;
        Exception? failure = await Record.ExceptionAsync(async () =>
        {
            await using StateStore joined = await _test.OpenAsync();
            given = await joined.CreateAsync("sb-2");
        });
        Assert.True(given is null || given > last, $"LSN {last} was acknowledged, and was given out again");
        LogCorruptException reported = Assert.IsType<LogCorruptException>(failure);
        Assert.Equal((segment, last), (reported.Path, reported.ExpectedLsn));
        Assert.Equal(damaged, await ReadAsync(segment));
    }

    [Fact]
    public async Task A_process_that_joins_does_not_take_a_damaged_record_before_the_last_for_the_tail()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "n", "0"));
        await PutAsync(store, 1);
        await PutAsync(store, 2);
        Damage(Segments[^1], 2);
        byte[] damaged = await ReadAsync(Segments[^1]);
        LogCorruptException failure = await Assert.ThrowsAsync<LogCorruptException>(async () => await _test.OpenAsync());
        Assert.Equal(new Lsn(2), failure.ExpectedLsn);
        Assert.Equal(damaged, await ReadAsync(Segments[^1]));
    }

    private static Task<Lsn> PutAsync(StateStore store, int number) =>
        store.ChangeAsync("sb", change => change.PutText(StoreRoot.Run, null, "n",
            number.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>A store with three sealed segments, of three records each.</summary>
    private async Task<StateStore> FillAsync()
    {
        StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "n", "0"));
        for (int i = 1; i < 11; i++)
        {
            await PutAsync(store, i);
        }

        Assert.Equal(4, Segments.Length);
        return store;
    }

    /// <summary>Changes the payload of the record at a block, as a disk that forgets does.</summary>
    private static void Damage(string segment, int block = 1)
    {
        using var file = new FileStream(segment, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = (block * Block) + RecordFormat.HeaderBytes + 4;
        int old = file.ReadByte();
        Assert.True(old >= 0);
        file.Position--;
        file.WriteByte((byte)(old ^ 0x55));
    }

    private static async Task<byte[]> ReadAsync(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes);
        return bytes;
    }
}
