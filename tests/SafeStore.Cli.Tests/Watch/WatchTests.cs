using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Operations;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Cli.Tests.Watch;

/// <summary>The changes of a store as a library's user gets them.</summary>
public sealed class WatchTests : IDisposable
{
    private readonly StoreFixture _fixture = new();
    private readonly StoreOptions _options = new()
    {
        SegmentBytes = 16 * 1024,
        LogBytesMax = 1024 * 1024,
        CheckpointInterval = Timeout.InfiniteTimeSpan,
    };

    private StoreLayout Layout => StoreLayout.At(_fixture.Store);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_change_is_given_whole_with_all_that_it_does()
    {
        await using StateStore store = await OpenAsync();
        await CreateAsync(store, "sb");
        await using (SandboxLock held = await store.LockAsync("sb", cancellationToken: Token))
        {
            SandboxChange change = held.Change();
            change.CreateContainer("web").PutJson(StoreRoot.Config, "web", "config.json", "{}"u8).Remove(StoreRoot.Run, null, "state.json");
            _ = await change.CommitAsync(Token);
        }

        await RemoveAsync(store, "sb");
        List<StoreChange> given = await TakeAsync(store.WatchAsync(new Lsn(1), Token), 3);

        Assert.Equal([1, 2, 3], given.Select(static each => each.Lsn.Value));
        ChangedSandbox[] sandboxes = [.. given.Select(static each => Assert.Single(each.Sandboxes))];
        Assert.Equal([LoggedKind.Create, LoggedKind.Update, LoggedKind.Remove], sandboxes.Select(static each => each.Kind));
        Assert.Equal("{\"n\":0}", Encoding.UTF8.GetString(Assert.Single(sandboxes[0].Puts).Content.Span));
        Assert.Equal("web", Assert.Single(sandboxes[1].CreatedContainers));
        Assert.Equal("config:sb/web/config.json", Assert.Single(sandboxes[1].Puts).Document.ToString());
        Assert.Equal("run:sb/state.json", Assert.Single(sandboxes[1].Deletes).ToString());
        Assert.DoesNotContain(sandboxes, static each => each.IsHeldUp);
    }

    [Fact]
    public async Task A_wait_ends_with_a_commit_of_this_process_or_another()
    {
        await using StateStore store = await OpenAsync();
        await using StateStore other = await OpenAsync();
        await CreateAsync(store, "sb");
        await using IAsyncEnumerator<StoreChange> changes = store.WatchAsync(null, Token).GetAsyncEnumerator(Token);
        foreach (StateStore writer in new[] { store, other, store, other })
        {
            Task<bool> next = changes.MoveNextAsync().AsTask();
            Lsn lsn = await PutAsync(writer, "sb", 1);
            Assert.True(await next);
            Assert.Equal(lsn, changes.Current.Lsn);
        }
    }

    [Fact]
    public async Task What_is_committed_after_the_last_LSN_was_asked_for_is_given_from_the_next_one_on()
    {
        await using StateStore store = await OpenAsync();
        await CreateAsync(store, "sb");
        Lsn last = await store.FindLastAsync(Token);
        Lsn lsn = await PutAsync(store, "sb", 1);

        Assert.Equal(lsn, Assert.Single(await TakeAsync(store.WatchAsync(last.Next, Token), 1)).Lsn);
    }

    [Fact]
    public async Task The_watch_of_a_simulated_process_that_is_killed_ends_and_takes_no_other_thread_along()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        for (ulong seed = 0; seed < 10; seed++)
        {
            await using IAsyncEnumerator<StoreChange> changes = simulated.Store.WatchAsync(null, Token).GetAsyncEnumerator(Token);
            Task<bool> next = changes.MoveNextAsync().AsTask();
            await simulated.LosePowerAsync(seed);
            await Assert.ThrowsAnyAsync<Exception>(() => next);
        }
    }

    [Fact]
    public async Task A_transaction_over_several_sandboxes_is_one_change()
    {
        await using StateStore store = await OpenAsync();
        SandboxTarget[] targets = [SandboxTarget.New("a"), SandboxTarget.New("b")];
        await using (SandboxLocks locks = await store.LockManyAsync(targets, cancellationToken: Token))
        {
            Transaction transaction = locks.Change();
            transaction.For("a").PutJson(StoreRoot.Run, null, "state.json", "1"u8);
            transaction.For("b").PutJson(StoreRoot.Run, null, "state.json", "2"u8);
            _ = await transaction.CommitAsync(Token);
        }

        StoreChange change = Assert.Single(await TakeAsync(store.WatchAsync(new Lsn(1), Token), 1));
        Assert.Equal(["a", "b"], change.Sandboxes.Select(static each => each.Sandbox));
    }

    [Fact]
    public async Task Changes_go_on_over_segments_that_are_sealed_and_released_behind_the_reader()
    {
        await using StateStore store = await OpenAsync();
        await CreateAsync(store, "sb");
        await using IAsyncEnumerator<StoreChange> changes = store.WatchAsync(new Lsn(1), Token).GetAsyncEnumerator(Token);
        long expected = 0;
        for (int round = 0; round < 5; round++)
        {
            for (int i = 0; i < 10; i++)
            {
                _ = await PutAsync(store, "sb", i);
            }

            while (++expected < (round * 10) + 12)
            {
                Assert.True(await changes.MoveNextAsync());
                Assert.Equal(expected, changes.Current.Lsn.Value);
            }

            expected--;
            _ = await store.CheckpointAsync(Token);
        }
    }

    [Fact]
    public async Task A_transaction_larger_than_a_segment_is_given_also_where_it_takes_the_place_of_an_empty_one()
    {
        await using StateStore store = await OpenAsync();
        await CreateAsync(store, "sb");
        _ = await store.CheckpointAsync(Token); // an empty segment
        await using IAsyncEnumerator<StoreChange> changes = store.WatchAsync(null, Token).GetAsyncEnumerator(Token);
        Task<bool> next = changes.MoveNextAsync().AsTask();
        string large = $"\"{new string('x', 100_000)}\"";
        await using SandboxLock held = await store.LockAsync("sb", cancellationToken: Token);
        _ = await held.Change().PutJson(StoreRoot.Run, null, "state.json", Encoding.UTF8.GetBytes(large)).CommitAsync(Token);

        Assert.True(await next);
        Assert.Equal(large.Length, Assert.Single(Assert.Single(changes.Current.Sandboxes).Puts).Content.Length);
    }

    [Fact]
    public async Task What_the_log_has_released_is_an_error_that_tells_where_one_can_begin()
    {
        await using StateStore store = await OpenAsync();
        await CreateAsync(store, "sb");
        await using IAsyncEnumerator<StoreChange> slow = store.WatchAsync(new Lsn(1), Token).GetAsyncEnumerator(Token);
        Assert.True(await slow.MoveNextAsync());
        _ = await PutAsync(store, "sb", 1);
        _ = await PutAsync(store, "sb", 2);
        _ = await store.CheckpointAsync(Token);

        ChangesNotInLogException gone = await Assert.ThrowsAsync<ChangesNotInLogException>(async () => await slow.MoveNextAsync());
        Assert.Equal((2, 4), (gone.From.Value, gone.Oldest.Value));
        _ = await PutAsync(store, "sb", 3);
        Assert.Equal(4, (await TakeAsync(store.WatchAsync(gone.Oldest, Token), 1))[0].Lsn.Value);
    }

    [Fact]
    public async Task A_position_that_the_store_has_never_come_to_is_an_error()
    {
        await using StateStore store = await OpenAsync();
        await CreateAsync(store, "sb");

        ChangesNotInLogException ahead = await Assert.ThrowsAsync<ChangesNotInLogException>(
            () => TakeAsync(store.WatchAsync(new Lsn(9), Token), 1));
        Assert.Contains("the store's last transaction is LSN 1", ahead.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_position_outlives_the_close_of_the_store_if_all_was_read()
    {
        await using (StateStore store = await OpenAsync())
        {
            await CreateAsync(store, "sb");
        }

        await using StateStore again = await OpenAsync();
        Task<List<StoreChange>> next = TakeAsync(again.WatchAsync(new Lsn(2), Token), 1);
        Lsn lsn = await PutAsync(again, "sb", 1);
        Assert.Equal(lsn, (await next)[0].Lsn);
        Assert.Equal(2, lsn.Value);
    }

    [Fact]
    public async Task Cancellation_ends_a_wait_at_once_and_nothing_stays_open()
    {
        await using StateStore store = await OpenAsync();
        await CreateAsync(store, "sb");
        int before = OpenFiles();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<List<StoreChange>> all = TakeAsync(store.WatchAsync(new Lsn(1), stop.Token), 2);
        await stop.CancelAsync();

        OperationCanceledException end = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => all);
        Assert.Equal(stop.Token, end.CancellationToken);
        Assert.Equal(before, OpenFiles());
    }

    [Fact]
    public async Task A_reader_that_does_not_read_on_keeps_no_file_open_and_no_segment()
    {
        await using StateStore store = await OpenAsync();
        await CreateAsync(store, "sb");
        int before = OpenFiles();
        await using IAsyncEnumerator<StoreChange> changes = store.WatchAsync(new Lsn(1), Token).GetAsyncEnumerator(Token);
        Assert.True(await changes.MoveNextAsync());

        Assert.Equal(before, OpenFiles());
        Assert.Equal(1, (await store.CheckpointAsync(Token)).Value);
    }

    [Fact]
    public async Task Closing_the_store_ends_a_wait_and_every_later_call()
    {
        StateStore store = await OpenAsync();
        await CreateAsync(store, "sb");
        await using IAsyncEnumerator<StoreChange> idle = store.WatchAsync(new Lsn(1), Token).GetAsyncEnumerator(Token);
        Assert.True(await idle.MoveNextAsync());
        Task<List<StoreChange>> waiting = TakeAsync(store.WatchAsync(null, Token), 1);
        await store.DisposeAsync();

        _ = await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        _ = await Assert.ThrowsAsync<ObjectDisposedException>(async () => await idle.MoveNextAsync());
    }

    [Fact]
    public async Task A_store_that_is_opened_read_only_or_only_viewed_gives_the_same_changes()
    {
        await using StateStore writer = await OpenAsync();
        await CreateAsync(writer, "sb");
        await using StateStore reader =
            await StateStore.OpenAsync(Layout, _options with { Opening = StoreOpening.ReadOnly }, Token);
        using StoreView view = StoreView.Open(Layout);
        Task<List<StoreChange>>[] all =
        [
            TakeAsync(writer.WatchAsync(new Lsn(1), Token), 3), TakeAsync(reader.WatchAsync(new Lsn(1), Token), 3),
            TakeAsync(view.WatchAsync(new Lsn(1), Token), 3),
        ];
        _ = await PutAsync(writer, "sb", 1);
        await RemoveAsync(writer, "sb");

        foreach (Task<List<StoreChange>> each in all)
        {
            Assert.Equal([1, 2, 3], (await each).Select(static change => change.Lsn.Value));
        }

        await using IAsyncEnumerator<FollowItem> refused = reader.FollowAsync(Token).GetAsyncEnumerator(Token);
        _ = await Assert.ThrowsAsync<StoreReadOnlyException>(async () => await refused.MoveNextAsync());
    }

    [Fact]
    public async Task Following_lists_all_and_goes_on_without_what_was_listed()
    {
        await using StateStore store = await OpenAsync();
        await CreateAsync(store, "a");
        await CreateAsync(store, "b");
        _ = await PutAsync(store, "a", 1);
        var mirror = new Mirror();
        await using IAsyncEnumerator<FollowItem> items = store.FollowAsync(Token).GetAsyncEnumerator(Token);
        Assert.True(await items.MoveNextAsync());
        mirror.Apply(Assert.IsType<ListedSandbox>(items.Current));
        _ = await PutAsync(store, "a", 2);
        _ = await PutAsync(store, "b", 3); // after the listing began, before b is listed
        Assert.True(await items.MoveNextAsync());
        mirror.Apply(Assert.IsType<ListedSandbox>(items.Current));
        Assert.True(await items.MoveNextAsync());
        Assert.Equal(new ListingEnd(new Lsn(3)), items.Current);
        Assert.True(await items.MoveNextAsync());
        StoreChange change = Assert.IsType<StoreChange>(items.Current);
        mirror.Apply(change);

        Assert.Equal((4, "a"), (change.Lsn.Value, Assert.Single(change.Sandboxes).Sandbox));
        Assert.Equal(Mirror.Of(store), mirror.All());
        Lsn next = await CreateAsync(store, "c");
        Assert.True(await items.MoveNextAsync());
        Assert.Equal(next, Assert.IsType<StoreChange>(items.Current).Lsn);
    }

    [Fact]
    public async Task A_sandbox_that_is_locked_for_too_long_does_not_keep_the_others_from_being_listed()
    {
        await using StateStore store = await StateStore.OpenAsync(Layout, _options with { LockTimeout = TimeSpan.Zero }, Token);
        await CreateAsync(store, "a");
        await CreateAsync(store, "b");
        await using StateStore holder = await OpenAsync();
        await using SandboxLock held = await holder.LockAsync("a", cancellationToken: Token);
        var items = new List<FollowItem>();
        await foreach (FollowItem item in store.FollowAsync(Token))
        {
            items.Add(item);
            if (item is ListingEnd)
            {
                break;
            }
        }

        Assert.Equal("a", Assert.IsType<UnreadableSandbox>(items[0]).Sandbox);
        Assert.Equal("b", Assert.IsType<ListedSandbox>(items[1]).Snapshot.Sandbox);
    }

    private int OpenFiles() => Directory.GetFileSystemEntries("/proc/self/fd").Count(path =>
        new FileInfo(path).LinkTarget?.StartsWith(_fixture.Store, StringComparison.Ordinal) == true);

    private static async Task<Lsn> CreateAsync(StateStore store, string sandbox)
    {
        await using SandboxLock held = await store.LockNewAsync(sandbox, cancellationToken: Token);
        return await held.Change().PutJson(StoreRoot.Run, null, "state.json", "{\"n\":0}"u8).CommitAsync(Token);
    }

    private static async Task<Lsn> PutAsync(StateStore store, string sandbox, int value)
    {
        await using SandboxLock held = await store.LockAsync(sandbox, cancellationToken: Token);
        return await held.Change().PutJson(StoreRoot.Run, null, "state.json", Encoding.UTF8.GetBytes($"{{\"n\":{value}}}"))
            .CommitAsync(Token);
    }

    private static async Task RemoveAsync(StateStore store, string sandbox)
    {
        await using SandboxLock held = await store.LockAsync(sandbox, cancellationToken: Token);
        _ = await held.Change().RemoveSandbox().CommitAsync(Token);
    }

    private static async Task<List<StoreChange>> TakeAsync(IAsyncEnumerable<StoreChange> changes, int count)
    {
        var taken = new List<StoreChange>();
        await foreach (StoreChange change in changes)
        {
            taken.Add(change);
            if (taken.Count == count)
            {
                break;
            }
        }

        return taken;
    }

    private ValueTask<StateStore> OpenAsync() => StateStore.OpenAsync(Layout, _options, Token);
}
