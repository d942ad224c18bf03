using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Hashing;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Log;

/// <summary>Logs and metadata of other versions, of other stores and of other times.</summary>
public sealed class OtherVersionsTests : IDisposable
{
    private readonly TestStore _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task A_root_of_a_newer_version_is_refused_and_nothing_of_the_log_or_the_documents_is_touched()
    {
        StoreLayout copy = await DieAsync();
        string root = Path.Combine(copy.RunMetadata, "root.json");
        await File.WriteAllTextAsync(root, (await File.ReadAllTextAsync(root)).Replace("\"format\": 2", "\"format\": 3",
            StringComparison.Ordinal));
        SortedDictionary<string, string> before = Tree(copy);
        StoreFormatException failure =
            await Assert.ThrowsAsync<StoreFormatException>(async () => await StateStore.OpenAsync(copy, _disk.Options));
        Assert.Equal(3, failure.Format);
        Assert.Equal(before, Tree(copy));
    }

    [Theory]
    [InlineData("config/.safestore/store.json", 0)]
    [InlineData("config/.safestore/store.json", -1)]
    [InlineData("run/.safestore/root.json", 0)]
    public async Task A_format_before_the_first_is_damage_and_nothing_is_touched(string file, int format)
    {
        StoreLayout copy = await DieAsync();
        string path = Path.Combine(Path.GetDirectoryName(copy.Config)!, file);
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace("\"format\": 2", $"\"format\": {format}",
            StringComparison.Ordinal));
        SortedDictionary<string, string> before = Tree(copy);
        StoreMetadataException failure =
            await Assert.ThrowsAsync<StoreMetadataException>(async () => await StateStore.OpenAsync(copy, _disk.Options));
        Assert.Equal(path, failure.Path);
        Assert.Equal(before, Tree(copy));
    }

    [Fact]
    public async Task A_segment_of_another_format_is_refused_and_nothing_is_touched()
    {
        (StoreLayout copy, string segment) = await DieWithHeaderAsync(offset: 16, value: 2);
        SortedDictionary<string, string> before = Tree(copy);

        StoreFormatException failure =
            await Assert.ThrowsAsync<StoreFormatException>(async () => await StateStore.OpenAsync(copy, _disk.Options));

        Assert.Equal((segment, 2), (failure.Path, failure.Format));
        Assert.Equal(before, Tree(copy));
    }

    [Fact]
    public async Task A_segment_of_another_magic_is_damage_and_nothing_is_touched()
    {
        (StoreLayout copy, string segment) = await DieWithHeaderAsync(offset: 8, value: (byte)'X');
        SortedDictionary<string, string> before = Tree(copy);

        LogCorruptException failure =
            await Assert.ThrowsAsync<LogCorruptException>(async () => await StateStore.OpenAsync(copy, _disk.Options));

        Assert.Equal(segment, failure.Path);
        Assert.Equal(before, Tree(copy));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_record_whose_payload_makes_no_sense_to_this_version_is_reported_and_nothing_is_touched(bool newerKind)
    {
        StoreLayout copy = await DieAsync();
        string segment = Segments(copy).Last();
        byte[] bytes = await File.ReadAllBytesAsync(segment);
        Rewrite(bytes, payload =>
        {
            if (newerKind)
            {
                payload[4] = 9; // kinds end at 3
            }
            else
            {
                payload.Clear(); // no sandbox at all, and bytes after the end
            }
        });
        await File.WriteAllBytesAsync(segment, bytes);
        SortedDictionary<string, string> before = Tree(copy);
        LogCorruptException failure =
            await Assert.ThrowsAsync<LogCorruptException>(async () => await StateStore.OpenAsync(copy, _disk.Options));
        Assert.Equal(new Lsn(1), failure.ExpectedLsn);
        Assert.Equal(before, Tree(copy));
    }

    [Fact]
    public async Task The_log_of_another_store_is_not_applied()
    {
        using var other = new TestStore();
        await using StateStore stranger = await other.OpenAsync();
        await stranger.CreateAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a.json", "\"of another store\""));
        await stranger.CreateAsync("sb-7", static change => change.PutText(StoreRoot.Config, null, "a.json", "\"of another store\""));
        StoreLayout theirs = other.CopyAsAfterAKill();
        StoreLayout copy = await DieAsync();
        Array.ForEach(Segments(copy), File.Delete);
        foreach (string segment in Segments(theirs))
        {
            File.Copy(segment, Path.Combine(copy.ConfigMetadata, "log", Path.GetFileName(segment)));
        }

        SortedDictionary<string, string> before = TreeSnapshot.OfDocuments(copy);
        await Assert.ThrowsAsync<LogCorruptException>(async () => await StateStore.OpenAsync(copy, _disk.Options));
        Assert.Equal(before, TreeSnapshot.OfDocuments(copy));
    }

    [Fact]
    public async Task An_old_segment_that_comes_back_after_its_removal_is_not_applied_again()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        string old = Segments(_disk.Layout).Single();
        byte[] bytes = await File.ReadAllBytesAsync(old);
        await store.CheckpointAsync();
        Assert.False(File.Exists(old));
        await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
        await store.CheckpointAsync();
        StoreLayout copy = _disk.CopyAsAfterAKill();
        await File.WriteAllBytesAsync(Path.Combine(copy.ConfigMetadata, "log", Path.GetFileName(old)), bytes);

        await using StateStore recovered = await StateStore.OpenAsync(copy, _disk.Options);
        Assert.Equal("2", recovered.ReadText("sb-1", StoreRoot.Run, null, "a.json"));
        Assert.Equal(new Lsn(3), await recovered.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a.json", "3")));
    }

    [Fact]
    public async Task A_log_that_is_applied_twice_leaves_what_it_left_the_first_time()
    {
        StoreLayout copy = await DieAsync();
        string log = Path.Combine(copy.ConfigMetadata, "log");
        string saved = copy.ConfigMetadata + "-saved";
        CrashImage.Copy(log, saved);
        var watermarks = new[] { copy.ConfigMetadata, copy.RunMetadata }
            .SelectMany(static metadata => Directory.GetFiles(metadata, "watermark.*"))
            .ToDictionary(static path => path, static path => File.ReadAllBytes(path));
        await using (await StateStore.OpenAsync(copy, _disk.Options))
        {
        }

        SortedDictionary<string, string> once = TreeSnapshot.OfDocuments(copy);
        Directory.Delete(log, recursive: true); // a power loss that took back all that the recovery did to the log
        Directory.Move(saved, log);
        foreach ((string path, byte[] content) in watermarks)
        {
            await File.WriteAllBytesAsync(path, content);
        }

        await using StateStore again = await StateStore.OpenAsync(copy, _disk.Options);
        Assert.Equal(once, TreeSnapshot.OfDocuments(copy));
        Assert.Equal("2", again.ReadText("sb-1", StoreRoot.Run, null, "a.json"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_root_on_a_filesystem_that_is_not_local_is_refused(bool exists)
    {
        if (exists)
        {
            await (await _disk.OpenAsync()).DisposeAsync();
        }

        var remote = new ScriptedFileSystem { IsLocal = false };
        StoreMetadataException refused = await Assert.ThrowsAsync<StoreMetadataException>(async () => await _disk.OpenAsync(remote));
        Assert.Contains("local filesystem", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(_disk.Directory, "*", SearchOption.AllDirectories), path => !exists && path.Length > 0);
    }

    /// <summary>The store as a kill leaves it, but for a byte of its last segment's header, which its maker would have signed.</summary>
    private async Task<(StoreLayout Copy, string Segment)> DieWithHeaderAsync(int offset, byte value)
    {
        StoreLayout copy = await DieAsync();
        string segment = Segments(copy).Last();
        byte[] bytes = await File.ReadAllBytesAsync(segment);
        bytes[offset] = value;
        BitConverter.TryWriteBytes(bytes, XxHash3.HashToUInt64(bytes.AsSpan(8, 112)));
        await File.WriteAllBytesAsync(segment, bytes);
        return (copy, segment);
    }

    private async Task<StoreLayout> DieAsync()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
        return _disk.CopyAsAfterAKill();
    }

    private static string[] Segments(StoreLayout layout) =>
        [.. Directory.GetFiles(Path.Combine(layout.ConfigMetadata, "log"), "0*.log").Order(StringComparer.Ordinal)];

    /// <summary>
    /// Changes the payload of the first record and seals it as its writer would have; the one after it, whose link is broken then, is
    /// wiped.
    /// </summary>
    private static void Rewrite(byte[] segment, PayloadChange change)
    {
        Span<byte> record = segment.AsSpan(RecordFormat.BlockBytes);
        Assert.True(RecordFormat.TryReadHeader(record, BitConverter.ToUInt64(segment, 24), out RecordHeader header));
        change(record.Slice(RecordFormat.HeaderBytes, header.PayloadBytes));
        RecordFormat.Seal(record, header);
        record[RecordFormat.BlockBytes..].Clear();
    }

    /// <summary>Everything but the shared words, which say that somebody is recovering.</summary>
    private static SortedDictionary<string, string> Tree(StoreLayout layout)
    {
        SortedDictionary<string, string> tree = TreeSnapshot.Of(layout.Config, layout.Run);
        tree.Remove(Path.Combine(layout.RunMetadata, "words"));
        return tree;
    }

    private delegate void PayloadChange(Span<byte> payload);
}
