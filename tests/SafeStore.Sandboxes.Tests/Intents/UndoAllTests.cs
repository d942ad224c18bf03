using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Intents;

/// <summary>The sweep at a program's start, and the removal that undoes first.</summary>
public sealed class UndoAllTests : IDisposable
{
    private readonly TestSandboxes _test = new();
    private readonly List<string> _undone = [];
    private bool _isBroken;

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task What_is_left_in_all_sandboxes_is_undone_and_told_one_by_one()
    {
        await using SandboxStore store = await OpenAsync();
        await LeaveAsync(store, "a", isNew: false, "netns", "cgroup");
        await LeaveAsync(store, "b", isNew: true, "netns");
        await LeaveAsync(store, "c", isNew: false);

        IReadOnlyList<UndoResult> results = await store.UndoAllAsync(TestContext.Current.CancellationToken);

        Assert.Equal([("a", 2, false), ("b", 1, true)], results.Select(static each => (each.Sandbox, each.Undone.Count, each.IsRemoved)));
        Assert.Equal(["cgroup", "netns"], results[0].Undone.Select(static intent => intent.Kind));
        Assert.All(results, static each => Assert.Null(each.Error));
        Assert.Equal(["a cgroup", "a netns", "b netns"], _undone);
        Assert.Equal(["a", "c"], store.Store.ListSandboxes());
        Assert.Empty(await store.UndoAllAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_cannot_be_undone_is_told_and_keeps_no_other_sandbox()
    {
        await using SandboxStore store = await OpenAsync();
        await using SandboxStore other = await OpenAsync();
        await LeaveAsync(store, "damaged", isNew: false, "netns");
        await File.WriteAllTextAsync(_test.ConfigPath("damaged/intents.json"), "{", TestContext.Current.CancellationToken);
        await LeaveAsync(store, "failing", isNew: false, "netns", "broken", "cgroup");
        await LeaveAsync(store, "held", isNew: false, "netns");
        await using ModelLock holder = await other.LockAsync("held", intents: PendingIntents.Keep);
        await LeaveAsync(store, "unknown", isNew: true, "no such kind");
        await LeaveAsync(store, "well", isNew: true, "netns");
        _isBroken = true;

        IReadOnlyList<UndoResult> results = await store.UndoAllAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["damaged", "failing", "held", "unknown", "well"], results.Select(static each => each.Sandbox));
        Assert.IsType<DocumentCorruptException>(results[0].Error);
        Assert.Equal("broken", Assert.IsType<UndoFailedException>(results[1].Error).Intent.Kind);
        Assert.Equal("cgroup", Assert.Single(results[1].Undone).Kind);
        Assert.IsType<LockTimeoutException>(results[2].Error);
        Assert.IsType<UndoFailedException>(results[3].Error);
        Assert.Equal((1, true, null), (results[4].Undone.Count, results[4].IsRemoved, results[4].Error));
        SandboxStatus failing = store.ReadStatuses().Single(static each => each.Id == "failing");
        Assert.Equal(["netns", "broken"], failing.Intents.Select(static each => each.Kind));
    }

    [Fact]
    public async Task A_program_that_is_told_to_stop_stops_the_sweep()
    {
        await using SandboxStore store = await OpenAsync();
        await LeaveAsync(store, "a", isNew: false, "netns");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.UndoAllAsync(new(canceled: true)));

        Assert.Single(store.ReadStatuses()[0].Intents);
    }

    [Fact]
    public async Task A_removal_undoes_first_what_is_left_in_the_sandbox()
    {
        await using SandboxStore store = await OpenAsync();
        await LeaveAsync(store, "a", isNew: false, "netns");
        await LeaveAsync(store, "b", isNew: true, "cgroup");
        await LeaveAsync(store, "c", isNew: false);

        Lsn[] removals = [await store.RemoveSandboxAsync("a"), await store.RemoveSandboxAsync("b"), await store.RemoveSandboxAsync("c")];

        Assert.Equal(["a netns", "b cgroup"], _undone);
        Assert.True(removals[0] < removals[1] && removals[1] < removals[2]);
        Assert.Empty(store.Store.ListSandboxes());
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.RemoveSandboxAsync("a"));
    }

    [Fact]
    public async Task A_sandbox_in_which_something_cannot_be_undone_is_not_removed()
    {
        await using SandboxStore store = await OpenAsync();
        await LeaveAsync(store, "failing", isNew: false, "broken");
        await LeaveAsync(store, "damaged", isNew: false, "netns");
        await File.WriteAllTextAsync(_test.ConfigPath("damaged/intents.json"), "{", TestContext.Current.CancellationToken);
        _isBroken = true;

        await Assert.ThrowsAsync<UndoFailedException>(async () => await store.RemoveSandboxAsync("failing"));
        await Assert.ThrowsAsync<PendingIntentsException>(async () => await store.RemoveSandboxAsync("damaged"));

        Assert.Equal(["damaged", "failing"], store.Store.ListSandboxes());
    }

    private static async Task LeaveAsync(SandboxStore store, string sandbox, bool isNew, params string[] kinds)
    {
        if (!isNew)
        {
            await store.CreateAsync(new NewSandbox(sandbox));
        }

        await using ModelLock held = isNew ? await store.LockNewAsync(sandbox) : await store.LockAsync(sandbox);
        foreach (string kind in kinds)
        {
            await held.IntendJsonAsync(kind, JsonElement.Parse("null"));
        }
    }

    private ValueTask<SandboxStore> OpenAsync() => _test.OpenAsync(new[] { "netns", "cgroup", "broken" }.Aggregate(
        UndoHandlers.None, (undo, kind) => undo.With(kind, (request, _) =>
        {
            if (_isBroken && kind == "broken")
            {
                throw new IOException("busy");
            }

            _undone.Add($"{request.Sandbox} {kind}");
            return Task.CompletedTask;
        })));
}
