using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

/// <summary>Sandboxes whose recorded processes are gone are found, and removed; others never are.</summary>
public sealed class AbandonedTests : IDisposable
{
    private const string Zero = "0001-01-01T00:00:00Z";
    private const string Noon = "2026-11-30T12:00:00Z";

    private static readonly DateTimeOffset s_noon = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    private readonly TestSandboxes _test = new();
    private readonly FakeProcesses _processes = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_sandbox_whose_processes_are_gone_is_found_and_removed()
    {
        await using SandboxStore store = await OpenAsync();
        await MakeAsync(store, "sb-1", pid: 4711, Zero);

        SandboxProcesses? found = await store.FindProcessesAsync("sb-1");
        SandboxProcesses? removed = await store.RemoveAbandonedAsync("sb-1");

        Assert.Equal((ProcessVerdict.Gone, Lifecycle.Running, (Lsn?)null), (found!.Verdict, found.Lifecycle, found.Removed));
        Assert.Equal(
            [new RecordedProcess(null, "state.json", 4711, ProcessVerdict.Gone), new("web", "process.json", 4711, ProcessVerdict.Gone)],
            found.Processes);
        Assert.True(removed!.Removed > default(Lsn));
        Assert.Empty(store.ReadStatuses());
        Assert.Null(await store.FindProcessesAsync("sb-1"));
        Assert.Null(await store.RemoveAbandonedAsync("sb-1"));
    }

    [Theory]
    [InlineData("state.json", """{"state":"running","pid":7}""")]
    [InlineData("agent.json", """{"ProxyPid":7,"URL":""}""")]
    [InlineData("hypervisor.json", """{"PID":7}""")]
    [InlineData("web/state.json", """{"state":"running","pid":7}""")]
    [InlineData("web/process.json", """{"Token":"","Pid":7,"StartTime":"0001-01-01T00:00:00Z"}""")]
    public async Task A_sandbox_is_left_when_any_document_names_a_living_process(string path, string json)
    {
        await using SandboxStore store = await OpenAsync();
        await MakeAsync(store, "sb-1", pid: 4711, Zero);
        await File.WriteAllTextAsync(_test.RunPath($"sb-1/{path}"), json, TestContext.Current.CancellationToken);
        _processes.Living[7] = null;

        await AssertLeftAsync(store, ProcessVerdict.Living);
    }

    [Fact]
    public async Task A_process_that_began_long_after_the_recorded_time_is_not_taken_for_the_recorded_one_nor_for_proof_that_it_is_gone()
    {
        await using SandboxStore store = await OpenAsync();
        await MakeAsync(store, "sb-1", pid: 4711, Noon);

        _processes.Living[4711] = s_noon.AddSeconds(59);
        await AssertLeftAsync(store, ProcessVerdict.Living);
        _processes.Living[4711] = s_noon.AddSeconds(-3600);
        await AssertLeftAsync(store, ProcessVerdict.Living);
        _processes.Living[4711] = s_noon.AddSeconds(61);
        await AssertLeftAsync(store, ProcessVerdict.Reused);
    }

    [Fact]
    public async Task A_sandbox_that_names_no_process_is_left()
    {
        await using SandboxStore store = await OpenAsync();
        await MakeAsync(store, "sb-1", pid: 0, Zero);
        await File.WriteAllTextAsync(
            _test.RunPath("sb-1/agent.json"), """{"ProxyPid":-1,"URL":""}""", TestContext.Current.CancellationToken);

        await AssertLeftAsync(store, ProcessVerdict.NotRecorded);
    }

    [Theory]
    [InlineData("run", "sb-1/state.json")]
    [InlineData("run", "sb-1/agent.json")]
    [InlineData("run", "sb-1/hypervisor.json")]
    [InlineData("run", "sb-1/web/process.json")]
    [InlineData("config", "sb-1/intents.json")]
    public async Task A_sandbox_of_which_a_document_cannot_be_read_is_left(string root, string path)
    {
        await using SandboxStore store = await OpenAsync();
        await MakeAsync(store, "sb-1", pid: 4711, Zero);
        await File.WriteAllTextAsync(
            root == "run" ? _test.RunPath(path) : _test.ConfigPath(path), "{", TestContext.Current.CancellationToken);

        SandboxProcesses found = await AssertLeftAsync(store, ProcessVerdict.Unreadable);

        Assert.IsType<DocumentCorruptException>(found.Errors[0]);
    }

    [Fact]
    public async Task A_sandbox_that_is_locked_is_left_and_not_waited_for()
    {
        await using SandboxStore store = await OpenAsync();
        await using SandboxStore other = await OpenAsync();
        await MakeAsync(store, "sb-1", pid: 4711, Zero);
        await using ModelLock held = await other.LockAsync("sb-1");

        _ = await AssertLeftAsync(store, ProcessVerdict.Locked);
    }

    [Fact]
    public async Task A_sandbox_with_intents_is_left_without_handlers_and_removed_when_they_are_forgotten()
    {
        await using SandboxStore store = await OpenAsync();
        await MakeAsync(store, "sb-1", pid: 4711, Zero);
        await IntendAsync(store);

        SandboxProcesses left = await AssertLeftAsync(store, ProcessVerdict.Gone);
        SandboxProcesses? removed = await store.RemoveAbandonedAsync("sb-1", forgetIntents: true);

        Assert.Equal(("netns", 0), (Assert.Single(left.Intents).Kind, left.Intents[0].Attempts));
        Assert.True(removed!.Removed > default(Lsn));
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    public async Task A_sandbox_with_intents_is_removed_after_they_were_undone()
    {
        var undone = new List<string>();
        await using SandboxStore store = await OpenAsync(UndoHandlers.None.With("netns", (request, _) =>
        {
            undone.Add(request.Sandbox);
            return Task.CompletedTask;
        }));
        await MakeAsync(store, "sb-1", pid: 4711, Zero);
        await IntendAsync(store);

        SandboxProcesses? removed = await store.RemoveAbandonedAsync("sb-1");

        Assert.True(removed!.Removed > default(Lsn));
        Assert.Equal(["sb-1"], undone);
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    public async Task A_sandbox_whose_intent_cannot_be_undone_is_left_with_the_reason()
    {
        await using SandboxStore store = await OpenAsync(
            UndoHandlers.None.With("netns", static (_, _) => throw new IOException("the namespace is busy")));
        await MakeAsync(store, "sb-1", pid: 4711, Zero);
        await IntendAsync(store);

        SandboxProcesses found = await AssertLeftAsync(store, ProcessVerdict.Gone);

        Assert.IsType<UndoFailedException>(Assert.Single((await store.RemoveAbandonedAsync("sb-1"))!.Errors));
        Assert.Equal(1, Assert.Single(found.Intents).Number);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_sandbox_that_was_only_being_made_is_left_while_its_maker_lives_and_removed_afterwards(bool hasHandler)
    {
        await using SandboxStore store =
            await OpenAsync(hasHandler ? UndoHandlers.None.With("netns", static (_, _) => Task.CompletedTask) : null);
        await using SandboxStore maker = await OpenAsync();
        await using (ModelLock held = await maker.LockNewAsync("sb-1"))
        {
            _ = await held.IntendJsonAsync("netns", JsonElement.Parse("{}"u8), TestContext.Current.CancellationToken);
            _ = await AssertLeftAsync(store, ProcessVerdict.Locked);
        }

        SandboxProcesses? removed = await store.RemoveAbandonedAsync("sb-1", forgetIntents: !hasHandler);

        Assert.Equal(ProcessVerdict.Gone, removed!.Verdict);
        Assert.True(removed!.Removed > default(Lsn));
        Assert.Empty(store.ReadStatuses());
    }

    [Fact]
    public async Task The_processes_of_this_machine_are_told_apart()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await MakeAsync(store, "sb-1", Environment.ProcessId, Timestamp.From(DateTimeOffset.UtcNow.AddDays(-9999)).ToString());
        await MakeAsync(store, "sb-2", Environment.ProcessId, Timestamp.From(DateTimeOffset.UtcNow).ToString());
        await MakeAsync(store, "sb-3", int.MaxValue, Zero);

        Assert.Equal(ProcessVerdict.Reused, (await store.FindProcessesAsync("sb-1"))!.Verdict);
        Assert.Equal(ProcessVerdict.Living, (await store.FindProcessesAsync("sb-2"))!.Verdict);
        Assert.Equal(ProcessVerdict.Gone, (await store.FindProcessesAsync("sb-3"))!.Verdict);
    }

    private static async Task MakeAsync(SandboxStore store, string sandbox, long pid, string start)
    {
        Assert.True(Timestamp.TryParse(start, out Timestamp time));
        await using ModelLock held = await store.LockNewAsync(sandbox);
        await held.Change().Put(held.Model.SandboxState, new State { Lifecycle = Lifecycle.Running, Pid = pid }).CreateContainer("web")
            .Put("web", held.Model.Process, new ContainerProcess { Pid = pid, StartTime = time }).CommitAsync();
    }

    private static async Task IntendAsync(SandboxStore store)
    {
        await using ModelLock held = await store.LockAsync("sb-1");
        _ = await held.IntendJsonAsync("netns", JsonElement.Parse("{}"u8), TestContext.Current.CancellationToken);
    }

    private static async Task<SandboxProcesses> AssertLeftAsync(SandboxStore store, ProcessVerdict expected)
    {
        SandboxProcesses? found = await store.FindProcessesAsync("sb-1");
        SandboxProcesses? left = await store.RemoveAbandonedAsync("sb-1");
        Assert.Equal((expected, expected, (Lsn?)null), (found!.Verdict, left!.Verdict, left.Removed));
        Assert.Equal(["sb-1"], store.Store.ListSandboxes());
        return found;
    }

    private async Task<SandboxStore> OpenAsync(UndoHandlers? undo = null)
    {
        SandboxStore store = await _test.OpenAsync(undo);
        store.Processes = _processes;
        return store;
    }

    private sealed class FakeProcesses : IProcessTable
    {
        public Dictionary<int, DateTimeOffset?> Living { get; } = [];

        public bool IsLiving(int pid) => Living.ContainsKey(pid);

        public DateTimeOffset? StartOf(int pid) => Living[pid];
    }
}
