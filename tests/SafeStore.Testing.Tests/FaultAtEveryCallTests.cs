using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing.Stores;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>
/// A reference workload (making of a store, creation, update, containers, checkpoint, removal, close, recovery after a kill) in which the
/// first call fails, then the second, and so on; after each run the invariants are checked, in the process that lives on, after a kill and
/// after power losses.
/// </summary>
public sealed class FaultAtEveryCallTests(ITestOutputHelper output)
{
    private const int PowerLosses = 3;

    private static readonly ImmutableArray<StoreStep> s_reference =
    [
        Commit("p", Put(StoreRoot.Config, null, "config.json", 1), Put(StoreRoot.Run, null, "state.json", 2), new Edit.CreateContainer("a"),
            Put(StoreRoot.Run, "a", "state.json", 3)),
        Commit("p", Put(StoreRoot.Config, null, "config.json", 4, 3000), new Edit.Delete(StoreRoot.Run, null, "state.json"),
        new Edit.CreateContainer("b"), Put(StoreRoot.Config, "b", "config.json", 5)),
        new StoreStep.Commit(
        [new SandboxEdit("p", [Put(StoreRoot.Run, "b", "state.json", 6)]),
        new SandboxEdit("q", [Put(StoreRoot.Run, null, "state.json", 7)])]),
        new StoreStep.Tick(),
        new StoreStep.Checkpoint(),
        Commit("p", new Edit.RemoveContainer("a"), Put(StoreRoot.Run, null, "state.json", 8)),
        new StoreStep.Kill(),
        Commit("q", new Edit.RemoveSandbox()),
        Commit("p", Put(StoreRoot.Run, null, "state.json", 9)),
        new StoreStep.Reopen(),
        Commit("p", new Edit.RemoveSandbox()),
    ];

    private static readonly PersistenceProfile s_synced =
        PersistenceProfile.Strict with { Name = "strict, synced as a whole", CanSyncAll = true };

    public static TheoryData<string> Kinds() =>
        ["EIO", "ENOSPC", "EIO from then on", "EROFS from then on", "done but EIO", "fsync reverts", "short"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task A_fault_at_any_call_leaves_each_transaction_whole_or_absent_and_says_which(string kind) =>
        RunAsync(kind, PersistenceProfile.Strict);

    [Theory]
    [InlineData("EIO")]
    [InlineData("EIO from then on")]
    [InlineData("EROFS from then on")]
    [InlineData("done but EIO")]
    [InlineData("fsync reverts")]
    public Task So_does_a_fault_where_checkpoints_sync_the_whole_filesystem(string kind) => RunAsync(kind, s_synced);

    private async Task RunAsync(string kind, PersistenceProfile profile)
    {
        long calls = await RunAsync(null, profile, 0);
        for (long call = 1; call <= calls; call++)
        {
            _ = await RunAsync(RuleOf(kind, call), profile, (ulong)call);
        }

        output.WriteLine($"{kind}: {calls} calls");
    }

    private static FaultRule RuleOf(string kind, long call) => kind switch
    {
        "EIO" => new FaultRule { Call = call, Fault = new CallFails(Errno.InputOutput) },
        "ENOSPC" => new FaultRule { Call = call, Fault = new CallFails(Errno.NoSpace) },
        "EIO from then on" => new FaultRule { Skip = (int)call - 1, Times = int.MaxValue, Fault = new CallFails(Errno.InputOutput) },
        "EROFS from then on" =>
        new FaultRule { Skip = (int)call - 1, Times = int.MaxValue, Operations = s_changing, Fault = new CallFails(Errno.ReadOnly) },
        "done but EIO" => new FaultRule { Call = call, Operations = s_changing, Fault = new CallDoneButFails(Errno.InputOutput) },
        "fsync reverts" =>
        new FaultRule { Call = call, Operations = s_fileSyncs, Fault = new SyncLosesData(Errno.InputOutput, LostSync.RevertsCache) },
        _ => new FaultRule { Call = call, Operations = [Operation.Write, Operation.Read], Fault = new ShortTransfer(5) },
    };

    private static readonly Operation[] s_fileSyncs = [Operation.SyncFile, Operation.SyncData, Operation.SyncAll];

    private static readonly Operation[] s_changing =
        [.. Enum.GetValues<Operation>().Where(static operation => new SimulatedCall(0, "", operation, "", "", Errno.None).IsChange)];

    /// <summary>Runs the workload until a step fails, then checks; the number of calls it made.</summary>
    private static async Task<long> RunAsync(FaultRule? rule, PersistenceProfile profile, ulong seed)
    {
        var machine =
            new SimulatedMachine(
            new SimulatedMachineOptions { Profile = profile, StagesFirst = profile == s_synced, Seed = seed + 1, KeepsTrace = true });
        machine.Faults = rule is null ? new FaultPlan() : new FaultPlan().Add(rule);
        StoreWorkload workload = StoreWorkload.On(PersistenceProfile.Strict);
        var run = new FaultedRun(workload.Invariants, machine);
        await run.PerformAsync(s_reference);
        long calls = machine.Calls;
        machine.Faults = new FaultPlan();
        try
        {
            await run.CheckLivingAsync();
            await CheckAfterAsync(workload, machine, run, null);
            for (ulong loss = 0; loss < PowerLosses; loss++)
            {
                await CheckAfterAsync(workload, machine, run, loss);
            }
        }
        catch (Exception failure)
        {
            string trace = string.Join('\n', machine.Trace.TakeLast(30));
            throw new CrashViolationException(
                $"with {rule} the run ended with {run.Failure?.Message ?? "success"}\n{trace}\n{failure.Message}", failure);
        }

        return calls;
    }

    private static async Task CheckAfterAsync(StoreWorkload workload, SimulatedMachine machine, FaultedRun run, ulong? loss)
    {
        var copy = new SimulatedMachine(machine.Options with { Seed = loss ?? 0 }, machine.Capture());
        switch (loss)
        {
            case null:
                break;
            case 0:
                copy.LosePower(keepsUnsynced: false);
                break;
            default:
                copy.LosePower(loss.Value);
                break;
        }

        await workload.CheckAsync(new CrashState(copy, run.Begun, run.Acknowledged, hasLostPower: loss is not null));
    }

    private static StoreStep.Commit Commit(string sandbox, params ImmutableArray<Edit> edits) => new([new SandboxEdit(sandbox, edits)]);

    private static Edit.Put Put(StoreRoot root, string? container, string file, int value, int padding = 0) =>
        new(root, container, file, value, padding);
}

/// <summary>A run of steps that ends at the first that fails; from how it fails follows what the store must hold.</summary>
internal sealed class FaultedRun(StoreInvariants invariants, SimulatedMachine machine)
{
    private readonly List<object> _begun = [];
    private readonly List<object> _acknowledged = [];
    private StoreModel _model = StoreModel.Empty;
    private StateStore? _store;

    public IReadOnlyList<object> Begun => _begun;

    public IReadOnlyList<object> Acknowledged => _acknowledged;

    public SafeStoreException? Failure { get; private set; }

    public async Task PerformAsync(IEnumerable<StoreStep> steps)
    {
        SimulatedProcess process = machine.Start();
        try
        {
            _store = await invariants.OpenAsync(process);
            foreach (StoreStep step in steps)
            {
                switch (step)
                {
                    case StoreStep.Commit commit:
                        await CommitAsync(commit);
                        break;
                    case StoreStep.Checkpoint:
                        await _store.CheckpointAsync(TestContext.Current.CancellationToken);
                        break;
                    case StoreStep.Tick:
                        process.Clock.Advance(TimeSpan.Zero);
                        break;
                    case StoreStep.Reopen:
                        StateStore closed = _store;
                        _store = null;
                        await closed.DisposeAsync();
                        _store = await invariants.OpenAsync(process);
                        break;
                    default:
                        process.Kill();
                        _store = null;
                        process = machine.Start();
                        _store = await invariants.OpenAsync(process);
                        break;
                }
            }
        }
        catch (SafeStoreException failure)
        {
            Failure = failure;
        }
    }

    /// <summary>What the process that lives on shows: a refused transaction has left no trace.</summary>
    public async Task CheckLivingAsync()
    {
        if (_store is null || _begun.Count > _acknowledged.Count || Failure is CommitNotPublishedException)
        {
            return;
        }

        Assert.Equal(_model.Describe(withRun: true), StoreWorkload.Describe(_store));
        if (!_store.IsFaulted && Failure is not null && _model.Sandboxes.Keys.FirstOrDefault() is { } sandbox)
        {
            await CommitAsync(new StoreStep.Commit([new SandboxEdit(sandbox, [new Edit.Put(StoreRoot.Config, null, "after.json", 1, 0)])]));
            Assert.Equal(_model.Describe(withRun: true), StoreWorkload.Describe(_store));
        }
    }

    private async Task CommitAsync(StoreStep.Commit commit)
    {
        await using SandboxLocks locks =
            await _store!.LockManyAsync(StoreWorkload.TargetsOf(commit, _model), cancellationToken: TestContext.Current.CancellationToken);
        Transaction transaction = locks.Change();
        StoreModel after = StoreWorkload.Build(transaction, _model, commit);
        try
        {
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
        }
        catch (StoreFaultedException)
        {
            _begun.Add(after); // unknown: there or not
            throw;
        }
        catch (SafeStoreException failure) when (failure is not CommitNotPublishedException)
        {
            throw; // refused: no trace
        }
        catch (CommitNotPublishedException)
        {
            _begun.Add(after);
            _acknowledged.Add(after); // durable
            throw;
        }

        _begun.Add(after);
        _acknowledged.Add(after);
        _model = after;
    }
}
