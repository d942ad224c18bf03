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

public sealed class WatermarkTests : IDisposable
{
    private const int UsedBytes = 88;

    private readonly TempDirectory _temp = new();
    private readonly ScriptedFileSystem _scripted = new();
    private readonly DirectoryHandle _directory;
    private readonly Watermark _watermark;

    public WatermarkTests()
    {
        Assert.Equal(Errno.None, _scripted.OpenRoot(_temp.Path, out DirectoryHandle? directory));
        _directory = directory!;
        _watermark = new Watermark(_scripted, _directory);
    }

    public void Dispose()
    {
        _directory.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void The_files_are_written_in_turn_and_a_torn_one_gives_way_to_the_one_before()
    {
        Assert.Null(_watermark.Read());
        Make(1);
        for (int lsn = 2; lsn <= 5; lsn++)
        {
            _watermark.Write(At(lsn));
            Assert.Equal(At(lsn), _watermark.Read());
            string newest = Files.OrderByDescending(static path => BitConverter.ToInt64(File.ReadAllBytes(path), 24)).First();
            byte[] whole = File.ReadAllBytes(newest);
            for (int at = 0; at < UsedBytes; at += 8)
            {
                Tear(newest, at);
                Assert.Equal(At(lsn - 1), _watermark.Read());
                File.WriteAllBytes(newest, whole);
            }
        }
    }

    [Fact]
    public void All_of_a_state_is_read_as_it_was_written_and_no_write_changes_a_size()
    {
        var life = new LifeId(7, Guid.NewGuid());
        ParkedEntry[] parked = [.. Enumerable.Range(0, 110).Select(static number =>
            new ParkedEntry(new string('s', 128 - (number % 3)), new Lsn(number), (ulong)number * 0x9E37_79B9_7F4A_7C15))];
        var state = new WatermarkState(new Lsn(9), life, new LifeId(8, Guid.NewGuid()), [.. parked]);
        Make(1);
        Assert.True(state.Fits);
        _watermark.Write(state);
        Assert.Equal(state, _watermark.Read());
        Assert.False((state with { Parked = [.. parked, .. parked] }).Fits);
        Assert.All(Files, static path => Assert.Equal(16 * 1024, new FileInfo(path).Length));
    }

    [Fact]
    public void Two_torn_files_are_reported()
    {
        Make(1);
        _watermark.Write(At(2));
        Array.ForEach(Files, static path => Tear(path, 24));
        Assert.StartsWith(_temp.Path, Assert.Throws<LogCorruptException>(() => _watermark.Read()).Path, StringComparison.Ordinal);
        Assert.Throws<LogCorruptException>(() => _watermark.Write(At(3)));
    }

    [Fact]
    public void A_file_of_another_kind_is_none_although_its_checksum_is_right()
    {
        Make(1);
        foreach (string path in Files)
        {
            byte[] bytes = File.ReadAllBytes(path);
            bytes[8] ^= 1; // the magic number
            BitConverter.TryWriteBytes(bytes, XxHash3.HashToUInt64(bytes.AsSpan(8, UsedBytes - 8)));
            File.WriteAllBytes(path, bytes);
        }

        Assert.Throws<LogCorruptException>(() => _watermark.Read());
    }

    [Fact]
    public void A_file_under_the_other_one_s_name_does_not_count()
    {
        Make(1);
        _watermark.Write(At(2));
        File.Copy(Path.Combine(_temp.Path, "watermark.1"), Path.Combine(_temp.Path, "watermark.0"), overwrite: true);
        Assert.Equal(At(2), _watermark.Read());
        _watermark.Write(At(3));
        Assert.Equal(At(3), _watermark.Read());
    }

    [Fact]
    public void A_hardened_watermark_is_written_and_synced_as_it_was_read()
    {
        Make(1);
        _watermark.Write(At(2)); // into watermark.1
        var calls = new List<string>();
        _scripted.Before = call =>
        {
            if (call.Verb is nameof(IDurableFileSystem.Write) or nameof(IDurableFileSystem.SyncData))
            {
                calls.Add($"{call.Verb} {Path.GetFileName(call.Path)}");
            }

            return Errno.None;
        };
        _watermark.Harden();
        _watermark.Restore(At(3), AtomicFile.DefaultMode);
        Assert.Equal(["Write watermark.1", "SyncData watermark.1", "Write watermark.0", "SyncData watermark.0"], calls);
        Assert.Equal(At(3), _watermark.Read());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_another_process_has_written_is_made_durable_before_the_other_file_is_overwritten(bool isOpening)
    {
        Make(1);
        _watermark.Write(At(2)); // into watermark.1; its process may have died before the sync
        var other = new Watermark(_scripted, _directory);
        var calls = new List<string>();
        _scripted.Before = call =>
        {
            if (call.Verb is nameof(IDurableFileSystem.Write) or nameof(IDurableFileSystem.SyncData))
            {
                calls.Add($"{call.Verb} {Path.GetFileName(call.Path)}");
            }

            return Errno.None;
        };
        if (isOpening)
        {
            other.Restore(At(3), AtomicFile.DefaultMode);
        }
        else
        {
            other.Write(At(3));
        }

        other.Write(At(4));
        string[] first = ["Write watermark.1", "SyncData watermark.1", "Write watermark.0", "SyncData watermark.0"];
        Assert.Equal([.. first, "Write watermark.1", "SyncData watermark.1"], calls);
        Assert.Equal(At(4), _watermark.Read());
    }

    [Fact]
    public void A_missing_file_is_made_again_by_the_next_opening()
    {
        Make(4);
        File.Delete(Path.Combine(_temp.Path, "watermark.1"));
        Assert.NotNull(_watermark.Read());
        _watermark.Restore(At(5), AtomicFile.DefaultMode);
        Assert.Equal(At(5), _watermark.Read());
        Assert.Equal(2, Files.Length);
        Assert.Equal(2, Directory.GetFiles(_temp.Path).Length);
    }

    [Fact]
    public void A_watermark_that_cannot_be_opened_or_read_is_an_error_and_not_a_missing_one()
    {
        Make(5);
        foreach (string verb in new[] { nameof(IDurableFileSystem.OpenFile), nameof(IDurableFileSystem.Read) })
        {
            _scripted.Before = call => call.Verb == verb ? Errno.InputOutput : Errno.None;
            Assert.Equal(Errno.InputOutput, Assert.Throws<StorageException>(() => _watermark.Read()).Errno);
            Assert.Equal(Errno.InputOutput, Assert.Throws<StorageException>(() => _watermark.Write(At(6))).Errno);
        }
    }

    [Theory]
    [InlineData(nameof(IDurableFileSystem.Write), int.MaxValue, Errno.InputOutput)]
    [InlineData(nameof(IDurableFileSystem.SyncData), int.MaxValue, Errno.InputOutput)]
    [InlineData("", 10, Errno.NoSpace)]
    public void A_file_that_may_not_be_on_the_disk_is_reported_as_a_failed_sync(string failing, int largestWrite, Errno expected)
    {
        Make(1);
        _scripted.LargestWrite = largestWrite;
        var calls = new List<string>();
        _scripted.Before = call =>
        {
            calls.Add(call.Verb);
            return call.Verb == failing ? Errno.InputOutput : Errno.None;
        };
        Assert.Equal(expected, Assert.Throws<SyncFailedException>(() => _watermark.Write(At(2))).Errno);
        Assert.Equal(failing == nameof(IDurableFileSystem.SyncData), calls.Contains(nameof(IDurableFileSystem.SyncData)));
    }

    [Theory]
    [InlineData(Errno.NoSpace)]
    [InlineData(Errno.QuotaExceeded)]
    public void A_write_that_finds_no_space_changes_nothing(Errno lack)
    {
        Make(1);
        _scripted.Before = call => call.Verb == nameof(IDurableFileSystem.Write) ? lack : Errno.None;
        Assert.Equal(lack, Assert.Throws<StorageException>(() => _watermark.Write(At(2))).Errno);
        Assert.Equal(At(1), _watermark.Read());
    }

    [Theory]
    [InlineData(StoreRoot.Config)]
    [InlineData(StoreRoot.Run)]
    public async Task A_watermark_that_cannot_be_written_faults_the_store(StoreRoot root)
    {
        using var test = new TestStore();
        var scripted = new ScriptedFileSystem();
        await using StateStore store = await test.OpenAsync(scripted);
        await store.CreateAsync("sb");
        string metadata = root == StoreRoot.Config ? store.Layout.ConfigMetadata : store.Layout.RunMetadata;
        scripted.Before = call =>
            call.Verb == nameof(IDurableFileSystem.Write) && call.Path.StartsWith(metadata + "/watermark", StringComparison.Ordinal)
                ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<StoreFaultedException>(async () => await store.CheckpointAsync(TestContext.Current.CancellationToken));
        Assert.True(store.IsFaulted);
    }

    private static WatermarkState At(int lsn) => new(new Lsn(lsn), new LifeId(1, new Guid(1, 2, 3, new byte[8])), null, []);

    private static void Tear(string path, int offset)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[offset] ^= 0x40;
        File.WriteAllBytes(path, bytes);
    }

    private string[] Files => Directory.GetFiles(_temp.Path, "watermark.*");

    private void Make(int lsn) => _watermark.Restore(At(lsn), AtomicFile.DefaultMode);
}
