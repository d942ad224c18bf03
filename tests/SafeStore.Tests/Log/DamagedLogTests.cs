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

/// <summary>A store whose process died (its files are copied while it is open), and whose log was damaged then.</summary>
public sealed class DamagedLogTests : IDisposable
{
    private readonly TestStore _test = new();

    private string Log => Path.Combine(_test.Metadata, "log");

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_damaged_tail_that_nobody_claimed_durable_is_cut_off()
    {
        await DieAsync(commits: 3, beforeLastSync: true);
        Flip(Segment(), RecordOffsets(Segment())[^1] + 70);

        await using StateStore again = await _test.OpenAsync();
        Assert.Equal(new Lsn(4), await again.CreateAsync("sb-9"));
    }

    [Theory]
    [InlineData("lock word")]
    [InlineData("shared words")]
    public async Task A_damaged_tail_that_a_word_knows_is_reported_with_the_word_and_nothing_changed(string word)
    {
        await DieAsync(commits: 3);
        Flip(Segment(), RecordOffsets(Segment())[^1] + 70);
        if (word == "lock word")
        {
            File.Delete(Path.Combine(_test.Layout.RunMetadata, "words"));
        }
        else
        {
            File.WriteAllBytes(Path.Combine(_test.Layout.Run, "sb-1", "lock"), []);
        }

        LogCorruptException refused = await RefusesAsync();
        Assert.Equal(new Lsn(4), refused.ExpectedLsn);
        Assert.Contains(word == "lock word" ? "sandbox 'sb-1' knows LSN 4" : "synced up to LSN 4", refused.Message);
    }

    [Fact]
    public async Task Damage_before_the_tail_is_reported_and_nothing_changed()
    {
        await DieAsync(commits: 4);
        Flip(Segment(), RecordOffsets(Segment())[1] + 70);
        await RefusesAsync();
    }

    [Fact]
    public async Task A_segment_that_was_cut_off_is_reported_and_nothing_changed()
    {
        await DieAsync(commits: 3);
        using (FileStream file = File.Open(Segment(), FileMode.Open))
        {
            file.SetLength(8192);
        }

        await RefusesAsync();
    }

    [Fact]
    public async Task A_segment_whose_header_is_damaged_is_reported_and_nothing_changed()
    {
        await DieAsync(commits: 3);
        Flip(Segment(), 30);
        Assert.Contains("header is damaged", (await RefusesAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_of_a_segment_under_another_name_is_reported_and_nothing_changed()
    {
        await DieAsync(commits: 3);
        File.Copy(Segment(), Path.Combine(Log, "0000000000000003.log"));
        Assert.Contains("copy of the segment with first LSN 1", (await RefusesAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_segment_in_the_middle_is_reported_and_nothing_changed()
    {
        _test.Options = _test.Options with { SegmentBytes = 16 * 1024 };
        await DieAsync(commits: 10);
        string[] segments = [.. Directory.GetFiles(Log, "0*.log").Order(StringComparer.Ordinal)];
        Assert.True(segments.Length >= 3);
        File.Delete(segments[1]);
        await RefusesAsync();
    }

    [Fact]
    public async Task A_missing_first_segment_is_reported_and_nothing_changed()
    {
        _test.Options = _test.Options with { SegmentBytes = 16 * 1024 };
        await DieAsync(commits: 10);
        File.Delete(Directory.GetFiles(Log, "0*.log").Order(StringComparer.Ordinal).First());
        await RefusesAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_segment_that_does_not_continue_the_one_before_it_is_reported_and_nothing_changed(bool byChecksum)
    {
        _test.Options = _test.Options with { SegmentBytes = 16 * 1024 };
        await DieAsync(commits: 10);
        byte[] bytes = await File.ReadAllBytesAsync(Segment());
        SegmentHeader header = SegmentHeader.TryDecode(bytes)!;
        header = byChecksum ? header with { PreviousChecksum = header.PreviousChecksum + 1 }
            : header with { PreviousLsn = header.PreviousLsn.Previous };
        header.Encode().CopyTo(bytes, 0);
        await File.WriteAllBytesAsync(Segment(), bytes);
        await RefusesAsync();
    }

    [Fact]
    public async Task A_log_that_ends_before_the_watermark_is_reported_and_nothing_changed()
    {
        await DieAsync(commits: 1);
        string segment = Segment();
        byte[] old = await File.ReadAllBytesAsync(segment);
        await (await _test.OpenAsync()).DisposeAsync();
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.CreateAsync("sb-2");
            await store.CheckpointAsync();
        }

        Array.ForEach(Directory.GetFiles(Log, "0*.log"), File.Delete);
        await File.WriteAllBytesAsync(segment, old); // as from a backup
        await RefusesAsync();
    }

    [Fact]
    public async Task A_log_with_transactions_and_no_watermark_is_reported_and_nothing_changed()
    {
        await DieAsync(commits: 1);
        Array.ForEach(Directory.GetFiles(_test.Metadata, "watermark.*"), File.Delete);
        await RefusesAsync();
    }

    [Fact]
    public async Task A_log_without_segments_is_reported_and_nothing_changed()
    {
        await DieAsync(commits: 1);
        Array.ForEach(Directory.GetFiles(Log, "0*.log"), File.Delete);
        await RefusesAsync();
    }

    [Fact]
    public async Task Foreign_files_in_the_log_are_left_alone()
    {
        await DieAsync(commits: 2);
        string foreign = Path.Combine(Log, "notes.txt");
        await File.WriteAllTextAsync(foreign, "mine");
        await using StateStore again = await _test.OpenAsync();
        Assert.Equal("2", again.ReadText("sb-1", StoreRoot.Run, null, "n"));
        Assert.Equal("mine", await File.ReadAllTextAsync(foreign));
    }

    [Fact]
    public async Task A_torn_file_of_the_watermark_falls_back_to_the_other_and_two_are_an_error()
    {
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.CreateAsync("sb-1");
            await store.CheckpointAsync();
        }

        string[] files = Directory.GetFiles(_test.Metadata, "watermark.*");
        Assert.Equal(2, files.Length);
        Flip(files.OrderBy(static path => BitConverter.ToInt64(File.ReadAllBytes(path), 24)).First(), 24); // the older one
        await using (StateStore store = await _test.OpenAsync())
        {
            Assert.Equal(["sb-1"], store.ListSandboxes());
        }

        Array.ForEach(files, static path => Flip(path, 24));
        await RefusesAsync();
    }

    [Fact]
    public void Every_flipped_bit_of_a_record_is_noticed()
    {
        byte[] record = new byte[RecordFormat.SizeOf(100)];
        Random.Shared.NextBytes(record.AsSpan(RecordFormat.HeaderBytes, 100));
        var header = new RecordHeader(7, new Lsn(3), new Lsn(2), 99, 100);
        ulong sealedAs = RecordFormat.Seal(record, header);
        Assert.True(IsValid(out ulong checksum));
        Assert.Equal(sealedAs, checksum);
        for (int bit = 0; bit < (RecordFormat.HeaderBytes + 100) * 8; bit++)
        {
            record[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(IsValid(out _), $"bit {bit}");
            record[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        bool IsValid(out ulong sum)
        {
            sum = 0;
            return RecordFormat.TryReadHeader(record, 7, out RecordHeader found)
                && RecordFormat.SizeOf(found.PayloadBytes) <= record.Length && RecordFormat.HasValidChecksum(record, found, out sum);
        }
    }

    /// <summary>Commits, one record each, and leaves the directory as a dead process would.</summary>
    private async Task DieAsync(int commits, bool beforeLastSync = false)
    {
        string saved = _test.Directory + "-saved";
        var scripted = new ScriptedFileSystem();
        StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("sb-1");
        for (int i = 1; i <= commits; i++)
        {
            bool isLast = i == commits;
            scripted.Before = call =>
            {
                if (isLast && beforeLastSync && call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.SyncData) })
                {
                    CrashImage.Copy(_test.Directory, saved);
                }

                return Errno.None;
            };
            await store.ChangeAsync(
                "sb-1", change => change.PutText(StoreRoot.Run, null, "n", i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        scripted.Before = null;
        if (!beforeLastSync)
        {
            CrashImage.Copy(_test.Directory, saved);
        }

        await store.DisposeAsync();
        Directory.Delete(_test.Directory, recursive: true);
        Directory.Move(saved, _test.Directory);
    }

    private string Segment() => Directory.GetFiles(Log, "0*.log").Order(StringComparer.Ordinal).Last();

    private static List<int> RecordOffsets(string segment)
    {
        byte[] bytes = File.ReadAllBytes(segment);
        var offsets = new List<int>();
        for (int offset = 4096; offset < bytes.Length; offset += 4096)
        {
            if (bytes.AsSpan(offset + 8, 8).SequenceEqual("SSTOREC1"u8))
            {
                offsets.Add(offset);
            }
        }

        return offsets;
    }

    private static void Flip(string path, long offset)
    {
        using FileStream file = File.Open(path, FileMode.Open);
        file.Position = offset;
        int value = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(value ^ 1));
    }

    private async Task<LogCorruptException> RefusesAsync()
    {
        SortedDictionary<string, string> before = Tree();
        LogCorruptException refused =
            await Assert.ThrowsAsync<LogCorruptException>(async () => await (await _test.OpenAsync()).DisposeAsync());
        Assert.Equal(before, Tree());
        return refused;
    }

    /// <summary>Everything but the shared words, which say that somebody is recovering.</summary>
    private SortedDictionary<string, string> Tree()
    {
        SortedDictionary<string, string> tree = TreeSnapshot.Of(_test.Directory);
        tree.Remove(Path.Combine(_test.Layout.RunMetadata, "words"));
        return tree;
    }
}
