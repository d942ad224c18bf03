using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Defects that a reading of the protocol's pages beside the code found; each of these failed before it was mended.</summary>
public sealed class PageReviewTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_parked_document_whose_sync_fails_is_written_anew_from_what_is_parked()
    {
        await using StateStore store = await _test.OpenAsync(_scripted);
        string path = await ParkPublishedAsync(store);
        bool hasFailed = false;
        _scripted.Before = call =>
        {
            if (hasFailed || call.Verb != nameof(IDurableFileSystem.SyncFile) || call.Path != path)
            {
                return Errno.None;
            }

            hasFailed = true;
            File.WriteAllText(path, "lost"); // the kernel has dropped its pages
            return Errno.InputOutput;
        };
        _ = await Record.ExceptionAsync(async () => await store.CheckpointAsync(TestContext.Current.CancellationToken));
        Assert.True(hasFailed);
        Assert.Equal("1", store.ReadText("sb", StoreRoot.Run, null, "a"));
    }

    [Fact]
    public async Task A_parked_sandbox_that_is_found_published_in_the_middle_of_a_checkpoint_is_synced_with_what_was_parked()
    {
        await using StateStore store = await _test.OpenAsync(_scripted);
        string path = await ParkPublishedAsync(store);
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "b", "2"));
        int refusals = 0;
        var synced = new List<string>();
        _scripted.Before = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.SyncFile))
            {
                synced.Add(call.Path);
            }

            // the word cannot be read when the entries are looked at, and can be when the segments are
            bool isWord = call.Path.EndsWith("/sb/lock", StringComparison.Ordinal)
                && call.Verb is nameof(IDurableFileSystem.ReadWhole) or nameof(IDurableFileSystem.Read);
            return isWord && refusals++ < 3 ? Errno.AccessDenied : Errno.None;
        };
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        _scripted.Before = null;
        Assert.True(refusals > 3, $"{refusals}");
        Assert.Contains(Path.Combine(Path.GetDirectoryName(path)!, "b"), synced);
        Assert.Contains(path, synced);
    }

    [Fact]
    public async Task A_recovery_that_parks_a_sandbox_does_not_write_into_a_lock_file_that_a_copy_shares()
    {
        (StoreLayout layout, _) = await DieWithADirectoryInTheWayAsync();
        string word = Path.Combine(layout.Run, "sb", "lock");
        Link(word, Path.Combine(layout.Run, "..", "shared"));
        byte[] before = await File.ReadAllBytesAsync(word, TestContext.Current.CancellationToken);

        await using StateStore again = await StateStore.OpenAsync(layout, _test.Options);

        Assert.True(File.Exists(Path.Combine(layout.ConfigMetadata, "parked", "sb")));
        Assert.Equal(before, await File.ReadAllBytesAsync(word, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_recovery_that_cannot_write_the_word_of_an_emptied_lock_file_opens_the_store()
    {
        (StoreLayout layout, string document) = await DieWithADirectoryInTheWayAsync();
        string word = Path.Combine(layout.Run, "sb", "lock");
        await File.WriteAllBytesAsync(word, [], TestContext.Current.CancellationToken);
        _scripted.Before = call => call.Verb == nameof(IDurableFileSystem.Write) && call.Path == word ? Errno.NoSpace : Errno.None;

        await using StateStore again = await StateStore.OpenAsync(layout, _test.Options with { FileSystem = _scripted });

        await Assert.ThrowsAnyAsync<SafeStoreException>(
            async () => await again.LockAsync("sb", cancellationToken: TestContext.Current.CancellationToken));
        Directory.Delete(document, recursive: true);
        _scripted.Before = null;
        await using SandboxLock held = await again.LockAsync("sb", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("2", again.ReadText("sb", StoreRoot.Config, null, "a"));
    }

    [Fact]
    public async Task A_replaced_document_that_cannot_be_removed_is_no_error_of_its_commit()
    {
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a", "1"));
        _scripted.Before = static call => call.Verb == nameof(IDurableFileSystem.Unlink) ? Errno.Busy : Errno.None;
        for (int value = 2; value < 5; value++)
        {
            string text = $"{value}";
            await store.ChangeAsync("sb", change => change.PutText(StoreRoot.Config, null, "a", text));
            Assert.Equal(text, store.ReadText("sb", StoreRoot.Config, null, "a"));
        }
    }

    [Fact]
    public async Task A_lock_file_that_another_process_has_just_separated_is_not_replaced_again()
    {
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        }

        string word = _test.PathOf(StoreRoot.Run, "sb/lock");
        string own = Path.Combine(_test.Directory, "own");
        File.Copy(word, own);
        Link(word, Path.Combine(_test.Directory, "shared"));
        await using StateStore again = await _test.OpenAsync(_scripted);
        _scripted.Before = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.TryLock) && call.Path.StartsWith(word, StringComparison.Ordinal) && File.Exists(own))
            {
                File.Move(own, word, overwrite: true); // by another process, and a third one may lock it
            }

            return Errno.None;
        };
        Assert.Empty(again.SeparateLockFiles());
        Assert.False(File.Exists(own));
        Assert.NotEmpty(await File.ReadAllBytesAsync(word, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_transaction_that_is_longer_than_the_log_s_limit_does_not_stop_those_after_it()
    {
        _test.Options = _test.Options with { SegmentBytes = 16 * 1024, LogBytesMax = 16 * 1024 };
        await using StateStore store = await _test.OpenAsync(new ScriptedFileSystem());
        string large = $"\"{new string('x', 256 * 1024)}\"";
        await store.CreateAsync("sb", change => change.PutText(StoreRoot.Run, null, "a", large));
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "2"));
        Assert.Equal("2", store.ReadText("sb", StoreRoot.Run, null, "a"));
    }

    [Fact]
    public async Task A_recovery_that_is_refused_leaves_the_scratch_directories_as_they_are()
    {
        await using StateStore store = await _test.OpenAsync();
        for (int i = 0; i < 4; i++)
        {
            await store.CreateAsync($"sb-{i}");
        }

        StoreLayout layout = _test.CopyAsAfterAKill();
        string left = Path.Combine(layout.RunMetadata, "scratch", "00000000000000aa", "left");
        Directory.CreateDirectory(Path.GetDirectoryName(left)!);
        await File.WriteAllTextAsync(left, "x", TestContext.Current.CancellationToken);
        string segment = Directory.GetFiles(Path.Combine(layout.ConfigMetadata, "log"), "0*.log")[0];
        byte[] bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[4096 + 70] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<LogCorruptException>(async () => await StateStore.OpenAsync(layout, _test.Options));
        Assert.True(File.Exists(left));
    }

    /// <summary>Publishes a document that the checkpoint then cannot open, so that its transaction is parked.</summary>
    private async Task<string> ParkPublishedAsync(StateStore store)
    {
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        string path = _test.PathOf(StoreRoot.Run, "sb/a");
        _scripted.Before = call => call.Verb == nameof(IDurableFileSystem.OpenFile) && call.Path == path ? Errno.AccessDenied : Errno.None;
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        _scripted.Before = null;
        Assert.True(File.Exists(Path.Combine(_test.Metadata, "parked", "sb")));
        return path;
    }

    /// <summary>Leaves a transaction that is not published, and something in the place of its document.</summary>
    private async Task<(StoreLayout Layout, string Document)> DieWithADirectoryInTheWayAsync()
    {
        await using StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a", "1"));
        _scripted.Before = static call => call.Verb == FileSystemCall.Exchange ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<CommitNotPublishedException>(
            () => store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a", "2")));
        _scripted.Before = null;
        StoreLayout layout = _test.CopyAsAfterAKill();
        string document = Path.Combine(layout.Config, "sb", "a");
        File.Delete(document);
        Directory.CreateDirectory(Path.Combine(document, "inner"));
        return (layout, document);
    }

    private static void Link(string path, string name)
    {
        using Process link = Process.Start("ln", [path, name]);
        link.WaitForExit();
        Assert.Equal(0, link.ExitCode);
    }
}
