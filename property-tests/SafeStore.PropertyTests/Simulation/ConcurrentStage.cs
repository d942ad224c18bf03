using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>Lets the processes of a plan run, in the order of its seed, and checks what they saw.</summary>
internal sealed class ConcurrentStage
{
    /// <summary>The longest that anybody may wait for a lock, in virtual time; then it gives up, and the law fails.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_callTime = TimeSpan.FromMicroseconds(200);

    private readonly ConcurrentPlan _plan;
    private readonly Tally _tally;
    private readonly SimulatedMachine _machine;
    private readonly Presence _presence = new();
    private readonly History[] _histories = [new(), new()];
    private readonly List<(Lsn Lsn, bool Exists)> _toggles = [];
    private TimeSpan _longestWait;
    private bool _hasCrashed;

    public ConcurrentStage(ConcurrentPlan plan, Tally tally)
    {
        _plan = plan;
        _tally = tally;
        _machine = plan.Setting.SwitchOn(plan.Order);
    }

    public void Run()
    {
        SimulatedProcess[] processes = [.. _plan.Flows.Select((_, i) => _machine.Start($"p{i}"))];
        StateStore[] stores = [.. processes.Select(_plan.Setting.OpenWithoutTimers)];
        for (int i = 0; i < _histories.Length; i++)
        {
            SandboxLock created = stores[0].LockNewAsync($"s{i}").Now();
            _ = created.Change().PutJson(StoreRoot.Config, null, "n.json", "0"u8).CommitAsync().Now();
            created.DisposeAsync().Now();
        }

        Arm();
        _machine.RunConcurrently(
            _plan.Order, [.. _plan.Flows.Select((flow, i) => new ConcurrentWork(processes[i], () => Run(processes[i], stores[i], flow)))]);
        _hasCrashed = processes.Any(static process => !process.IsAlive);
        _machine.Faults = new FaultPlan();
        _tally.Add("runs");
        _tally.Add("calls", _machine.Calls);
        _tally.Add("locks", _presence.Entries);
        _tally.Add(_hasCrashed ? $"ended by {_plan.Trouble!.GetType().Name}" : "ended by themselves");
        CheckEnd();
    }

    private void Arm()
    {
        SimulatedFault? fault = _plan.Trouble switch
        {
            Trouble.Killed kill => new ProcessKilled(kill.Afterwards),
            Trouble.PowerLost loss => new PowerLost(loss.Seed, loss.Afterwards),
            _ => null,
        };
        _machine.Faults = new FaultPlan();
        if (fault is not null)
        {
            _machine.Faults.Add(new FaultRule { Fault = fault, Operations = SimulatedScripts.Changes, Skip = _plan.Trouble!.Skip });
        }

        // Calls take time, so that who sleeps while it waits for a lock wakes up amid the work of the others.
        _machine.Faults.Add(new FaultRule { Fault = new SlowCall(s_callTime), Times = int.MaxValue });
    }

    private ValueTask Run(SimulatedProcess process, StateStore store, (Doing Doing, int Sandbox)[] flow)
    {
        try
        {
            foreach ((Doing doing, int sandbox) in flow)
            {
                _tally.Add($"op {doing}");
                Do(process, store, doing, sandbox);
            }
        }
        catch (SafeStoreException) when (!process.IsAlive)
        {
            // Whatever the engine makes of its death, a dead process returns nothing to anybody.
        }

        return ValueTask.CompletedTask;
    }

    private void Do(SimulatedProcess process, StateStore store, Doing doing, int sandbox)
    {
        switch (doing)
        {
            case Doing.Increment:
                Increment(process, store, [sandbox]);
                break;
            case Doing.IncrementBoth:
                Increment(process, store, [0, 1]);
                break;
            case Doing.Read:
                Read(process, store, sandbox);
                break;
            case Doing.Snapshot:
                Snapshot(process, store, sandbox);
                break;
            case Doing.Toggle:
                Toggle(process, store);
                break;
            default:
                _ = store.CheckpointAsync().Now();
                break;
        }
    }

    private void Increment(SimulatedProcess process, StateStore store, int[] sandboxes)
    {
        DateTimeOffset start = process.Clock.GetUtcNow();
        SandboxLocks locks =
            store.LockManyAsync(sandboxes.Select(static sandbox => SandboxTarget.Existing($"s{sandbox}")), timeout: s_patience).Now();
        Waited(process, start);
        foreach (SandboxLock held in locks.Locks)
        {
            _presence.Enter(process, held.Sandbox, LockMode.Exclusive);
        }

        Transaction transaction = locks.Change();
        var writes = new List<(int Sandbox, Operated Write)>();
        foreach (SandboxLock held in locks.Locks)
        {
            int sandbox = held.Sandbox[1] - '0';
            Operated write = _histories[sandbox].Call(process.Name, isWrite: true);
            write.Value = ValueOf(store, sandbox) + 1;
            transaction.For(held.Sandbox).RequireVersion(held.Version)
                .PutJson(StoreRoot.Config, null, "n.json", Encoding.UTF8.GetBytes($"{write.Value}"));
            writes.Add((sandbox, write));
        }

        Lsn lsn = transaction.CommitAsync().Now();
        foreach ((int sandbox, Operated write) in writes)
        {
            write.Return(_histories[sandbox].Now(), write.Value, lsn);
        }

        foreach (SandboxLock held in locks.Locks)
        {
            Assert.Equal(lsn, held.Version);
            _presence.Leave(process, held.Sandbox);
        }

        locks.DisposeAsync().Now();
    }

    private void Read(SimulatedProcess process, StateStore store, int sandbox)
    {
        Operated read = _histories[sandbox].Call(process.Name, isWrite: false);
        int value = ValueOf(store, sandbox);
        read.Return(_histories[sandbox].Now(), value);
    }

    private void Snapshot(SimulatedProcess process, StateStore store, int sandbox)
    {
        DateTimeOffset start = process.Clock.GetUtcNow();
        SandboxLock held = store.LockAsync($"s{sandbox}", LockMode.Shared, s_patience).Now();
        Waited(process, start);
        _presence.Enter(process, held.Sandbox, LockMode.Shared);
        int first = ValueOf(store, sandbox);
        Read(process, store, sandbox);
        Assert.Equal(first, ValueOf(store, sandbox)); // nobody writes beside a reader
        _presence.Leave(process, held.Sandbox);
        held.DisposeAsync().Now();
    }

    private void Toggle(SimulatedProcess process, StateStore store)
    {
        try
        {
            SandboxLock fresh = store.LockNewAsync("t", s_patience).Now();
            try
            {
                _toggles.Add((fresh.Change().PutJson(StoreRoot.Run, null, "n.json", "1"u8).CommitAsync().Now(), true));
            }
            finally
            {
                Release(process, fresh);
            }
        }
        catch (AlreadyExistsException)
        {
            Remove(process, store);
        }
    }

    private void Remove(SimulatedProcess process, StateStore store)
    {
        try
        {
            SandboxLock held = store.LockAsync("t", LockMode.Exclusive, s_patience).Now();
            _presence.Enter(process, "t", LockMode.Exclusive);
            Lsn lsn = held.Change().RemoveSandbox().CommitAsync().Now();
            _toggles.Add((lsn, false));
            _presence.Leave(process, "t");
            held.DisposeAsync().Now();
        }
        catch (NotFoundException)
        {
            // Somebody else was faster.
        }
    }

    /// <summary>A dead process releases nothing.</summary>
    private static void Release(SimulatedProcess process, SandboxLock held)
    {
        if (process.IsAlive)
        {
            held.DisposeAsync().Now();
        }
    }

    private static int ValueOf(StateStore store, int sandbox) =>
        int.Parse(Encoding.UTF8.GetString(store.ReadJson(new DocumentId($"s{sandbox}", null, StoreRoot.Config, "n.json"))!),
            CultureInfo.InvariantCulture);

    private void Waited(SimulatedProcess process, DateTimeOffset start)
    {
        TimeSpan wait = process.Clock.GetUtcNow() - start;
        _longestWait = wait > _longestWait ? wait : _longestWait;
        _tally.Max("longest wait in virtual ms", (long)_longestWait.TotalMilliseconds);
    }

    private void CheckEnd()
    {
        bool isAllLost = _plan.Setting.IsVolatile && _hasCrashed && _plan.Trouble is Trouble.PowerLost;
        SimulatedProcess judge = _machine.Start("judge");
        StateStore store = _plan.Setting.OpenWithoutTimers(judge);
        for (int i = 0; i < _histories.Length && !isAllLost; i++)
        {
            SandboxLock held = store.LockAsync($"s{i}").Now(); // finishes or undoes what the dead one left
            Lsn last = _histories[i].Writes.Where(static write => !write.IsPending).Select(static write => write.Lsn).DefaultIfEmpty()
                .Max();
            Assert.True(held.Version >= last);
            held.DisposeAsync().Now();
            Read(judge, store, i);
            int acknowledged = _histories[i].Writes.Count(static write => !write.IsPending);
            Assert.InRange(
                ValueOf(store, i), acknowledged,
                acknowledged + (_hasCrashed ? _histories[i].Writes.Count(static write => write.IsPending) : 0));
            _histories[i].Check(initial: 0);
        }

        if (!_hasCrashed)
        {
            bool[] states = [.. _toggles.OrderBy(static toggle => toggle.Lsn).Select(static toggle => toggle.Exists)];
            Assert.Equal(Enumerable.Range(0, states.Length).Select(static i => i % 2 == 0), states);
            Assert.Equal(states.LastOrDefault(), store.ListSandboxes().Contains("t"));
        }

        store.DisposeAsync().Now();
    }
}
