using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Hashing;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using SafeStore.Vocabulary;
using Xunit;

namespace SafeStore.Tests.Log;

/// <summary>How segments are made, begun, retired and kept as spares.</summary>
public sealed class SegmentTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();

    private string LogPath => Path.Combine(_test.Metadata, "log");

    private string Segment => Files("0").Single();

    private string Spare => Files("spare-").Single();

    public void Dispose() => _test.Dispose();

    [Fact]
    public void The_bytes_of_a_segment_header_are_those_of_the_format()
    {
        var header = new SegmentHeader(
            0x1122334455667788, new Lsn(9), new Lsn(8), 0x99, 65536,
            new StoreIdentity(
                new Guid("00010203-0405-0607-0809-0a0b0c0d0e0f"), new Guid("10111213-1415-1617-1819-1a1b1c1d1e1f"),
                new Guid("20212223-2425-2627-2829-2a2b2c2d2e2f")),
            new Lsn(7));
        byte[] bytes = header.Encode();
        Assert.Equal(4096, bytes.Length);
        Assert.Equal(XxHash3.HashToUInt64(bytes.AsSpan(8, 112)), BitConverter.ToUInt64(bytes));
        Assert.Equal(
            "5353544F53454731" + "01000000" + "00000000" + "8877665544332211" + "0900000000000000" + "9900000000000000" + "0000010000000000"
            + "000102030405060708090A0B0C0D0E0F" + "101112131415161718191A1B1C1D1E1F" + "202122232425262728292A2B2C2D2E2F"
            + "0800000000000000" + "0700000000000000",
            Convert.ToHexString(bytes.AsSpan(8, 112)));
        Assert.Equal(-1, bytes.AsSpan(120).IndexOfAnyExcept((byte)0));
        Assert.Equal(header, SegmentHeader.TryDecode(bytes));
        Assert.Equal(header, SegmentHeader.TryDecode(bytes.AsSpan(0, 120)));
    }

    [Fact]
    public void A_header_of_another_kind_version_length_or_checksum_is_none()
    {
        byte[] bytes = new SegmentHeader(1, new Lsn(1), default, 0, 65536, new StoreIdentity(default, default, default)).Encode();
        Assert.Null(SegmentHeader.TryDecode(bytes.AsSpan(0, 119)));
        foreach (int at in new[] { 0, 8, 16, 119 })
        {
            byte[] other = [.. bytes];
            other[at] ^= 2;
            Assert.Null(SegmentHeader.TryDecode(other));
            BitConverter.TryWriteBytes(other, XxHash3.HashToUInt64(other.AsSpan(8, 112)));
            Assert.Equal(at is 0 or 119, SegmentHeader.TryDecode(other) is not null);
        }
    }

    /// <summary>Reading a sparse file of such a size would not end in a day.</summary>
    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(0L)]
    [InlineData(4096L)]
    [InlineData(65536L + 8)]
    [InlineData((1L << 32) + 4096)]
    [InlineData(1L << 62)]
    public void A_header_of_a_size_that_no_segment_has_is_none(long size) => Assert.Null(SegmentHeader.TryDecode(
        new SegmentHeader(1, new Lsn(1), default, 0, size, new StoreIdentity(default, default, default)).Encode()));

    [Fact]
    public async Task A_new_segment_is_full_of_zeros_and_durable_with_its_name_before_a_record_is_in_it()
    {
        const int SegmentBytes = 320 * 1024; // zeros are written 256 KiB at a time
        _test.Options = _test.Options with { SegmentBytes = SegmentBytes };
        await using StateStore store = await OpenAsync();
        File.Delete(Spare);
        await PutAsync(store);
        var calls = new List<FileSystemCall>();
        _scripted.Before = call =>
        {
            calls.Add(call);
            return Errno.None;
        };
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        await PutAsync(store);
        Assert.Equal(SegmentBytes, new FileInfo(Segment).Length);

        Assert.Equal(
            ["Allocate", "Write", "Write", "SyncFile", "Write", "SyncData", "Rename", "SyncDirectory",
            /* the old one retires */ "SyncDirectory", "Write", "SyncData"],
            calls.Where(static call => call is
            {
                IsOnLog: true,
                Verb: "Allocate" or "Write" or "SyncFile" or "Rename" or "SyncDirectory" or "SyncData"
            }).Select(static call => call.Verb));
    }

    [Fact]
    public async Task A_store_keeps_one_spare_which_becomes_the_next_segment_and_a_retired_one_takes_its_place()
    {
        await using StateStore store = await OpenAsync();
        var names = new HashSet<string>();
        for (int i = 0; i < 3; i++)
        {
            await PutAsync(store);
            (string segment, string spare) = (InodeOf(Segment), InodeOf(Spare));
            names.Add(Spare);
            await store.CheckpointAsync(TestContext.Current.CancellationToken);
            Assert.Equal((spare, segment), (InodeOf(Segment), InodeOf(Spare)));
        }

        Assert.Equal(3, names.Count);
        Assert.Empty(Files("prepare-"));
    }

    [Fact]
    public async Task A_retired_segment_loses_its_name_durably_before_it_is_a_spare_and_goes_when_there_are_two()
    {
        _test.Options = _test.Options with { LogBytesMax = 2 * _test.Options.SegmentBytes };
        await using StateStore store = await OpenAsync();
        await PutAsync(store);
        var calls = new List<string>();
        string[] others = [Path.Combine(LogPath, "spare-one.log"), Path.Combine(LogPath, "spare-two.log")];
        bool areOthersDue = false;
        _scripted.Before = call =>
        {
            if (call is { IsOnLog: true, Verb: "RenameNoReplace" or "SyncDirectory" or "Unlink" })
            {
                calls.Add(call.Path == LogPath ? call.Verb : $"{call.Verb} {Path.GetFileName(call.Path)[..5]}");
                if (areOthersDue)
                {
                    // another process makes them
                    Array.ForEach(others, path => File.WriteAllBytes(path, new byte[_test.Options.SegmentBytes]));
                }
            }

            return Errno.None;
        };
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["SyncDirectory", "RenameNoReplace prepa", "SyncDirectory", "RenameNoReplace spare"], calls);

        calls.Clear();
        await PutAsync(store);
        areOthersDue = true;
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["SyncDirectory", "RenameNoReplace prepa", "SyncDirectory", "Unlink prepa"], calls);
        Assert.Subset(Files("spare-").ToHashSet(), others.ToHashSet());
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(3, 3)]
    [InlineData(1000, 8)]
    public void Of_several_retired_segments_as_many_are_kept_as_the_log_may_fill_before_its_checkpoint(int logSegmentsMax, int spares)
    {
        const int SegmentBytes = 16 * 1024;
        Assert.Equal(Errno.None, _scripted.OpenRoot(_test.Directory, out DirectoryHandle? handle));
        using (handle)
        {
            var directory = new LogDirectory(_scripted, handle!, SegmentBytes, logSegmentsMax * SegmentBytes);
            Lsn[] segments = [.. Enumerable.Range(1, 12).Select(static first => new Lsn(first))];
            foreach (Lsn first in segments)
            {
                directory.Start(new SegmentHeader(1, first, first.Previous, 0, SegmentBytes, new StoreIdentity(default, default, default)))
                    .Dispose();
            }

            directory.Release(directory.Detach(segments));
            Assert.Equal(spares, Directory.GetFiles(_test.Directory, "spare-*.log").Length);
            Assert.Equal(spares, Directory.GetFiles(_test.Directory).Length);
        }
    }

    [Fact]
    public async Task A_segment_of_another_size_is_never_a_spare()
    {
        await using StateStore store = await OpenAsync();
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "n", "\"" + new string('x', 100_000) + "\""));
        File.Delete(Files("spare-").SingleOrDefault() ?? "/nothing");
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.All(Files("spare-"), path => Assert.Equal(_test.Options.SegmentBytes, new FileInfo(path).Length));
        string small = Path.Combine(LogPath, "spare-0000000000000000.log");
        Array.ForEach(Files("spare-"), File.Delete);
        await File.WriteAllBytesAsync(small, new byte[4096], TestContext.Current.CancellationToken);
        await PutAsync(store);
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.Equal(_test.Options.SegmentBytes, new FileInfo(Segment).Length);
        Assert.True(File.Exists(small));
    }

    [Fact]
    public async Task What_was_being_prepared_and_second_names_of_segments_are_swept_and_true_spares_kept()
    {
        await using (StateStore store = await OpenAsync())
        {
            await PutAsync(store);
        }

        string spare = Spare;
        string prepared = Path.Combine(LogPath, "prepare-0123456789abcdef.tmp");
        string second = Path.Combine(LogPath, "spare-0123456789abcdef.log");
        await File.WriteAllBytesAsync(prepared, new byte[10], TestContext.Current.CancellationToken);
        using (var link = System.Diagnostics.Process.Start("ln", [Segment, second]))
        {
            await link.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.True(File.Exists(second));
        await using StateStore again = await _test.OpenAsync();
        Assert.False(File.Exists(prepared) || File.Exists(second));
        Assert.Equal(spare, Spare);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(4096 + 65536 - 4)] // over the end of what is looked at in one piece
    [InlineData(4096 + (2 * 65536) - 12)]
    [InlineData((160 * 1024) - 8)]
    public async Task An_empty_segment_is_used_on_unless_something_was_ever_written_behind_its_header(int trace)
    {
        _test.Options = _test.Options with { SegmentBytes = 160 * 1024 };
        await using (StateStore store = await OpenAsync())
        {
            await PutAsync(store);
        }

        byte[] empty = await File.ReadAllBytesAsync(Segment, TestContext.Current.CancellationToken);
        await (await _test.OpenAsync()).DisposeAsync();
        Assert.Equal(empty, await File.ReadAllBytesAsync(Segment, TestContext.Current.CancellationToken));
        empty.AsSpan(24, 8).CopyTo(empty.AsSpan(trace)); // the salt of a record that never counted
        await File.WriteAllBytesAsync(Segment, empty, TestContext.Current.CancellationToken);
        await (await _test.OpenAsync()).DisposeAsync();
        byte[] fresh = await File.ReadAllBytesAsync(Segment, TestContext.Current.CancellationToken);
        Assert.False(empty.AsSpan(24, 8).SequenceEqual(fresh.AsSpan(24, 8)), "the segment and its salt were used again");
    }

    [Theory]
    [InlineData(5000)]
    [InlineData(0)]
    public async Task Zeros_that_the_kernel_takes_in_pieces_are_all_written_and_a_write_of_nothing_means_no_space(int largestWrite)
    {
        await using StateStore store = await OpenAsync();
        File.Delete(Spare);
        await PutAsync(store);
        _scripted.Before = call =>
        {
            _scripted.LargestWrite = call.Path.Contains("/prepare-", StringComparison.Ordinal) ? largestWrite : int.MaxValue;
            return Errno.None;
        };
        if (largestWrite == 0)
        {
            Assert.Equal(
                Errno.NoSpace,
                (await Assert.ThrowsAsync<StorageException>(async () => await store.CheckpointAsync(TestContext.Current.CancellationToken)))
                .Errno);
            Assert.Empty(Files("prepare-"));
            return;
        }

        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        await PutAsync(store);
        Assert.Equal(_test.Options.SegmentBytes, new FileInfo(Segment).Length);
    }

    [Fact]
    public async Task No_process_appends_while_another_does()
    {
        _test.Options = _test.Options with { LockTimeout = StoreCalls.Once };
        await using StateStore other = await _test.OpenAsync();
        await using StateStore store = await OpenAsync();
        await other.CreateAsync("other");
        Exception? failure = null;
        var locks = new List<string>();
        _scripted.Before = call =>
        {
            if (call.Verb is nameof(IDurableFileSystem.TryLock) or nameof(IDurableFileSystem.Unlock))
            {
                locks.Add($"{call.Verb} {Path.GetFileName(call.Path)}");
            }

            if (call.IsAppend && failure is null)
            {
                failure = Record.Exception(
                    () => other.ChangeAsync("other", static change => change.PutText(StoreRoot.Run, null, "n", "1")).GetAwaiter()
                    .GetResult());
            }

            return Errno.None;
        };
        await PutAsync(store);
        Assert.EndsWith("/store.json", Assert.IsType<LockTimeoutException>(failure).Path, StringComparison.Ordinal);
        Assert.Contains("TryLock store.json#1", locks); // the log's
    }

    [Theory]
    [InlineData(Errno.NoDevice)]
    [InlineData(Errno.NotSupported)]
    [InlineData(Errno.InputOutput)]
    public async Task A_filesystem_that_cannot_map_is_read_instead_and_other_errors_are_reported(Errno errno)
    {
        await using (await _test.OpenAsync())
        {
        }

        _scripted.Before = call => call.Verb == nameof(IDurableFileSystem.MapWords) ? errno : Errno.None;
        if (errno == Errno.InputOutput)
        {
            Assert.Equal(errno, (await Assert.ThrowsAsync<StorageException>(async () => await _test.OpenAsync(_scripted))).Errno);
            return;
        }

        await using StateStore store = await OpenAsync();
        await using StateStore other = await _test.OpenAsync(_scripted);
        Lsn first = await PutAsync(other);
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            [first.Next, first.Next.Next, first.Next.Next.Next], [await PutAsync(other), await PutAsync(store), await PutAsync(other)]);
        await using (StateStore recovered = await StateStore.OpenAsync(_test.CopyAsAfterAKill(), _test.Options))
        {
            Assert.Equal(first.Value + 4, (await PutAsync(recovered)).Value);
        }

        _scripted.Before = static call => call.IsSync ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<StoreFaultedException>(() => PutAsync(other));
        _scripted.Before = null;
        Assert.True(store.IsFaulted);
    }

    [Fact]
    public async Task A_shared_word_that_cannot_be_written_refuses_the_commit()
    {
        await using StateStore store = await OpenAsync();
        await using StateStore other = await _test.OpenAsync();
        foreach (Errno errno in new[] { Errno.InputOutput, Errno.None })
        {
            await PutAsync(other); // so that the first is not the last who appended
            _scripted.Before = call =>
            {
                bool isShared = call.Verb == nameof(IDurableFileSystem.Write) && call.Path.EndsWith("/words", StringComparison.Ordinal);
                _scripted.LargestWrite = isShared ? 4 : int.MaxValue;
                return isShared ? errno : Errno.None;
            };
            StorageException failure = await Assert.ThrowsAsync<StorageException>(() => PutAsync(store));
            Assert.Equal(errno == Errno.None ? Errno.NoSpace : errno, failure.Errno);
            _scripted.Before = null;
            _scripted.LargestWrite = int.MaxValue;
        }

        await PutAsync(store);
    }

    private static Task<Lsn> PutAsync(StateStore store) =>
        store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "n", "1"));

    private static string InodeOf(string path)
    {
        using var stat =
            System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("stat", ["--format=%i", path]) { RedirectStandardOutput = true })!;
        string inode = stat.StandardOutput.ReadToEnd();
        stat.WaitForExit();
        return inode;
    }

    private async Task<StateStore> OpenAsync()
    {
        StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb");
        return store;
    }

    private string[] Files(string prefix) => Directory.GetFiles(LogPath, prefix + "*");
}
