using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Locking;

/// <summary>The anchor may be deleted, replaced or moved under a living process, which notices before it acknowledges anything.</summary>
public sealed class StoreAnchorTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();

    public static TheoryData<string> Changes =>
    [
        "delete store.json", "replace store.json", "delete words", "replace words", "delete the segment", "replace the segment",
        "move the metadata", "replace the metadata by a copy", "delete the metadata", "move the root",
    ];

    public void Dispose() => _test.Dispose();

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Before_the_append_nothing_is_written_and_the_store_is_faulted(string what)
    {
        await using StateStore store = await OpenAsync();
        bool isWritten = false;
        await using (SandboxLock held = await store.LockAsync("sb"))
        {
            Change(what);
            _scripted.Before = call =>
            {
                isWritten |= call.IsOnLog && call.Verb == nameof(IDurableFileSystem.Write);
                return Errno.None;
            };
            StoreFaultedException failure = await Assert.ThrowsAsync<StoreFaultedException>(
                async () => await held.Change().PutText(StoreRoot.Run, null, "a.json", "2").CommitAsync());
            Assert.Contains("deleted or replaced", failure.Message, StringComparison.Ordinal);
        }

        _scripted.Before = null;
        Assert.False(isWritten);
        Assert.True(store.IsFaulted);
        Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(_test.Layout.Run, "sb", "a.json")));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task After_the_sync_nothing_is_acknowledged_or_published(string what)
    {
        await using StateStore store = await OpenAsync();
        bool isChanged = false;
        await using (SandboxLock held = await store.LockAsync("sb"))
        {
            _scripted.Before = call =>
            {
                if (call.IsSync && !isChanged)
                {
                    isChanged = true;
                    Change(what);
                }

                return Errno.None;
            };
            StoreFaultedException failure = await Assert.ThrowsAsync<StoreFaultedException>(
                async () => await held.Change().PutText(StoreRoot.Run, null, "a.json", "2").CommitAsync());
            Assert.Contains("deleted or replaced", failure.Message, StringComparison.Ordinal);
        }

        _scripted.Before = null;
        Assert.True(isChanged);
        Assert.True(store.IsFaulted);
        Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(_test.Layout.Run, "sb", "a.json")));
    }

    [Fact]
    public async Task A_words_file_that_another_program_has_shortened_faults_the_store_and_kills_no_process()
    {
        await using (StateStore store = await OpenAsync())
        {
            await using (StateStore other = await _test.OpenAsync())
            {
                await other.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
                using (var words = new FileStream(Path.Combine(_test.Layout.RunMetadata, "words"), FileMode.Open, FileAccess.Write,
                    FileShare.ReadWrite))
                {
                    words.SetLength(0); // as `: > words` does
                }

                await Assert.ThrowsAsync<StoreFaultedException>(() => store.ChangeAsync("sb", static change =>
                    change.PutText(StoreRoot.Run, null, "a.json", "3")));
                await Assert.ThrowsAsync<StoreFaultedException>(() => other.CreateAsync("sb-2"));
                Assert.True(store.IsFaulted);
                Assert.True(other.IsFaulted);
                Assert.Equal("2", store.ReadText("sb", StoreRoot.Run, null, "a.json"));
            }
        }

        await using StateStore again = await _test.OpenAsync();
        Assert.Equal("2", again.ReadText("sb", StoreRoot.Run, null, "a.json"));
        await again.CreateAsync("sb-2");
    }

    [Fact]
    public async Task Two_processes_whose_words_another_program_has_emptied_never_give_out_one_LSN_twice()
    {
        _test.Options = _test.Options with { SegmentBytes = 16 * 1024, LogBytesMax = 1024 * 1024 };
        var given = new HashSet<Lsn>();
        await using StateStore store = await OpenAsync();
        await using StateStore other = await _test.OpenAsync();
        await other.CreateAsync("sb-2");
        string path = Path.Combine(_test.Layout.RunMetadata, "words");
        using (var words = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            words.SetLength(0);
        }

        for (int i = 0; i < 12; i++)
        {
            // The first fills a segment and begins the next, the second comes later; a user of the store tries again.
            (StateStore writer, string sandbox) = i < 2 || i % 2 == 1 ? (store, "sb") : (other, "sb-2");
            Lsn? lsn = null;
            Exception? failure = await Record.ExceptionAsync(async () =>
                lsn = i is 0 or 1 ? await writer.CreateAsync($"new-{i}")
                    : await writer.ChangeAsync(sandbox, change => change.PutText(StoreRoot.Run, null, "a.json", $"{i}")));
            Assert.True(failure is null or StoreFaultedException, failure?.ToString());
            Assert.True(lsn is null || given.Add(lsn.Value), $"LSN {lsn} was given out twice");
        }
    }

    [Fact]
    public async Task Another_link_to_the_files_is_no_fault()
    {
        await using StateStore store = await OpenAsync();
        using var copy = new TempDirectory();
        BindMount.Run("cp", "-al", _test.Metadata, copy.Path);
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
        Assert.False(store.IsFaulted);
        Assert.Equal("2", store.ReadText("sb", StoreRoot.Run, null, "a.json"));
    }

    [Fact]
    public async Task Two_processes_of_which_one_has_lost_the_anchor_never_give_out_one_LSN_twice()
    {
        await using StateStore store = await OpenAsync();
        Lsn last = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "2"));
        string anchor = Path.Combine(_test.Metadata, "store.json");
        byte[] json = await File.ReadAllBytesAsync(anchor, TestContext.Current.CancellationToken);
        File.Delete(anchor); // as a cleaner of old files does
        await Assert.ThrowsAsync<StoreMetadataException>(async () => await _test.OpenAsync());
        await File.WriteAllBytesAsync(anchor, json, TestContext.Current.CancellationToken);
        await using StateStore other = await _test.OpenAsync(); // it cannot know of the first
        Lsn next = await other.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "3"));
        Assert.True(next > last);
        await Assert.ThrowsAsync<StoreFaultedException>(() => store.CreateAsync("sb-2"));
        Assert.Equal("3", other.ReadText("sb", StoreRoot.Run, null, "a.json"));
    }

    private void Change(string what)
    {
        string segment = Directory.GetFiles(Path.Combine(_test.Metadata, "log"), "0*.log").Single();
        string aside = Path.Combine(_test.Directory, "aside");
        switch (what)
        {
            case "move the metadata":
                Directory.Move(_test.Metadata, aside);
                break;
            case "replace the metadata by a copy":
                Directory.Move(_test.Metadata, aside);
                BindMount.Run("cp", "-a", aside, _test.Metadata);
                break;
            case "delete the metadata":
                Directory.Delete(_test.Metadata, recursive: true);
                break;
            case "move the root":
                Directory.Move(_test.Layout.Config, aside);
                break;
            default:
                string path = what.Split(' ')[^1] switch
                {
                    "segment" => segment,
                    "words" => Path.Combine(_test.Layout.RunMetadata, "words"),
                    string name => Path.Combine(_test.Metadata, name),
                };
                File.Copy(path, path + "-copy");
                File.Delete(path);
                if (what.StartsWith("replace", StringComparison.Ordinal))
                {
                    File.Move(path + "-copy", path);
                }

                break;
        }
    }

    private async Task<StateStore> OpenAsync()
    {
        StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        return store;
    }
}
