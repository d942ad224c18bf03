using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Intents;

/// <summary>Nothing that is to be undone is forgotten by the way, and what is forgotten on purpose has a reason.</summary>
public sealed class ForgettingTests : IDisposable
{
    private static readonly JsonElement s_payload = JsonElement.Parse("""{"path":"/run/netns/x"}""");

    private readonly TestSandboxes _test = new();
    private readonly List<string> _undone = [];

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_sandbox_with_something_to_undo_is_removed_only_if_that_is_to_be_forgotten()
    {
        await using SandboxStore store = await OpenWithIntentsAsync("netns", "cgroup");

        PendingIntentsException refused =
            await Assert.ThrowsAsync<PendingIntentsException>(async () => await store.Store.RemoveSandboxAsync("sb-1"));
        await using (SandboxLock held = await store.Store.LockAsync("sb-1"))
        {
            await Assert.ThrowsAsync<PendingIntentsException>(async () => await held.Change().RemoveSandbox().CommitAsync());
        }

        Assert.Equal(("sb-1", 2, _test.ConfigPath("sb-1/intents.json")), (refused.Sandbox, refused.Count, refused.Path));
        Assert.Equal(2, store.ReadStatuses()[0].Intents.Count);
        await store.Store.RemoveSandboxAndForgetIntentsAsync("sb-1");
        Assert.Empty(store.ReadStatuses());
        Assert.Empty(_undone);
    }

    [Fact]
    public async Task One_of_several_sandboxes_with_something_to_undo_keeps_all_of_them()
    {
        await using SandboxStore store = await OpenWithIntentsAsync("netns");
        await store.CreateAsync(new NewSandbox("sb-2"));
        await using SandboxLocks locks =
            await store.Store.LockManyAsync([SandboxTarget.Existing("sb-1"), SandboxTarget.Existing("sb-2")]);
        Transaction transaction = locks.Change();
        transaction.For("sb-1").RemoveSandbox();
        transaction.For("sb-2").ForgetIntents().RemoveSandbox();

        await Assert.ThrowsAsync<PendingIntentsException>(async () => await transaction.CommitAsync());

        Assert.Equal(["sb-1", "sb-2"], store.Store.ListSandboxes());
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("{", null)]
    [InlineData("[]", null)]
    [InlineData("""{"Intents":1}""", null)]
    [InlineData("""{"Intents":[],"Intents":[1]}""", null)]
    [InlineData("""{"intents":[{"Number":1}]}""", 1)]
    public async Task A_record_that_does_not_tell_counts_as_one_that_names_intents(string record, int? count)
    {
        await using SandboxStore store = await OpenWithIntentsAsync();
        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/intents.json"), record, TestContext.Current.CancellationToken);

        PendingIntentsException refused =
            await Assert.ThrowsAsync<PendingIntentsException>(async () => await store.Store.RemoveSandboxAsync("sb-1"));

        Assert.Equal(count, refused.Count);
    }

    [Theory]
    [InlineData("""{"Intents":[]}""")]
    [InlineData("""{"Intents":null}""")]
    [InlineData("""{"Forgotten":[{}]}""")]
    public async Task A_record_without_intents_is_in_no_way(string record)
    {
        await using SandboxStore store = await OpenWithIntentsAsync();
        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/intents.json"), record, TestContext.Current.CancellationToken);

        await store.Store.RemoveSandboxAsync("sb-1");

        Assert.Empty(store.Store.ListSandboxes());
    }

    [Fact]
    public async Task An_intent_recorded_after_the_removal_was_asked_for_keeps_the_sandbox()
    {
        await using SandboxStore store = await OpenWithIntentsAsync();
        await using ModelLock held = await store.LockAsync("sb-1");
        ModelChange removal = held.Change().RemoveSandbox();
        await held.IntendJsonAsync("netns", s_payload);

        await Assert.ThrowsAsync<PendingIntentsException>(async () => await removal.CommitAsync());

        Assert.Single(held.Intents);
    }

    [Fact]
    public async Task An_intent_that_is_forgotten_is_never_undone_and_its_reason_stays_with_the_sandbox()
    {
        await using SandboxStore store = await OpenWithIntentsAsync("netns", "cgroup", "mount");
        await ForgetAsync(store, 2, "gone by hand");

        await (await store.LockAsync("sb-1")).DisposeAsync();
        await (await store.LockAsync("sb-1")).DisposeAsync();

        Assert.Equal(["mount", "netns"], _undone);
        Assert.Empty(store.ReadStatuses()[0].Intents);
        ForgottenIntent kept = Assert.Single(store.Store.Read("sb-1", TestSandboxes.Model.Intents)!.Forgotten!);
        Assert.Equal((2, "cgroup", "gone by hand"), (kept.Intent.Number, kept.Intent.Kind, kept.Reason));
        Assert.Equal(_test.Clock.GetUtcNow(), kept.Time);
        await store.Store.RemoveSandboxAsync("sb-1");
    }

    [Fact]
    public async Task What_was_forgotten_stays_told_when_the_rest_is_completed_and_new_intents_come()
    {
        await using SandboxStore store = await OpenWithIntentsAsync("netns", "cgroup");
        await ForgetAsync(store, 1, "why");
        await using (ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep))
        {
            await held.Change().Complete().CommitAsync();
            Intent next = await held.IntendJsonAsync("mount", s_payload);
            Assert.Equal(3, next.Number);
            await held.Change().Complete(next).CommitAsync();
        }

        Assert.Equal("why", Assert.Single(store.Store.Read("sb-1", TestSandboxes.Model.Intents)!.Forgotten!).Reason);
        Assert.Empty(_undone);
    }

    [Fact]
    public async Task A_sandbox_that_was_only_being_made_goes_with_the_next_lock_once_its_last_intent_is_forgotten()
    {
        await using SandboxStore store = await _test.OpenAsync(Recording());
        await using (ModelLock held = await store.LockNewAsync("sb-1"))
        {
            await held.IntendJsonAsync("netns", s_payload);
        }

        await ForgetAsync(store, 1, "the host was set up anew");

        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1"));
        Assert.Empty(store.ReadStatuses());
        Assert.Empty(_undone);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task All_that_was_kept_is_forgotten_and_the_sandbox_removed_in_one_commit(bool isCreating)
    {
        await using SandboxStore store = isCreating ? await _test.OpenAsync(Recording()) : await OpenWithIntentsAsync("netns", "cgroup");
        if (isCreating)
        {
            await using ModelLock creating = await store.LockNewAsync("sb-1");
            await creating.IntendJsonAsync("netns", s_payload);
        }

        await using (ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep))
        {
            Lsn before = held.Version;
            Lsn after = await held.Change().ForgetAll("the host was set up anew").RemoveSandbox().CommitAsync();
            Assert.Equal(before.Value + 1, after.Value);
        }

        Assert.Empty(store.Store.ListSandboxes());
        Assert.Empty(_undone);
    }

    [Fact]
    public async Task All_that_is_forgotten_stays_told_with_the_reason_but_for_what_the_change_completes()
    {
        await using SandboxStore store = await OpenWithIntentsAsync("netns", "cgroup", "mount");
        await using (ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep))
        {
            await held.Change().Complete(held.Intents[1]).ForgetAll("why").CommitAsync();
        }

        await (await store.LockAsync("sb-1")).DisposeAsync();

        Assert.Equal(
            [(1, "why"), (3, "why")],
            store.Read("sb-1", TestSandboxes.Model.Intents)!.Forgotten!.Select(static each => (each.Intent.Number, each.Reason)));
        Assert.Empty(_undone);
    }

    [Fact]
    public async Task A_damaged_record_goes_with_all_that_is_forgotten()
    {
        await using SandboxStore store = await OpenWithIntentsAsync("netns");
        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/intents.json"), "{", TestContext.Current.CancellationToken);
        await using ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep);

        await held.Change().ForgetAll("it cannot be read").CommitAsync();

        Assert.False(File.Exists(_test.ConfigPath("sb-1/intents.json")));
    }

    [Fact]
    public async Task An_intent_recorded_after_all_were_forgotten_keeps_the_sandbox()
    {
        await using SandboxStore store = await OpenWithIntentsAsync("netns");
        await using ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep);
        ModelChange removal = held.Change().ForgetAll("why").RemoveSandbox();
        await held.IntendJsonAsync("cgroup", s_payload);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await removal.CommitAsync());

        Assert.Equal(2, held.Intents.Count);
    }

    [Fact]
    public async Task An_intent_that_is_not_there_or_a_reason_that_is_empty_cannot_be_forgotten()
    {
        await using SandboxStore store = await OpenWithIntentsAsync("netns");
        await using ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep);
        Intent intent = held.Intents[0];
        ModelChange edit = held.Change().Forget(intent, "once");

        Assert.Throws<NotFoundException>(() => edit.Forget(intent, "twice"));
        Assert.Throws<NotFoundException>(() => held.Change().Forget(intent with { Number = 7 }, "why"));
        Assert.Throws<ArgumentException>(() => held.Change().Forget(intent, " "));
    }

    private static async Task ForgetAsync(SandboxStore store, long number, string reason)
    {
        await using ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep);
        await held.Change().Forget(held.Intents.Single(each => each.Number == number), reason).CommitAsync();
    }

    /// <summary>A sandbox that exists, with intents of a change of it.</summary>
    private async Task<SandboxStore> OpenWithIntentsAsync(params string[] kinds)
    {
        SandboxStore store = await _test.OpenAsync(Recording());
        await store.CreateAsync(new NewSandbox("sb-1"));
        await using ModelLock held = await store.LockAsync("sb-1");
        foreach (string kind in kinds)
        {
            await held.IntendJsonAsync(kind, s_payload);
        }

        return store;
    }

    private UndoHandlers Recording() => new[] { "netns", "cgroup", "mount" }.Aggregate(
        UndoHandlers.None, (undo, kind) => undo.With(kind, (_, _) =>
        {
            _undone.Add(kind);
            return Task.CompletedTask;
        }));
}
