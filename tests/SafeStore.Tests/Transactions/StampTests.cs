using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Every document carries the checksum of its content and the LSN of its transaction.</summary>
public sealed class StampTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly Messages _messages = new();

    public StampTests() => _test.Options = _test.Options with { Logger = _messages };

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Each_document_has_the_stamp_of_the_transaction_that_wrote_it()
    {
        await using StateStore store = await _test.OpenAsync();
        Lsn first = await store.CreateAsync("sb", static change => change.CreateContainer("web")
            .PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, "web", "b.json", "2"));
        Lsn second = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "3")
            .CreateContainer("db").PutText(StoreRoot.Run, "db", "c.json", "4"));

        Assert.Equal(
            new Dictionary<string, Lsn?>
            {
                ["run:sb/a.json"] = second,
                ["config:sb/web/b.json"] = first,
                ["run:sb/db/c.json"] = second,
            },
            store.ListDocuments("sb").ToDictionary(
                static document => document.ToString(), document => store.ReadVersioned(document)!.Version));
        Assert.Equal(0, store.Statistics.Unstamped);
    }

    [Fact]
    public async Task A_document_keeps_the_attributes_of_the_one_that_it_replaces_but_not_the_stamp()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        Set("sb/a.json", "user.note", "kept"u8);
        Lsn version = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));

        Assert.Equal("kept"u8, Get("sb/a.json", "user.note"));
        Assert.Equal(version, store.ReadVersioned(Document("a.json"))!.Version);
    }

    [Theory]
    [InlineData(Errno.NotSupported)]
    [InlineData(Errno.NotImplemented)]
    [InlineData(Errno.NoSpace)]
    [InlineData(Errno.QuotaExceeded)]
    [InlineData(Errno.OutOfRange)]
    [InlineData(Errno.ArgumentTooLong)]
    [InlineData(Errno.NotPermitted)]
    [InlineData(Errno.AccessDenied)]
    public async Task Where_there_is_no_room_for_a_stamp_a_commit_goes_on_without_and_says_so_once(Errno errno)
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        fs.Before = call => call.Verb == nameof(IDurableFileSystem.SetAttribute) ? errno : Errno.None;
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
        await store.ChangeAsync("sb", static change => change.CreateContainer("web").PutText(StoreRoot.Run, "web", "a.json", "2"));

        DocumentResult<byte[]> read = store.ReadVersioned(Document("a.json"))!;
        Assert.Equal(("2", null), (Encoding.UTF8.GetString(read.Value!), read.Version));
        Assert.Equal(2, store.Statistics.Unstamped);
        Assert.Contains($"errno {(int)errno}", Assert.Single(_messages.OfEvent(14)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_cannot_be_stamped_for_another_reason_is_stamped_by_the_next_holder()
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        fs.Before = static call => call.Verb == nameof(IDurableFileSystem.SetAttribute) ? Errno.InputOutput : Errno.None;
        CommitNotPublishedException failure = await Assert.ThrowsAsync<CommitNotPublishedException>(() =>
            store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2")));
        Assert.Equal("1", store.ReadText("sb", StoreRoot.Run, null, "a.json"));
        fs.Before = null;
        await using (await store.LockAsync("sb"))
        {
            Assert.Equal(failure.Lsn, store.ReadVersioned(Document("a.json"))!.Version);
        }
    }

    [Fact]
    public async Task A_recovery_stamps_what_it_writes_with_the_transactions_that_are_in_the_log()
    {
        StoreLayout copy;
        var versions = new Dictionary<string, Lsn>();
        await using (StateStore store = await _test.OpenAsync())
        {
            versions["a.json"] = await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
            versions["b.json"] = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "b.json", "1"));
            copy = _test.CopyAsAfterAKill();
        }

        await File.WriteAllTextAsync(Path.Combine(copy.Run, "sb/a.json"), "", TestContext.Current.CancellationToken);
        File.Delete(Path.Combine(copy.Run, "sb/b.json"));
        await using StateStore recovered = await StateStore.OpenAsync(copy, _test.Options);
        Assert.All(versions, each => Assert.Equal(each.Value, recovered.ReadVersioned(Document(each.Key))!.Version));
    }

    [Fact]
    public async Task A_change_that_requires_the_version_of_a_document_is_made_whatever_else_has_changed()
    {
        await using StateStore store = await _test.OpenAsync();
        Lsn version = await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "b.json", "1"));
        await store.ChangeAsync("sb", change => change.RequireVersion(Document("a.json"), version)
            .PutText(StoreRoot.Run, null, "a.json", "2"));

        VersionConflictException conflict = await Assert.ThrowsAsync<VersionConflictException>(() =>
            store.ChangeAsync("sb", change => change.RequireVersion(Document("a.json"), version)));
        Assert.Equal((Document("a.json"), version, new Lsn(3), "sb"),
            (conflict.Document, conflict.Required, conflict.Actual, conflict.Sandbox));
        Assert.Contains("is at version 3", conflict.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_that_requires_a_version_says_why_that_of_a_document_is_not_known()
    {
        await using StateStore store = await _test.OpenAsync();
        Lsn version = await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "edited.json", "1")
            .PutText(StoreRoot.Run, null, "damaged.json", "1").PutText(StoreRoot.Run, null, "newer.json", "1"));
        await File.WriteAllTextAsync(_test.PathOf(StoreRoot.Run, "sb/edited.json"), "12", TestContext.Current.CancellationToken);
        Damage("sb/damaged.json", "2");
        await File.WriteAllTextAsync(_test.PathOf(StoreRoot.Run, "sb/foreign.json"), "1", TestContext.Current.CancellationToken);
        Set("sb/newer.json", StampAttribute.Name, "of the future"u8);
        foreach ((string file, string reason) in new[]
        {
            ("edited.json", "another program has edited it since version 1"), ("damaged.json", "it is damaged"),
            ("foreign.json", "it has no stamp"), ("newer.json", "its stamp is of another version of SafeStore"),
            ("missing.json", "it does not exist"),
        })
        {
            VersionConflictException conflict = await Assert.ThrowsAsync<VersionConflictException>(() => store.ChangeAsync("sb", change =>
                change.RequireVersion(Document(file), version).PutText(StoreRoot.Run, null, file, "3")));
            Assert.Contains(reason, conflict.Message, StringComparison.Ordinal);
        }

        await using SandboxLock held = await store.LockAsync("sb");
        Assert.Throws<ArgumentException>(() =>
            held.Change().RequireVersion(new DocumentId("other", null, StoreRoot.Run, "a.json"), version));
    }

    [Fact]
    public async Task Reads_that_check_stamps_refuse_what_was_edited_or_damaged_and_tell_versions()
    {
        _test.Options = _test.Options with { CheckStamps = true };
        await using StateStore store = await _test.OpenAsync();
        Lsn version = await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "edited.json", "1")
            .PutText(StoreRoot.Run, null, "damaged.json", "1").PutText(StoreRoot.Run, null, "good.json", "1"));
        await File.WriteAllTextAsync(_test.PathOf(StoreRoot.Run, "sb/edited.json"), "12", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_test.PathOf(StoreRoot.Run, "sb/foreign.json"), "1", TestContext.Current.CancellationToken);
        Damage("sb/damaged.json", "2");

        foreach ((string file, bool isEdited) in new[] { ("edited.json", true), ("damaged.json", false) })
        {
            DocumentStampException failure = Assert.Throws<DocumentStampException>(() => store.ReadJson(Document(file)));
            Assert.Equal((Document(file), version, isEdited, "stamp"),
                (failure.Document, failure.Version, failure.IsEdited, failure.Code));
            Assert.Contains(isEdited ? "another program has edited it" : "it is damaged", failure.Message, StringComparison.Ordinal);
            Assert.EndsWith($"/sb/{file}", failure.Path, StringComparison.Ordinal);
        }

        SandboxSnapshot snapshot = await store.SnapshotAsync("sb");
        Assert.Equal(
            ["damaged.json: stamp", "edited.json: stamp", "foreign.json: ", $"good.json: {version}"],
            snapshot.Documents.Select(static each => $"{each.Document.File}: {each.Error?.Code}{each.Version}"));
        Assert.Null(store.ReadJson(Document("missing.json")));
    }

    [Fact]
    public async Task Reads_that_do_not_check_stamps_read_what_is_there()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        Damage("sb/a.json", "2");
        Assert.Equal("2", store.ReadText("sb", StoreRoot.Run, null, "a.json"));
        DocumentResult<byte[]> read = store.ReadVersioned(Document("a.json"))!;
        Assert.Equal(("2", null), (Encoding.UTF8.GetString(read.Value!), read.Version));
        Assert.Null(store.ReadVersioned(Document("missing.json")));
    }

    [Theory]
    [InlineData(16 * 1024)]
    [InlineData((16 * 1024) + 1)]
    [InlineData(400 * 1024)]
    public async Task A_large_document_is_read_with_its_version(int length)
    {
        string text = $"\"{new string('x', length - 2)}\"";
        await using StateStore store = await _test.OpenAsync();
        Lsn version = await store.CreateAsync("sb", change => change.PutText(StoreRoot.Run, null, "a.json", text));
        DocumentResult<byte[]> read = store.ReadVersioned(Document("a.json"))!;
        Assert.Equal((text, version), (Encoding.UTF8.GetString(read.Value!), read.Version));
    }

    private static DocumentId Document(string file) => new("sb", null, StoreRoot.Run, file);

    /// <summary>Other bytes of the same size, of the time of the old ones.</summary>
    private void Damage(string relative, string text)
    {
        string path = _test.PathOf(StoreRoot.Run, relative);
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, new DateTime(1999, 1, 1, 0, 0, 0, DateTimeKind.Utc)); // before any stamp of the test's clock
    }

    private void Set(string relative, string attribute, ReadOnlySpan<byte> value)
    {
        (PosixFileSystem fs, DirectoryHandle directory) = Open(relative);
        using (directory)
        {
            Assert.Equal(Errno.None, fs.SetAttribute(directory, Path.GetFileName(relative), attribute, value));
        }
    }

    private byte[] Get(string relative, string attribute)
    {
        (PosixFileSystem fs, DirectoryHandle directory) = Open(relative);
        using (directory)
        {
            Assert.Equal(Errno.None, fs.OpenFile(directory, Path.GetFileName(relative), FileUse.Read, out FileHandle? file));
            using (file)
            {
                Assert.Equal(Errno.None, fs.GetAttribute(file!, attribute, out byte[] value));
                return value;
            }
        }
    }

    private (PosixFileSystem Fs, DirectoryHandle Directory) Open(string relative)
    {
        var fs = new PosixFileSystem();
        Assert.Equal(
            Errno.None,
            fs.OpenRoot(Path.GetDirectoryName(_test.PathOf(StoreRoot.Run, relative))!, out DirectoryHandle? directory));
        return (fs, directory!);
    }
}
