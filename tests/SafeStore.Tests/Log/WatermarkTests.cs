using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Hashing;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using SafeStore.Vocabulary;
using Xunit;

namespace SafeStore.Tests.Log;

public sealed class WatermarkTests : IDisposable
{
    private const int SlotBytes = 32;

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

    private string FilePath => Path.Combine(_temp.Path, Watermark.FileName);

    public void Dispose()
    {
        _directory.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void Slots_are_written_in_turn_and_a_torn_one_gives_way_to_the_one_before()
    {
        Assert.Null(_watermark.Read());
        _watermark.Create(new AtomicFile(_scripted), new Lsn(1));
        for (int lsn = 2; lsn <= 5; lsn++)
        {
            _watermark.Advance(new Lsn(lsn));
            Assert.Equal(new Lsn(lsn), _watermark.Read());
            byte[] whole = File.ReadAllBytes(FilePath);
            for (int at = 0; at < SlotBytes; at += 8)
            {
                Tear(NewestSlotOf(whole) + at);
                Assert.Equal(new Lsn(lsn - 1), _watermark.Read());
                File.WriteAllBytes(FilePath, whole);
            }
        }
    }

    [Fact]
    public void Two_torn_slots_are_reported_with_the_file()
    {
        _watermark.Create(new AtomicFile(_scripted), new Lsn(1));
        _watermark.Advance(new Lsn(2));
        Tear(24);
        Tear(RecordFormat.BlockBytes + 24);
        Assert.Equal(FilePath, Assert.Throws<LogCorruptException>(() => _watermark.Read()).Path);
        Assert.Throws<LogCorruptException>(() => _watermark.Advance(new Lsn(3)));
    }

    [Fact]
    public void A_slot_of_another_kind_is_no_slot_although_its_checksum_is_right()
    {
        _watermark.Create(new AtomicFile(_scripted), new Lsn(1));
        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes[8] ^= 1; // the magic number
        BitConverter.TryWriteBytes(bytes, XxHash3.HashToUInt64(bytes.AsSpan(8, SlotBytes - 8)));
        File.WriteAllBytes(FilePath, bytes);
        Assert.Throws<LogCorruptException>(() => _watermark.Read());
    }

    [Fact]
    public void A_watermark_that_does_not_rise_is_not_written()
    {
        _watermark.Create(new AtomicFile(_scripted), new Lsn(5));
        byte[] before = File.ReadAllBytes(FilePath);
        _watermark.Advance(new Lsn(5));
        _watermark.Advance(new Lsn(4));
        Assert.Equal(before, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void A_watermark_that_cannot_be_opened_or_read_is_an_error_and_not_a_missing_one()
    {
        _watermark.Create(new AtomicFile(_scripted), new Lsn(5));
        foreach (string verb in new[] { nameof(IDurableFileSystem.OpenFile), nameof(IDurableFileSystem.Read) })
        {
            _scripted.Before = call => call.Verb == verb ? Errno.InputOutput : Errno.None;
            Assert.Equal(Errno.InputOutput, Assert.Throws<StorageException>(() => _watermark.Read()).Errno);
            Assert.Equal(Errno.InputOutput, Assert.Throws<StorageException>(() => _watermark.Advance(new Lsn(6))).Errno);
        }
    }

    [Theory]
    [InlineData(nameof(IDurableFileSystem.Write), int.MaxValue, Errno.InputOutput)]
    [InlineData(nameof(IDurableFileSystem.SyncData), int.MaxValue, Errno.InputOutput)]
    [InlineData("", 10, Errno.NoSpace)]
    public void A_slot_that_may_not_be_on_the_disk_is_reported_as_a_failed_sync(string failing, int largestWrite, Errno expected)
    {
        _watermark.Create(new AtomicFile(_scripted), new Lsn(1));
        _scripted.LargestWrite = largestWrite;
        var calls = new List<string>();
        _scripted.Before = call =>
        {
            calls.Add(call.Verb);
            return call.Verb == failing ? Errno.InputOutput : Errno.None;
        };
        Assert.Equal(expected, Assert.Throws<SyncFailedException>(() => _watermark.Advance(new Lsn(2))).Errno);
        Assert.Equal(failing == nameof(IDurableFileSystem.SyncData), calls.Contains(nameof(IDurableFileSystem.SyncData)));
    }

    [Fact]
    public async Task A_watermark_that_cannot_be_written_faults_the_store()
    {
        using var test = new TestStore();
        var scripted = new ScriptedFileSystem();
        await using StateStore store = await test.OpenAsync(scripted);
        await store.CreateAsync("sb");
        scripted.Before = static call =>
            call.Verb == nameof(IDurableFileSystem.Write) && call.Path.EndsWith("/watermark", StringComparison.Ordinal) ? Errno.InputOutput
            : Errno.None;
        await Assert.ThrowsAsync<StoreFaultedException>(async () => await store.CheckpointAsync(TestContext.Current.CancellationToken));
        Assert.True(store.IsFaulted);
    }

    private static int NewestSlotOf(byte[] file) =>
        BitConverter.ToInt64(file, 16) > BitConverter.ToInt64(file, RecordFormat.BlockBytes + 16) ? 0 : RecordFormat.BlockBytes;

    private void Tear(int offset)
    {
        byte[] bytes = File.ReadAllBytes(FilePath);
        bytes[offset] ^= 0x40;
        File.WriteAllBytes(FilePath, bytes);
    }
}
