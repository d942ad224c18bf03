using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Documents;

public sealed record Settings(string Name, int Size);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Settings))]
[JsonSerializable(typeof(int))]
internal sealed partial class TestJson : JsonSerializerContext;

public sealed class ReadingTests : IDisposable
{
    private static readonly DocumentKind<Settings> s_settings =
        DocumentKind.OfSandbox("settings.json", StoreRoot.Config, TestJson.Default.Settings);
    private static readonly DocumentKind<int> s_count = DocumentKind.OfSandbox("count.json", StoreRoot.Run, TestJson.Default.Int32);
    private static readonly DocumentKind<Settings> s_inner =
        DocumentKind.OfContainer("settings.json", StoreRoot.Config, TestJson.Default.Settings);

    private readonly TestStore _test = new();

    /// <summary>Bytes that are no document, and where that shows.</summary>
    public static TheoryData<byte[], long> Damaged => new()
    {
        { [], 0 },
        { [0, 0, 0], 0 },
        { "{\"name\":\"a\",}"u8.ToArray(), 12 },
        { "{\"name\":"u8.ToArray(), 8 },
        { "{} x"u8.ToArray(), 3 },
        { "{}{}"u8.ToArray(), 2 },
        { "\uFEFF{}"u8.ToArray(), 0 },
        { [(byte)'"', (byte)'a', 0xFF, (byte)'"'], 2 },
        { [(byte)'"', 0xC3, (byte)'"'], 1 },
        { "{\n  \"name\": nope\n}"u8.ToArray(), 13 },
        { Encoding.UTF8.GetBytes(new string('[', 65) + new string(']', 65)), 64 },
    };

    public void Dispose() => _test.Dispose();

    [Theory]
    [MemberData(nameof(Damaged))]
    public async Task A_damaged_document_is_reported_with_path_and_byte_and_left_as_it_is(byte[] content, long position)
    {
        await using StateStore store = await _test.OpenAsync();
        await CreateAsync(store, "sb-1");
        await CreateAsync(store, "sb-2");
        string path = _test.PathOf(StoreRoot.Config, "sb-1/settings.json");
        await File.WriteAllBytesAsync(path, content);

        DocumentCorruptException raw =
            Assert.Throws<DocumentCorruptException>(() => store.ReadText("sb-1", StoreRoot.Config, null, "settings.json"));
        Assert.Equal((path, position), (raw.Path, raw.Position));
        Assert.Contains(path, raw.Message, StringComparison.Ordinal);
        DocumentCorruptException typed = Assert.Throws<DocumentCorruptException>(() => store.Read("sb-1", s_settings));
        Assert.Equal((path, position), (typed.Path, typed.Position));
        Assert.Equal(content, await File.ReadAllBytesAsync(path));

        DocumentResult<Settings>[] all = [.. store.ReadAll(s_settings)];
        Assert.Equal(["sb-1", "sb-2"], all.Select(static result => result.Document.Sandbox));
        Assert.IsType<DocumentCorruptException>(all[0].Error);
        Assert.Equal(new Settings("sb-2", 1), all[1].Value);
        SandboxSnapshot snapshot = await store.SnapshotAsync("sb-1");
        Assert.Equal(2, snapshot.Documents.Count);
        Assert.Single(snapshot.Documents, static result => result.Error is DocumentCorruptException);

        await store.ChangeAsync("sb-1", static change => change.Put(s_settings, new Settings("mended", 1)));
        Assert.Equal("mended", store.Require("sb-1", s_settings).Name);
    }

    [Fact]
    public async Task A_document_of_another_type_is_reported_where_it_differs()
    {
        await using StateStore store = await _test.OpenAsync();
        await CreateAsync(store, "sb-1");
        await store.ChangeAsync(
            "sb-1", static change => change.PutText(StoreRoot.Config, null, "settings.json", """{"name":"a","size":"big"}"""));

        DocumentCorruptException failure = Assert.Throws<DocumentCorruptException>(() => store.Read("sb-1", s_settings));
        Assert.InRange(failure.Position, 12, 24);
    }

    [Fact]
    public async Task A_document_over_the_limit_is_too_large_to_read_and_left_as_it_is()
    {
        _test.Options = _test.Options with { DocumentBytesMax = 1000 };
        await using StateStore store = await _test.OpenAsync();
        await CreateAsync(store, "sb-1");
        string path = _test.PathOf(StoreRoot.Config, "sb-1/settings.json");
        string content = "\"" + new string('x', 998) + "\"";
        await File.WriteAllTextAsync(path, content);
        Assert.Equal(content, store.ReadText("sb-1", StoreRoot.Config, null, "settings.json"));

        await File.WriteAllTextAsync(path, content + " ");
        DocumentTooLargeException failure = Assert.Throws<DocumentTooLargeException>(() => store.Read("sb-1", s_settings));
        Assert.Equal((path, 1000), (failure.Path, failure.Position));
        Assert.Equal(content + " ", await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task What_is_missing_is_null_and_required_is_not_found()
    {
        await using StateStore store = await _test.OpenAsync();
        await CreateAsync(store, "sb-1");

        Assert.Null(store.Read("sb-0", s_settings));
        Assert.Null(store.Read("sb-1", "web", s_inner));
        Assert.Null(store.ReadText("sb-1", StoreRoot.Run, null, "other.json"));
        Assert.Throws<NotFoundException>(() => store.Require("sb-0", s_settings));
        Assert.Throws<NotFoundException>(() => store.Require("sb-1", "web", s_inner));
        Assert.Empty(store.ListContainers("sb-0"));
        Assert.Empty(store.ListDocuments("sb-0"));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.SnapshotAsync("sb-0"));
    }

    [Fact]
    public async Task A_document_of_a_value_type_is_missing_when_it_is_missing()
    {
        await using StateStore store = await _test.OpenAsync();
        await CreateAsync(store, "sb-1");
        await store.CreateAsync("sb-2", static change => change.Put(s_count, 5));

        Assert.Throws<NotFoundException>(() => store.Require("sb-1", s_count));
        Assert.Equal(5, store.Require("sb-2", s_count));
        DocumentResult<int> only = Assert.Single(store.ReadAll(s_count));
        Assert.Equal(("sb-2", 5), (only.Document.Sandbox, only.Value));
    }

    [Fact]
    public async Task A_planted_link_is_refused_and_nothing_behind_it_read()
    {
        using var outside = new TempDirectory();
        await File.WriteAllTextAsync(Path.Combine(outside.Path, "settings.json"), """{"name":"secret","size":1}""");
        await using StateStore store = await _test.OpenAsync();
        await CreateAsync(store, "sb-1");
        File.Delete(_test.PathOf(StoreRoot.Config, "sb-1/settings.json"));
        File.CreateSymbolicLink(_test.PathOf(StoreRoot.Config, "sb-1/settings.json"), Path.Combine(outside.Path, "settings.json"));
        Directory.CreateSymbolicLink(_test.PathOf(StoreRoot.Config, "sb-1/web"), outside.Path);
        Directory.CreateSymbolicLink(_test.PathOf(StoreRoot.Config, "sb-2"), outside.Path);

        Assert.Equal(Errno.SymbolicLink, Assert.Throws<StorageException>(() => store.Read("sb-1", s_settings)).Errno);
        Assert.Equal(Errno.SymbolicLink, Assert.Throws<StorageException>(() => store.Read("sb-1", "web", s_inner)).Errno);
        Assert.Equal(Errno.SymbolicLink, Assert.Throws<StorageException>(() => store.Read("sb-2", s_settings)).Errno);
        Assert.Equal(["sb-1"], store.ListSandboxes());
        Assert.Empty(store.ListContainers("sb-1"));
        Assert.DoesNotContain(store.ReadAll(s_settings), static result => result.Value is not null);
        await Assert.ThrowsAsync<StorageException>(
            () => store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Config, "web", "settings.json", "1")));
        await Assert.ThrowsAnyAsync<SafeStoreException>(() => store.CreateAsync("sb-2"));
        Assert.Equal(["settings.json"], new DirectoryInfo(outside.Path).EnumerateFileSystemInfos().Select(static entry => entry.Name));
    }

    [Fact]
    public async Task A_planted_pipe_blocks_no_reader_and_is_no_document()
    {
        await using StateStore store = await _test.OpenAsync();
        await CreateAsync(store, "sb-1");
        Native.MakePipe(_test.PathOf(StoreRoot.Run, "sb-1/pipe"));

        Assert.Throws<StorageException>(() => store.ReadText("sb-1", StoreRoot.Run, null, "pipe"));
        Assert.DoesNotContain(store.ListDocuments("sb-1"), static document => document.File == "pipe");
    }

    [Fact]
    public async Task Foreign_files_are_ignored_and_left_alone()
    {
        await using (StateStore store = await _test.OpenAsync())
        {
            await CreateAsync(store, "sb-1");
        }

        string[] foreign =
            [_test.PathOf(StoreRoot.Run, ".hidden"), _test.PathOf(StoreRoot.Run, "sb-1/.editor.swp"),
            _test.PathOf(StoreRoot.Config, "a file"), _test.PathOf(StoreRoot.Config, "sb-1/.ss-backup.tmp")];
        foreach (string path in foreign)
        {
            await File.WriteAllTextAsync(path, "mine");
        }

        await using StateStore again = await _test.OpenAsync();
        await again.ChangeAsync("sb-1", static change => change.Put(s_count, 2));
        Assert.Equal(["sb-1"], again.ListSandboxes());
        Assert.Equal(
            ["count.json", "settings.json", "state.json"], again.ListDocuments("sb-1").Select(static document => document.File).Order());
        Assert.All(foreign, static path => Assert.Equal("mine", File.ReadAllText(path)));
    }

    [Fact]
    public async Task A_snapshot_waits_for_the_writer_and_says_its_version()
    {
        await using StateStore store = await _test.OpenAsync();
        await CreateAsync(store, "sb-1");
        await using SandboxLock held = await store.LockApartAsync("sb-1");
        await Assert.ThrowsAsync<LockTimeoutException>(async () => await store.SnapshotAsync("sb-1", StoreCalls.Once));
        Lsn version = await held.Change().Put(s_count, 9).CommitAsync();
        await held.DisposeAsync();

        SandboxSnapshot snapshot = await store.SnapshotAsync("sb-1");
        Assert.Equal(version, snapshot.Version);
        Assert.Equal("9"u8.ToArray(), snapshot.Documents.Single(static result => result.Document.File == "count.json").Value);
    }

    private static async Task CreateAsync(StateStore store, string sandbox) => await store.CreateAsync(
        sandbox, change =>
        change.Put(s_settings, new Settings(sandbox, 1))
        .PutText(StoreRoot.Run, null, sandbox == "sb-1" ? "state.json" : "other.json", "1"));
}
