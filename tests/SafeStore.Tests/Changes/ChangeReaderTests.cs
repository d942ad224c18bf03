using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Changes;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Changes;

/// <summary>When a change is given: not before it is durable and visible, and once whatever a dead process has left is finished.</summary>
public sealed class ChangeReaderTests : IDisposable
{
    /// <summary>A look finishes nothing.</summary>
    private static readonly TimeSpan s_ever = TimeSpan.MaxValue;

    private readonly TestStore _test = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData("create")]
    [InlineData("update")]
    [InlineData("remove")]
    public async Task Nothing_is_given_before_the_last_call_that_makes_it_visible(string what)
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        await using StateStore other = await _test.OpenAsync();
        _ = await store.CreateAsync("sb", Fill("0"));
        using ChangeReader changes = other.ReadChanges(new Lsn(2));
        bool isVisible = false;
        var early = new List<string>();
        fs.Before = call =>
        {
            if (!isVisible && Look(changes) is { } change)
            {
                early.Add($"{change.Lsn} before {call.Verb} {call.Path}");
            }

            return Errno.None;
        };
        fs.After = call =>
        {
            // The word says "idle", or the sandbox's directory in the run root is gone: all of it is visible.
            isVisible |= what == "remove"
                ? call.Verb == FileSystemCall.RenameNoReplace && !Directory.Exists(_test.PathOf(StoreRoot.Run, "sb"))
                : LockWordIs(what == "create" ? "new" : "sb", 2);
            return Errno.None;
        };
        _ = what switch
        {
            "create" => await store.CreateAsync("new", Fill("1")),
            "update" => await store.ChangeAsync("sb", Fill("1")),
            _ => await store.ChangeAsync("sb", static change => change.RemoveSandbox()),
        };
        fs.Before = fs.After = null;

        Assert.Empty(early);
        Assert.True(isVisible);
        Assert.Equal(2, Look(changes)!.Lsn.Value);
        Assert.Null(Look(changes));
    }

    [Fact]
    public async Task A_transaction_whose_process_died_before_it_was_visible_is_finished_and_given()
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        await using StateStore other = await _test.OpenAsync();
        _ = await store.CreateAsync("sb", Fill("0"));
        using ChangeReader changes = other.ReadChanges(new Lsn(2));
        await FailToPublishAsync(fs, store);

        Assert.Null(await changes.TryNextAsync(s_ever, Token));
        Assert.Equal("\"0\"", other.ReadText("sb", StoreRoot.Run, null, "state.json"));
        CommittedChange change = (await changes.TryNextAsync(TimeSpan.Zero, Token))!;
        Assert.Empty(change.HeldUp);
        Assert.Equal("\"1\"", other.ReadText("sb", StoreRoot.Run, null, "state.json"));
    }

    [Fact]
    public async Task A_wait_finds_by_itself_what_a_dead_process_has_left_while_others_commit()
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        await using StateStore other = await _test.OpenAsync();
        _ = await store.CreateAsync("sb", Fill("0"));
        _ = await store.CreateAsync("sb-2", Fill("0"));
        using ChangeReader changes = other.ReadChanges(new Lsn(3));
        await FailToPublishAsync(fs, store);
        Task<CommittedChange> next = other.NextAsync(changes, Token).AsTask();
        while (!next.IsCompleted)
        {
            _ = await other.ChangeAsync("sb-2", Fill("1"));
        }

        Assert.Equal(3, (await next).Lsn.Value);
    }

    [Fact]
    public async Task A_transaction_that_something_in_its_sandbox_holds_up_is_given_and_told_apart()
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        await using StateStore other = await _test.OpenAsync();
        _ = await store.CreateAsync("sb", Fill("0"));
        using ChangeReader changes = other.ReadChanges(new Lsn(2));
        await FailToPublishAsync(fs, store);
        string document = _test.PathOf(StoreRoot.Run, "sb/state.json");
        File.Delete(document);
        _ = Directory.CreateDirectory(document + "/in-the-way");
        _ = await other.CreateAsync("sb-2", Fill("2"));

        CommittedChange heldUp = (await changes.TryNextAsync(TimeSpan.Zero, Token))!;
        Assert.Equal((2, "sb"), (heldUp.Lsn.Value, Assert.Single(heldUp.HeldUp)));
        CommittedChange later = (await changes.TryNextAsync(s_ever, Token))!;
        Assert.Equal((3, 0), (later.Lsn.Value, later.HeldUp.Count));
    }

    [Fact]
    public async Task A_transaction_whose_process_is_at_work_is_waited_for()
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        _ = await store.CreateAsync("sb", Fill("0"));
        using ChangeReader changes = store.ReadChanges(new Lsn(2));
        string lockFile = _test.PathOf(StoreRoot.Run, "sb/lock");
        bool isAppended = false;
        Task<CommittedChange?> early = Task.FromResult<CommittedChange?>(null);
        fs.Before = call =>
        {
            if (!isAppended && call.IsSync)
            {
                isAppended = true;
                early = changes.TryNextAsync(TimeSpan.Zero, Token).AsTask(); // its holder is at work
            }

            return Errno.None;
        };
        _ = await store.ChangeAsync("sb", Fill("1"));

        Assert.True(isAppended);
        Assert.Null(await early);
        Assert.True(File.Exists(lockFile));
        Assert.NotNull(Look(changes));
    }

    [Fact]
    public async Task A_faulted_store_ends_the_wait_with_the_fault_after_what_is_durable()
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        await using StateStore other = await _test.OpenAsync();
        _ = await store.CreateAsync("sb", Fill("0"));
        using ChangeReader here = store.ReadChanges(new Lsn(1));
        using ChangeReader there = other.ReadChanges(new Lsn(1));
        fs.Before = static call => call.IsSync ? Errno.InputOutput : Errno.None;
        _ = await Assert.ThrowsAsync<StoreFaultedException>(() => store.ChangeAsync("sb", Fill("1")));
        fs.Before = null;

        foreach ((StateStore each, ChangeReader changes) in new[] { (store, here), (other, there) })
        {
            Assert.Equal(1, (await each.NextAsync(changes, Token)).Lsn.Value);
            _ = await Assert.ThrowsAsync<StoreFaultedException>(async () => await each.NextAsync(changes, Token));
        }
    }

    [Fact]
    public async Task A_record_that_was_durable_and_is_damaged_is_an_error_and_not_waited_for()
    {
        await using StateStore store = await _test.OpenAsync();
        _ = await store.CreateAsync("sb", Fill("0"));
        string segment = Directory.GetFiles(Path.Combine(_test.Metadata, "log"), "0*.log").Single();
        await using (FileStream file = new(segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Position = 4096 + 70; // in the payload of the first record
            file.WriteByte(0xFF);
        }

        using ChangeReader changes = store.ReadChanges(new Lsn(1));
        LogCorruptException damage = await Assert.ThrowsAsync<LogCorruptException>(async () => await changes.TryNextAsync(s_ever, Token));
        Assert.Equal(1, damage.ExpectedLsn.Value);
    }

    [Fact]
    public async Task Numbers_that_were_left_out_when_a_volatile_root_was_lost_are_an_error()
    {
        await using (StateStore store = await _test.OpenAsync())
        {
            _ = await store.CreateAsync("sb", Fill("0"));
        }

        Directory.Delete(_test.Layout.Run, recursive: true);
        var volatileRun = new ScriptedFileSystem { IsVolatile = true };
        await using StateStore again = await _test.OpenAsync(volatileRun);
        using ChangeReader changes = again.ReadChanges(new Lsn(2));

        ChangesNotInLogException gone =
            await Assert.ThrowsAsync<ChangesNotInLogException>(async () => await changes.TryNextAsync(s_ever, Token));
        Assert.True(gone.Oldest.Value > 2);
        using ChangeReader late = again.ReadChanges(gone.Oldest);
        Assert.Null(Look(late));
    }

    [Fact]
    public async Task A_creation_that_is_under_way_is_waited_for_before_a_listing()
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        await using StateStore other = await _test.OpenAsync();
        Task<Lsn>? listed = null;
        fs.Before = call =>
        {
            if (listed is null && call.IsSync)
            {
                listed = other.AwaitCreationsAsync(Token).AsTask();
                Assert.False(listed.IsCompleted);
            }

            return Errno.None;
        };
        Lsn created = await store.CreateAsync("sb", Fill("0"));
        fs.Before = null;

        Assert.NotNull(listed);
        Assert.Equal(created, await listed);
        Assert.Equal(["sb"], other.ListSandboxes());
    }

    private static Action<SandboxChange> Fill(string value) =>
        change => change.PutText(StoreRoot.Run, null, "state.json", $"\"{value}\"");

    /// <summary>As after a death between sync and publication: the lock is free, the word says "committing".</summary>
    private static async Task FailToPublishAsync(ScriptedFileSystem fs, StateStore store)
    {
        fs.Before = static call => call.Verb == FileSystemCall.Exchange ? Errno.InputOutput : Errno.None;
        _ = await Assert.ThrowsAsync<CommitNotPublishedException>(() => store.ChangeAsync("sb", Fill("1")));
        fs.Before = null;
    }

    /// <summary>A look that waits for nothing.</summary>
    private static CommittedChange? Look(ChangeReader changes)
    {
        Task<CommittedChange?> look = changes.TryNextAsync(s_ever, Token).AsTask();
        Assert.True(look.IsCompletedSuccessfully);
        return look.Result;
    }

    private bool LockWordIs(string sandbox, long lsn)
    {
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(_test.Layout.Run, out DirectoryHandle? run));
        using (run)
        {
            return LockWord.TryRead(fs, run!, $"{sandbox}/lock") is { } word && word.Lsn.Value == lsn;
        }
    }
}
