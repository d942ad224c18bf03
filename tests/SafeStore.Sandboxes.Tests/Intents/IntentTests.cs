using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Intents;

public sealed class IntentTests : IDisposable
{
    private static readonly JsonElement s_payload = JsonElement.Parse("""{"path":"/run/netns/x"}""");

    private readonly TestSandboxes _test = new();
    private readonly List<string> _undone = [];

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task An_intent_is_on_disk_before_the_side_effect_and_cleared_by_the_commit_that_completes_the_creation()
    {
        await using SandboxStore store = await _test.OpenAsync(Recording());
        await using ModelLock held = await store.LockNewAsync("sb-1");

        Intent intent = await held.IntendJsonAsync("netns", s_payload);

        string file = _test.ConfigPath("sb-1/intents.json");
        Assert.Contains("\"Kind\":\"netns\"", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Assert.Equal((1, "netns", true), (intent.Number, Assert.Single(held.Intents).Kind, held.IsCreating));
        await held.Change().Put(new NewSandbox("sb-1") { Config = TestSandboxes.ConfigOf("sb-1") }).Complete().CommitAsync();
        Assert.False(File.Exists(file));
        Assert.Empty(held.Intents);
        Assert.False(held.IsCreating);
        Assert.NotNull(store.Store.Read("sb-1", TestSandboxes.Model.SandboxConfig));
        Assert.Empty(_undone);
    }

    [Fact]
    public async Task What_a_creation_that_failed_has_left_is_undone_newest_first_and_the_sandbox_is_gone()
    {
        await using SandboxStore store = await _test.OpenAsync(Recording());
        await FailCreatingAsync(store, "netns", "cgroup", "mount");

        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1"));

        Assert.Equal(["mount#3.1", "cgroup#2.1", "netns#1.1"], _undone);
        Assert.Empty(store.ReadStatuses());
        Assert.False(Directory.Exists(_test.RunPath("sb-1")));
    }

    [Fact]
    public async Task A_sandbox_whose_creation_failed_can_be_created_again_at_once()
    {
        await using SandboxStore store = await _test.OpenAsync(Recording());
        await FailCreatingAsync(store, "netns");

        await store.CreateAsync(new NewSandbox("sb-1") { State = new State { Lifecycle = Lifecycle.Ready } });

        Assert.Equal(["netns#1.1"], _undone);
        Assert.Equal(Lifecycle.Ready, Assert.Single(store.ReadStatuses()).Lifecycle);
    }

    [Fact]
    public async Task Another_process_undoes_what_a_dead_one_has_left()
    {
        await using (SandboxStore dead = await _test.OpenAsync())
        {
            await FailCreatingAsync(dead, "netns");
        }

        await using SandboxStore store = await _test.OpenAsync(Recording());
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1"));

        Assert.Equal(["netns#1.1"], _undone);
    }

    [Fact]
    public async Task A_handler_that_fails_keeps_the_sandbox_locked_out_and_is_told_how_often_it_ran()
    {
        bool isBroken = true;
        UndoHandlers undo = Recording().With("netns", (request, _) =>
        {
            _undone.Add($"netns.{request.Intent.Attempts}");
            return isBroken ? throw new IOException("busy") : Task.CompletedTask;
        });
        await using SandboxStore store = await _test.OpenAsync(undo);
        await FailCreatingAsync(store, "netns", "mount");

        UndoFailedException first = await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("sb-1"));
        await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("sb-1"));
        Intent left = Assert.Single(Assert.Single(store.ReadStatuses()).Intents);
        isBroken = false;
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1"));

        Assert.Equal(("netns", 1, "busy"), (first.Intent.Kind, first.Intent.Attempts, first.InnerException!.Message));
        Assert.Equal((2, "busy"), (left.Attempts, left.LastError));
        Assert.Equal(["mount#2.1", "netns.1", "netns.2", "netns.3"], _undone);
    }

    [Fact]
    public async Task A_program_without_a_handler_leaves_the_intent_to_one_that_has_it()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await FailCreatingAsync(store, "netns");

        UndoFailedException failure = await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("sb-1"));

        Assert.Contains("no undo handler", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, Assert.Single(Assert.Single(store.ReadStatuses()).Intents).Attempts);
    }

    [Fact]
    public async Task What_is_intended_for_a_change_of_a_sandbox_is_undone_without_the_sandbox()
    {
        await using SandboxStore store = await _test.OpenAsync(Recording());
        await store.CreateAsync(new NewSandbox("sb-1") { State = new State { Lifecycle = Lifecycle.Ready } });
        await using (ModelLock failing = await store.LockAsync("sb-1"))
        {
            await failing.IntendJsonAsync("hotplug", s_payload);
        }

        await using ModelLock held = await store.LockAsync("sb-1");

        Assert.Equal(["hotplug#1.1"], _undone);
        Assert.Equal(Lifecycle.Ready, held.Read(TestSandboxes.Model.SandboxState)!.Lifecycle);
        Assert.False(File.Exists(_test.ConfigPath("sb-1/intents.json")));
    }

    [Fact]
    public async Task Intents_that_are_completed_one_by_one_are_not_undone_and_the_others_are()
    {
        await using SandboxStore store = await _test.OpenAsync(Recording());
        await store.CreateAsync(new NewSandbox("sb-1"));
        await using (ModelLock failing = await store.LockAsync("sb-1"))
        {
            Intent kept = await failing.IntendJsonAsync("a", s_payload);
            await failing.IntendJsonAsync("b", s_payload);
            await failing.Change().Put(TestSandboxes.Model.SandboxState, new State { Lifecycle = Lifecycle.Running }).Complete(kept)
                .CommitAsync();
        }

        await using ModelLock held = await store.LockAsync("sb-1");

        Assert.Equal(["b#2.1"], _undone);
    }

    [Fact]
    public async Task A_sandbox_with_something_to_undo_is_not_removed_before_it_is_undone()
    {
        await using SandboxStore store = await _test.OpenAsync(Recording());
        await store.CreateAsync(new NewSandbox("sb-1"));
        await using ModelLock held = await store.LockAsync("sb-1");
        await held.IntendJsonAsync("a", s_payload);

        Assert.Throws<InvalidOperationException>(() => held.Change().RemoveSandbox());
        await held.UndoAsync();
        await held.Change().RemoveSandbox().CommitAsync();

        Assert.Equal(["a#1.1"], _undone);
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    public async Task Who_locks_without_undoing_sees_the_intents_and_may_clear_them()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await FailCreatingAsync(store, "netns");

        await using (ModelLock held = await store.LockAsync("sb-1", intents: PendingIntents.Keep))
        {
            Assert.True(held.IsCreating);
            Assert.Equal("/run/netns/x", Assert.Single(held.Intents).Payload.GetProperty("path").GetString());
            await held.Change().Complete().CommitAsync();
            await held.Change().RemoveSandbox().CommitAsync();
        }

        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    public async Task A_creation_that_is_under_way_in_another_process_is_waited_for_and_not_undone()
    {
        await using SandboxStore maker = await _test.OpenAsync(Recording());
        await using SandboxStore other = await _test.OpenAsync(Recording());
        await using (ModelLock held = await maker.LockNewAsync("sb-1"))
        {
            await held.IntendJsonAsync("netns", s_payload);
            await Assert.ThrowsAsync<LockTimeoutException>(async () => await other.CreateAsync(new NewSandbox("sb-1"), TimeSpan.Zero));
            await held.Change().Put(TestSandboxes.Model.SandboxState, new State { Lifecycle = Lifecycle.Ready }).Complete().CommitAsync();
        }

        await Assert.ThrowsAsync<AlreadyExistsException>(async () => await other.CreateAsync(new NewSandbox("sb-1")));

        Assert.Empty(_undone);
        Assert.Equal(Lifecycle.Ready, Assert.Single(other.ReadStatuses()).Lifecycle);
    }

    [Fact]
    public async Task A_change_that_was_begun_before_an_intent_made_the_sandbox_is_refused()
    {
        await using SandboxStore store = await _test.OpenAsync(Recording());
        await using ModelLock held = await store.LockNewAsync("sb-1");
        ModelChange tooEarly = held.Change();

        Intent intent = await held.IntendJsonAsync("netns", s_payload);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await tooEarly.CommitAsync());
        Assert.Throws<InvalidOperationException>(() => held.Change().Complete(intent));
        Assert.Equal("netns", Assert.Single(held.Intents).Kind);
    }

    [Fact]
    public async Task A_cancelled_undo_leaves_the_intent_to_the_next_lock()
    {
        using var cancellation = new System.Threading.CancellationTokenSource();
        UndoHandlers undo = UndoHandlers.None.With("netns", async (request, token) =>
        {
            _undone.Add($"netns.{request.Intent.Attempts}");
            if (request.Intent.Attempts == 1)
            {
                await cancellation.CancelAsync();
                token.ThrowIfCancellationRequested();
            }
        });
        await using SandboxStore store = await _test.OpenAsync(undo);
        await FailCreatingAsync(store, "netns");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await store.LockAsync("sb-1", cancellationToken: cancellation.Token));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1"));

        Assert.Equal(["netns.1", "netns.2"], _undone);
    }

    private UndoHandlers Recording()
    {
        UndoHandlers undo = UndoHandlers.None;
        return new[] { "netns", "cgroup", "mount", "hotplug", "a", "b" }.Aggregate(undo, (undo, kind) => undo.With(kind, (request, _) =>
        {
            _undone.Add($"{kind}#{request.Intent.Number}.{request.Intent.Attempts}");
            return Task.CompletedTask;
        }));
    }

    private static async Task FailCreatingAsync(SandboxStore store, params string[] kinds)
    {
        await using ModelLock held = await store.LockNewAsync("sb-1");
        foreach (string kind in kinds)
        {
            await held.IntendJsonAsync(kind, s_payload);
        }
    }
}
