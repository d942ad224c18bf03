using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

/// <summary>One transaction over several sandboxes with typed documents and intents.</summary>
public sealed class ManyLocksTests : IDisposable
{
    private static readonly JsonElement s_payload = JsonElement.Parse("null");

    private readonly TestSandboxes _test = new();
    private readonly List<string> _undone = [];
    private bool _isBroken;

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Documents_states_and_intents_of_several_sandboxes_change_in_one_commit()
    {
        await using SandboxStore store = await OpenAsync();
        await store.CreateAsync(new NewSandbox("b") { State = new State { Lifecycle = Lifecycle.Ready } });
        await using ModelLocks locks = await store.LockManyAsync([SandboxTarget.Existing("b"), SandboxTarget.New("a")]);
        Assert.Equal(["a", "b"], locks.Locks.Select(static held => held.Sandbox));
        await locks.Locks[0].IntendJsonAsync("netns", s_payload);
        await locks.Locks[1].IntendJsonAsync("cgroup", s_payload);

        ModelTransaction transaction = locks.Change();
        transaction.For("a").Put(new NewSandbox("a") { State = new State { Lifecycle = Lifecycle.Ready } }).Complete();
        transaction.For("b").Transition(Lifecycle.Ready, Lifecycle.Running).Complete();
        Lsn lsn = await transaction.CommitAsync(TestContext.Current.CancellationToken);

        Assert.Equal([lsn, lsn], locks.Locks.Select(static held => held.Version));
        Assert.Equal(
            [("a", Lifecycle.Ready, 0), ("b", Lifecycle.Running, 0)],
            store.ReadStatuses().Select(static each => (each.Id, each.Lifecycle, each.Intents.Count)));
        Assert.All(locks.Locks, static held => Assert.Empty(held.Intents));
        Assert.Throws<ArgumentException>(() => transaction.For("c"));
    }

    [Fact]
    public async Task The_change_of_one_sandbox_commits_those_of_all_and_settles_the_intents_of_all()
    {
        await using SandboxStore store = await OpenAsync();
        await store.CreateAsync(new NewSandbox("a"));
        await store.CreateAsync(new NewSandbox("b"));
        await using ModelLocks locks = await store.LockManyAsync([SandboxTarget.Existing("a"), SandboxTarget.Existing("b")]);
        await locks.Locks[1].IntendJsonAsync("cgroup", s_payload);
        ModelTransaction transaction = locks.Change();
        transaction.For("b").Put(TestSandboxes.Model.SandboxState, Samples.Ready).Complete();

        await transaction.For("a").Put(TestSandboxes.Model.SandboxState, Samples.Ready).CommitAsync();

        Assert.All(store.ReadStatuses(), static each => Assert.Equal((Lifecycle.Ready, 0), (each.Lifecycle, each.Intents.Count)));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await transaction.CommitAsync());
    }

    [Fact]
    public async Task A_commit_that_fails_for_one_sandbox_changes_none_and_completes_no_intent()
    {
        await using SandboxStore store = await OpenAsync();
        await store.CreateAsync(new NewSandbox("a"));
        await store.CreateAsync(new NewSandbox("b"));
        await using ModelLocks locks = await store.LockManyAsync([SandboxTarget.Existing("a"), SandboxTarget.Existing("b")]);
        await locks.Locks[0].IntendJsonAsync("netns", s_payload);
        ModelTransaction transaction = locks.Change();
        transaction.For("a").Put(TestSandboxes.Model.SandboxState, Samples.Ready).Complete();
        transaction.For("b").RequireVersion(new Lsn(999));

        await Assert.ThrowsAsync<VersionConflictException>(async () => await transaction.CommitAsync());

        Assert.Null(store.Read("a", TestSandboxes.Model.SandboxState));
        Assert.Single(locks.Locks[0].Intents);
    }

    [Fact]
    public async Task What_is_left_is_undone_before_the_locks_are_handed_out_and_kept_on_request()
    {
        await using SandboxStore store = await OpenAsync();
        await LeaveAsync(store, "a", isNew: false);
        await LeaveAsync(store, "b", isNew: true);

        await using (ModelLocks kept = await store.LockManyAsync([SandboxTarget.Existing("a")], intents: PendingIntents.Keep))
        {
            Assert.Single(kept.Locks[0].Intents);
        }

        await using (ModelLocks locks = await store.LockManyAsync([SandboxTarget.Existing("a"), SandboxTarget.New("b")]))
        {
            Assert.Equal([("a", 0, false), ("b", 0, false)],
                locks.Locks.Select(static held => (held.Sandbox, held.Intents.Count, held.IsCreating)));
        }

        Assert.Equal(["a netns", "b netns"], _undone.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task None_is_locked_if_one_was_only_being_made_exists_already_or_cannot_be_undone()
    {
        await using SandboxStore store = await OpenAsync();
        await store.CreateAsync(new NewSandbox("a"));
        await LeaveAsync(store, "b", isNew: true);

        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockManyAsync(Existing("a", "b")));
        await Assert.ThrowsAsync<AlreadyExistsException>(async () => await store.LockManyAsync([SandboxTarget.New("a")]));
        await LeaveAsync(store, "c", isNew: false);
        _isBroken = true;
        await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockManyAsync(Existing("a", "c")));

        await using SandboxStore other = await OpenAsync();
        await using ModelLocks locks =
            await other.LockManyAsync(Existing("a", "c"), timeout: TimeSpan.Zero, intents: PendingIntents.Keep);
        Assert.Equal(2, locks.Locks.Count);
    }

    [Fact]
    public async Task Shared_locks_undo_nothing_and_change_nothing()
    {
        await using SandboxStore store = await OpenAsync();
        await LeaveAsync(store, "a", isNew: false);
        await store.CreateAsync(new NewSandbox("b"));

        await using ModelLocks locks = await store.LockManyAsync(Existing("b", "a"), LockMode.Shared);

        Assert.Single(locks.Locks[0].Intents);
        Assert.Throws<InvalidOperationException>(() => locks.Change());
        Assert.Empty(_undone);
    }

    private static SandboxTarget[] Existing(params string[] ids) => [.. ids.Select(SandboxTarget.Existing)];

    private static async Task LeaveAsync(SandboxStore store, string sandbox, bool isNew)
    {
        if (!isNew)
        {
            await store.CreateAsync(new NewSandbox(sandbox));
        }

        await using ModelLock held = isNew ? await store.LockNewAsync(sandbox) : await store.LockAsync(sandbox);
        await held.IntendJsonAsync("netns", s_payload);
    }

    private ValueTask<SandboxStore> OpenAsync() => _test.OpenAsync(UndoHandlers.None.With("netns", (request, _) =>
    {
        if (_isBroken)
        {
            throw new InvalidOperationException("busy");
        }

        _undone.Add($"{request.Sandbox} netns");
        return Task.CompletedTask;
    }));
}
