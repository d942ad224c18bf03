using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.Packs;

/// <content>What is packed and what is left out, and packings that fail.</content>
public sealed partial class BulkReaderTests
{
    [Fact]
    public async Task What_has_changed_within_two_seconds_is_not_packed()
    {
        await using StateStore store = await FillAsync();
        _fs.Later = TimeSpan.Zero;

        PackSummary packed = store.Pack();

        Assert.Equal((0, 3), (packed.Sandboxes, packed.LeftOut));
        AssertReadAsFromFiles(store, packed: 0);
    }

    [Fact]
    public async Task What_cannot_be_read_is_not_packed_and_reported_to_each_reader()
    {
        await using StateStore store = await FillAsync();
        await File.WriteAllTextAsync(_test.PathOf(StoreRoot.Run, "b/state.json"), "{", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(_test.PathOf(StoreRoot.Run, "c/link.json"), "state.json");

        PackSummary packed = store.Pack();

        Assert.Equal((1, 2), (packed.Sandboxes, packed.LeftOut));
        AssertReadAsFromFiles(store, packed: 1);
        using BulkReader reader = store.ReadInBulk();
        Assert.IsType<DocumentCorruptException>(reader.ReadAllJson("b").Single(static result => result.Error is not null).Error);
        Assert.IsType<StorageException>(reader.ReadAllJson("c").Single(static result => result.Error is not null).Error);
    }

    [Fact]
    public async Task A_document_that_a_disk_cannot_read_is_left_out_and_told_of()
    {
        await using StateStore store = await FillAsync();
        _fs.Fault = verb => verb == "Read" && _fs.Calls[^2] == "Stamp" ? Errno.InputOutput : Errno.None;
        PackSummary packed = store.Pack();
        _fs.Fault = static _ => Errno.None;

        Assert.Equal((0, 3), (packed.Sandboxes, packed.LeftOut));
        Assert.Equal(3, _messages.OfEvent(8).Count());
        AssertReadAsFromFiles(store, packed: 0);
    }

    [Theory]
    [InlineData(Errno.ProcessFileLimit)]
    [InlineData(Errno.NoMemory)]
    public async Task Where_a_process_has_no_handle_or_memory_left_the_old_pack_stands(Errno errno)
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();
        _fs.Fault = verb => verb == "OpenFile" ? errno : Errno.None;
        Assert.Equal(errno, Assert.Throws<StorageException>(() => store.Pack()).Errno);
        _fs.Fault = static _ => Errno.None;

        AssertReadAsFromFiles(store, packed: 3);
    }

    [Fact]
    public async Task A_sandbox_of_more_than_16_MiB_is_left_out()
    {
        await using StateStore store = await FillAsync();
        byte[] large = Encoding.UTF8.GetBytes($"\"{new string('x', (1024 * 1024) - 2)}\"");
        Directory.CreateDirectory(_test.PathOf(StoreRoot.Config, "c"));
        for (int i = 0; i < 16; i++)
        {
            await File.WriteAllBytesAsync(_test.PathOf(StoreRoot.Config, $"c/{i}.json"), large, TestContext.Current.CancellationToken);
        }

        PackSummary packed = store.Pack();

        Assert.Equal((2, 1), (packed.Sandboxes, packed.LeftOut));
    }

    [Fact]
    public async Task A_document_larger_than_the_store_reads_leaves_its_sandbox_out()
    {
        await using StateStore store = await FillAsync();
        _test.Options = _test.Options with { DocumentBytesMax = 1024 };
        await using StateStore small = await OpenAsync();

        PackSummary packed = small.Pack();

        Assert.Equal((2, 1), (packed.Sandboxes, packed.LeftOut));
    }

    [Fact]
    public async Task A_container_that_goes_while_it_is_packed_leaves_its_sandbox_out_without_a_word()
    {
        await using StateStore store = await FillAsync();
        string container = _test.PathOf(StoreRoot.Run, "b/web");
        _fs.BeforeStamp = path =>
        {
            if (path == container)
            {
                Directory.Delete(container, recursive: true); // it is open already
            }
        };

        PackSummary packed = store.Pack();

        _fs.BeforeStamp = static _ => { };
        Assert.Equal((2, 1), (packed.Sandboxes, packed.LeftOut));
        Assert.Empty(_messages.OfEvent(8));
        AssertReadAsFromFiles(store, packed: 2);
    }

    [Fact]
    public async Task What_is_mounted_over_a_document_while_it_is_packed_is_not_taken_for_it()
    {
        await using StateStore store = await FillAsync();
        _fs.Mounted = path => path.EndsWith("b/state.json", StringComparison.Ordinal) ? _test.PathOf(StoreRoot.Run, "a/state.json") : null;
        Assert.Equal(0, store.Pack().LeftOut);
        _fs.Mounted = static _ => null;

        AssertReadAsFromFiles(store, packed: 2);
    }

    [Fact]
    public async Task On_a_filesystem_of_an_unknown_kind_there_is_no_pack()
    {
        await using StateStore store = await FillAsync();
        _fs.Kind = "0x00004d44"; // FAT: no time of the last change

        StorageException failure = Assert.Throws<StorageException>(() => store.Pack());

        Assert.Equal(Errno.NotSupported, failure.Errno);
        Assert.Contains("0x00004d44", failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(PackFile));
    }

    [Fact]
    public async Task A_pack_that_cannot_be_written_leaves_the_old_one_and_nothing_else()
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();
        byte[] before = await File.ReadAllBytesAsync(PackFile, TestContext.Current.CancellationToken);
        string[] files = FilesOf(_test.Metadata);
        for (int write = 1; write <= 7; write++) // header, three sandboxes, index, header
        {
            int left = write;
            _fs.Fault = verb => verb == "Write" && --left == 0 ? Errno.NoSpace : Errno.None;
            Exception? failure = Record.Exception(() => store.Pack());
            _fs.Fault = static _ => Errno.None;
            Assert.True(failure is StorageException { Errno: Errno.NoSpace } || left > 0, $"write {write}: {failure}");
            Assert.Equal(files, FilesOf(_test.Metadata));
        }

        _fs.Fault = static verb => verb == "Rename" ? Errno.InputOutput : Errno.None;
        Assert.Throws<StorageException>(() => store.Pack());
        _fs.Fault = static _ => Errno.None;
        Assert.Equal(before, await File.ReadAllBytesAsync(PackFile, TestContext.Current.CancellationToken));
        Assert.Equal(files, FilesOf(_test.Metadata));
        AssertReadAsFromFiles(store, packed: 3);
    }

    [Fact]
    public async Task Where_the_times_of_files_or_the_run_of_the_machine_are_not_known_there_is_no_pack()
    {
        await using StateStore store = await FillAsync();
        _fs.Fault = static verb => verb == "Stamp" ? Errno.NotImplemented : Errno.None;
        Assert.Equal(Errno.NotImplemented, Assert.Throws<StorageException>(() => store.Pack()).Errno);
        _fs.Fault = static _ => Errno.None;
        _fs.BootId = "";
        Assert.Contains("boot_id", Assert.Throws<StorageException>(() => store.Pack()).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(PackFile));
    }

    [Fact]
    public async Task Packing_can_be_cancelled()
    {
        await using StateStore store = await FillAsync();
        string[] files = FilesOf(_test.Metadata);

        Assert.Throws<OperationCanceledException>(() => store.Pack(new CancellationToken(canceled: true)));

        Assert.Equal(files, FilesOf(_test.Metadata));
    }

    [Fact]
    public async Task A_packing_that_is_cancelled_midway_leaves_the_old_pack()
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();
        byte[] before = await File.ReadAllBytesAsync(PackFile, TestContext.Current.CancellationToken);
        using var ending = new CancellationTokenSource();
        _fs.Fault = verb =>
        {
            if (verb == "Write")
            {
                ending.Cancel();
            }

            return Errno.None;
        };

        Assert.Throws<OperationCanceledException>(() => store.Pack(ending.Token));

        _fs.Fault = static _ => Errno.None;
        Assert.Equal(before, await File.ReadAllBytesAsync(PackFile, TestContext.Current.CancellationToken));
        AssertReadAsFromFiles(store, packed: 3);
    }
}
