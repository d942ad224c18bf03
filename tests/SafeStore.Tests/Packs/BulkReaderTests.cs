using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Packs;

public sealed partial class BulkReaderTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly FaultyFileSystem _fs = new(new PosixFileSystem()) { Later = TimeSpan.FromMinutes(1) };
    private readonly Messages _messages = new();

    private string PackFile => Path.Combine(_test.Metadata, "pack");

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task What_is_packed_is_read_in_bulk_as_from_the_files()
    {
        await using StateStore store = await FillAsync();

        PackSummary packed = store.Pack();

        Assert.Equal((3, 0, new FileInfo(PackFile).Length), (packed.Sandboxes, packed.LeftOut, packed.Bytes));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PackFile));
        AssertReadAsFromFiles(store, packed: 3);
        using BulkReader reader = store.ReadInBulk();
        Assert.Equal(store.ListDocuments("b"), reader.ReadAllJson("b").Select(static result => result.Document));
        Assert.Empty(reader.ReadAllJson("missing"));
        Assert.Throws<ArgumentException>(() => reader.ReadAllJson("../b"));
    }

    [Fact]
    public async Task Another_process_reads_what_one_has_packed()
    {
        await using (StateStore store = await FillAsync())
        {
            _ = store.Pack();
        }

        await using StateStore again = await OpenAsync();
        AssertReadAsFromFiles(again, packed: 3);
    }

    [Fact]
    public async Task Without_a_pack_the_files_are_read()
    {
        await using StateStore store = await FillAsync();

        AssertReadAsFromFiles(store, packed: 0);
        Assert.Empty(_messages.OfEvent(10));
    }

    public static TheoryData<string> Changes => new(s_changes.Keys);

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_has_changed_since_is_read_from_its_files_and_the_rest_from_the_pack(string change)
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();

        await s_changes[change](this, store);

        AssertReadAsFromFiles(store, packed: 2);
    }

    [Fact]
    public async Task A_sandbox_that_has_come_or_gone_since_is_seen()
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();

        await store.CreateAsync("d", static change => change.PutText(StoreRoot.Run, null, "state.json", "4"));
        AssertReadAsFromFiles(store, packed: 3);
        await store.ChangeAsync("a", static change => change.RemoveSandbox());
        AssertReadAsFromFiles(store, packed: 2);
        Directory.Move(_test.PathOf(StoreRoot.Config, "b"), _test.PathOf(StoreRoot.Config, "e"));
        AssertReadAsFromFiles(store, packed: 1);
    }

    [Fact]
    public async Task Where_a_stamp_cannot_be_taken_the_files_are_read()
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();
        _fs.Fault = static verb => verb == "Stamp" ? Errno.AccessDenied : Errno.None;

        AssertReadAsFromFiles(store, packed: 0);
    }

    [Fact]
    public async Task A_directory_of_the_pack_s_name_is_somebody_else_s_affair()
    {
        await using StateStore store = await FillAsync();
        Directory.CreateDirectory(PackFile);
        StoreLayout layout = _test.CopyAsAfterAKill();

        await using StateStore next = await StateStore.OpenAsync(layout, _test.Options);

        Assert.True(Directory.Exists(Path.Combine(layout.ConfigMetadata, "pack")));
        AssertReadAsFromFiles(store, packed: 0);
        Assert.Throws<StorageException>(() => store.Pack());
    }

    [Fact]
    public async Task The_pack_of_a_store_that_was_not_closed_in_order_is_removed()
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();
        StoreLayout layout = _test.CopyAsAfterAKill();
        Assert.True(File.Exists(Path.Combine(layout.ConfigMetadata, "pack")));

        await using StateStore next = await StateStore.OpenAsync(layout, _test.Options);

        Assert.False(File.Exists(Path.Combine(layout.ConfigMetadata, "pack")));
    }

    [Fact]
    public async Task A_document_larger_than_a_store_reads_is_refused_whatever_the_pack_holds()
    {
        await using (StateStore store = await FillAsync())
        {
            await store.ChangeAsync("b", static change => change.PutText(StoreRoot.Config, null, "config.json", $"\"{new string('x', 3000)}\""));
            Assert.Equal(0, store.Pack().LeftOut);
        }

        _test.Options = _test.Options with { DocumentBytesMax = 1024 };
        await using StateStore small = await OpenAsync();
        using BulkReader reader = small.ReadInBulk();
        Assert.IsType<DocumentTooLargeException>(reader.ReadAllJson("b").Single(static result => result.Error is not null).Error);
    }

    [Theory]
    [InlineData(20, 0)] // the header
    [InlineData(200, 2)] // the first sandbox
    [InlineData(-20, 0)] // the index
    public async Task A_damaged_pack_is_not_believed_and_told_of(int position, int packed)
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();
        byte[] bytes = await File.ReadAllBytesAsync(PackFile, TestContext.Current.CancellationToken);
        bytes[position < 0 ? bytes.Length + position : position] ^= 1;
        await File.WriteAllBytesAsync(PackFile, bytes, TestContext.Current.CancellationToken);

        AssertReadAsFromFiles(store, packed);

        Assert.Contains(_messages.OfEvent(10), text => text.Contains(PackFile, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(400)]
    public async Task A_pack_that_ends_too_early_is_not_believed(int length)
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();
        await using (FileStream file = File.OpenWrite(PackFile))
        {
            file.SetLength(length);
        }

        AssertReadAsFromFiles(store, packed: 0);
        Assert.Equal(length > 0, _messages.OfEvent(10).Any()); // an empty one is what a power loss leaves
    }

    [Fact]
    public async Task A_pack_that_cannot_be_opened_is_told_of_and_the_files_are_read()
    {
        await using StateStore store = await FillAsync();
        File.CreateSymbolicLink(PackFile, "/dev/null");

        AssertReadAsFromFiles(store, packed: 0);

        Assert.Single(_messages.OfEvent(10));
    }

    [Fact]
    public async Task A_pack_of_another_run_of_the_machine_counts_for_nothing_and_is_no_matter()
    {
        await using StateStore store = await FillAsync();
        _ = store.Pack();
        _fs.BootId = "another";

        AssertReadAsFromFiles(store, packed: 0);

        Assert.Empty(_messages.OfEvent(10));
    }

    [Fact]
    public async Task A_reader_is_of_no_use_after_it_or_its_store_is_closed()
    {
        StateStore store = await FillAsync();
        _ = store.Pack();
        BulkReader closed = store.ReadInBulk();
        closed.Dispose();
        Assert.Throws<ObjectDisposedException>(closed.ListSandboxes);
        Assert.Throws<ObjectDisposedException>(() => closed.ReadAllJson("a"));
        using BulkReader reader = store.ReadInBulk();
        await store.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(reader.ListSandboxes);
        Assert.Throws<ObjectDisposedException>(() => reader.ReadAllJson("a"));
        Assert.Throws<ObjectDisposedException>(store.ReadInBulk);
        Assert.Throws<ObjectDisposedException>(() => store.Pack());
    }

    private static readonly Dictionary<string, Func<BulkReaderTests, StateStore, Task>> s_changes = new()
    {
        ["a document is committed anew"] = static (_, store) => store.ChangeAsync("b", static change => change.PutText(StoreRoot.Config, null, "config.json", "9")),
        ["a document comes"] = static (_, store) => store.ChangeAsync("b", static change => change.PutText(StoreRoot.Run, "web", "new.json", "9")),
        ["a document goes"] = static (_, store) => store.ChangeAsync("b", static change => change.Delete(StoreRoot.Run, "web", "state.json")),
        ["a container comes"] = static (_, store) => store.ChangeAsync("b", static change => change.CreateContainer("db").PutText(StoreRoot.Config, "db", "new.json", "9")),
        ["a container goes"] = static (_, store) => store.ChangeAsync("b", static change => change.RemoveContainer("web")),
        ["another program writes over a document"] = static (test, _) => test.WithFileAsync("b/config.json", static async path =>
        {
            await using FileStream file = File.OpenWrite(path);
            await file.WriteAsync("8"u8.ToArray());
        }),
        ["another program writes over a document, and gives it the time that it had"] = static (test, _) => test.WithFileAsync("b/config.json", static async path =>
        {
            DateTime written = File.GetLastWriteTimeUtc(path);
            await using (FileStream file = File.OpenWrite(path))
            {
                await file.WriteAsync("8"u8.ToArray());
            }

            File.SetLastWriteTimeUtc(path, written);
        }),
        ["another program puts a file in a document's place, with its times"] = static (test, _) => test.WithFileAsync("b/config.json", static async path =>
        {
            DateTime written = File.GetLastWriteTimeUtc(path);
            await File.WriteAllTextAsync(path + ".new", "8");
            File.SetLastWriteTimeUtc(path + ".new", written);
            File.Move(path + ".new", path, overwrite: true);
        }),
        ["another program makes a directory"] = static (test, _) => test.WithFileAsync("b/other", static path => Task.FromResult(Directory.CreateDirectory(path))),
        ["a directory is put in another's place"] = static (test, _) => test.WithFileAsync("b", static async path =>
        {
            Directory.Move(path, path + ".old");
            Directory.CreateDirectory(path);
            await File.WriteAllTextAsync(Path.Combine(path, "config.json"), "8");
            Directory.Delete(path + ".old", recursive: true);
        }),
    };

    private Task WithFileAsync(string relative, Func<string, Task> change) => change(_test.PathOf(StoreRoot.Config, relative));

    private ValueTask<StateStore> OpenAsync()
    {
        _test.Options = _test.Options with { Logger = _messages };
        return _test.OpenAsync(_fs);
    }

    private async Task<StateStore> FillAsync()
    {
        StateStore store = await OpenAsync();
        await store.CreateAsync("a", static change => change.PutText(StoreRoot.Run, null, "state.json", "1"));
        await store.CreateAsync("b", static change => change
            .PutText(StoreRoot.Config, null, "config.json", "1").PutText(StoreRoot.Run, null, "state.json", "2")
            .CreateContainer("web").PutText(StoreRoot.Run, "web", "state.json", "3"));
        await store.CreateAsync("c", static change => change.PutText(StoreRoot.Run, null, "state.json", $"\"{new string('c', 9000)}\""));
        UntilTheClockMoves();
        return store;
    }

    /// <summary>Nothing has changed for a minute, as far as the store is told; what changes from now on must have another time than what was made just now. (Some milliseconds; none since Linux 6.13.)</summary>
    private void UntilTheClockMoves()
    {
        long before = Changed();
        while (Changed() <= before)
        {
        }
    }

    private long Changed()
    {
        string path = Path.Combine(_test.Directory, "clock");
        File.WriteAllText(path, "");
        Assert.Equal(Errno.None, new PosixFileSystem().OpenRoot(_test.Directory, out DirectoryHandle? directory));
        using (directory)
        {
            Assert.Equal(Errno.None, new PosixFileSystem().Stamp(directory!, "clock", out FileStamp stamp));
            File.Delete(path);
            return stamp.Changed;
        }
    }

    private static void AssertReadAsFromFiles(StateStore store, int packed)
    {
        using BulkReader reader = store.ReadInBulk();
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (DocumentResult<byte[]> result in reader.ListSandboxes().SelectMany(reader.ReadAllJson))
        {
            all.Add(result.Document.ToString(), result.Error?.Code ?? Encoding.UTF8.GetString(result.Value!));
        }

        Assert.Equal(store.ReadEverything(), all);
        Assert.Equal(store.ListSandboxes(), reader.ListSandboxes());
        Assert.Equal(packed, reader.ReadsFromPack);
    }

    private static string[] FilesOf(string directory) => [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
