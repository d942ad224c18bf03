using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

/// <summary>The calls that lock, change, commit and unlock in one, and the look whether something exists.</summary>
public sealed class UpdatingTests : IDisposable
{
    private readonly TestSandboxes _test = new();
    private readonly List<string> _undone = [];

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_sandbox_that_exists_is_locked_and_one_that_does_not_is_the_callers_to_create()
    {
        await using SandboxStore store = await OpenAsync();
        for (int i = 0; i < 2; i++)
        {
            await using ModelLock held = await store.LockOrCreateAsync("sb-1");
            Assert.Equal(i == 0, held.IsNew);
            await (held.IsNew ? held.Change().Put(Samples.Sandbox("sb-1"))
                : held.Change().Transition(Lifecycle.Ready, Lifecycle.Running)).CommitAsync(TestContext.Current.CancellationToken);
            Assert.False(held.IsNew);
        }

        Assert.Equal(Lifecycle.Running, store.ReadStatuses()[0].Lifecycle);
    }

    [Fact]
    public async Task What_is_left_is_undone_first_and_what_was_only_being_made_is_new()
    {
        await using SandboxStore store = await OpenAsync();
        await store.CreateAsync(new NewSandbox("kept"));
        foreach (string sandbox in new[] { "kept", "half-made" })
        {
            await using ModelLock left = await store.LockOrCreateAsync(sandbox);
            await left.IntendJsonAsync("netns", JsonElement.Parse("null"));
        }

        await using ModelLock kept = await store.LockOrCreateAsync("kept");
        await using ModelLock made = await store.LockOrCreateAsync("half-made");

        Assert.Equal((false, true), (kept.IsNew, made.IsNew));
        Assert.Equal(["kept", "half-made"], _undone);
        await Assert.ThrowsAsync<LockAlreadyHeldException>(async () => await store.LockOrCreateAsync("kept"));
    }

    [Fact]
    public async Task An_update_locks_changes_commits_and_unlocks()
    {
        await using SandboxStore store = await OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));

        Lsn first = await store.UpdateAsync("sb-1", static (_, change) => change.Transition(Lifecycle.Ready, Lifecycle.Running));
        Lsn second = await store.UpdateAsync("sb-1", static async (held, change) =>
        {
            await Task.Yield();
            change.Put(held.Model.SandboxState, held.Read(held.Model.SandboxState)! with { Pid = 1 });
        });

        Assert.True(first < second);
        State state = store.Read("sb-1", TestSandboxes.Model.SandboxState)!;
        Assert.Equal((Lifecycle.Running, 1), (state.Lifecycle, state.Pid));
        await (await store.LockAsync("sb-1", timeout: TimeSpan.Zero)).DisposeAsync();
    }

    [Fact]
    public async Task An_update_whose_method_throws_changes_nothing_and_is_no_dropped_change()
    {
        var log = new Warnings();
        await using SandboxStore store = await _test.OpenAsync(options: _test.Options with { Logger = log });
        await store.CreateAsync(Samples.Sandbox("sb-1"));

        await Assert.ThrowsAsync<InvalidTransitionException>(async () => await store.UpdateAsync("sb-1", static (held, change) =>
            change.Put(held.Model.SandboxState, new State()).Transition(Lifecycle.Ready, Lifecycle.Running)));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await store.CreateAsync(new NewSandbox("sb-2") { State = Samples.Ready, Containers = [new NewContainer("a/b")] }));
        await using (ModelLock held = await store.LockAsync("sb-1"))
        {
            Intent intent = await held.IntendJsonAsync("netns", JsonElement.Parse("null"));
            await held.Change().Complete(intent).CommitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(Lifecycle.Ready, Assert.Single(store.ReadStatuses()).Lifecycle);
        Assert.Empty(log.OfChanges);
    }

    [Fact]
    public async Task A_change_that_is_dropped_with_its_lock_leaves_a_warning()
    {
        var log = new Warnings();
        await using SandboxStore store = await _test.OpenAsync(options: _test.Options with { Logger = log });
        await store.CreateAsync(Samples.Sandbox("sb-1"));

        await using (ModelLock held = await store.LockAsync("sb-1"))
        {
            held.Change().Put(held.Model.SandboxState, new State());
        }

        Assert.Contains("sb-1", Assert.Single(log.OfChanges), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_exists_is_told_without_a_lock()
    {
        await using SandboxStore store = await OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await using ModelLock held = await store.LockAsync("sb-1");

        Assert.Equal((true, false), (store.Exists("sb-1"), store.Exists("sb-2")));
        Assert.Equal((true, false, false), (store.Exists("sb-1", "web"), store.Exists("sb-1", "db"), store.Exists("sb-2", "web")));
    }

    [Fact]
    public async Task An_owner_is_refused_a_second_lock_also_through_a_method_of_the_programs_own()
    {
        await using SandboxStore store = await OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1"));
        using IDisposable owner = store.BeginOwner("start sb-1");
        await using ModelLock held = await OwnAsync(store);

        LockAlreadyHeldException refused = await Assert.ThrowsAsync<LockAlreadyHeldException>(() => OwnAsync(store));

        Assert.Contains("start sb-1", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<ModelLock> OwnAsync(SandboxStore store) => await store.LockAsync("sb-1");

    private ValueTask<SandboxStore> OpenAsync() => _test.OpenAsync(UndoHandlers.None.With("netns", (request, _) =>
    {
        _undone.Add(request.Sandbox);
        return Task.CompletedTask;
    }));

    private sealed class Warnings : ILogger
    {
        private readonly ConcurrentQueue<string> _texts = new();

        /// <summary>Those of changes that were dropped; a test's roots are told to be on one filesystem too.</summary>
        public IEnumerable<string> OfChanges => _texts.Where(static text => text.StartsWith("A change ", StringComparison.Ordinal));

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                _texts.Enqueue(formatter(state, exception));
            }
        }
    }
}
