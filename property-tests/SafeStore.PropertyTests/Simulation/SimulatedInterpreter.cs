using System;
using System.Linq;
using System.Text;
using SafeStore.PropertyTests.Store;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>Plays a script on a simulated machine, and compares after each act what is there with what may be there.</summary>
internal sealed class SimulatedInterpreter
{
    private const int FaultedActsMax = 2;
    private const int LateErrorsMax = 4;

    private readonly SimulatedScript _script;
    private readonly Tally _tally;
    private readonly SimulatedMachine _machine;
    private readonly Crew _crew;
    private readonly Expectations _expected;
    private readonly ArmedTrouble _armed;
    private readonly SimulatedCommits _commits;
    private int _faultedFor;

    public SimulatedInterpreter(SimulatedScript script, Tally tally, bool keepsTrace = false)
    {
        _script = script;
        _tally = tally;
        _machine = script.Setting.SwitchOn(script.Seed, keepsTrace);
        _crew = new Crew(script.Setting, _machine);
        _armed = new ArmedTrouble(script.Setting, _machine);
        _expected = new Expectations(script.Setting);
        _commits = new SimulatedCommits(_crew, _expected, _armed, tally);
    }

    public Crew Crew => _crew;

    public SimulatedMachine Machine => _machine;

    private bool HasStruck => _armed.MayFail;

    public void Run()
    {
        for (int i = 0; i < _script.Acts.Length; i++)
        {
            try
            {
                Do(_script.Acts[i]);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"at act {i + 1}, '{_script.Acts[i]}': {failure.Message}", failure);
            }
        }

        _tally.Add("scripts");
        _tally.Add("calls", _machine.Calls);
    }

    /// <summary>All close, one opens: the end of a script.</summary>
    public void Close()
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                ReopenAll(0);
                break;
            }
            catch (SafeStoreException) when (_armed.HasLied && tries < LateErrorsMax)
            {
                // The next opening recovers it.
            }
        }

        _expected.Check(_crew.ReadTree());
    }

    /// <summary>All are killed, one recovers the store and is killed too: what lies there then.</summary>
    public string Recover()
    {
        _machine.KillAll();
        _crew.ForgetDead();
        Open(0);
        _crew.Kill(0);
        return _crew.ReadEverything();
    }

    private void Do(Act act)
    {
        int process = act.Process % _crew.Count;
        if (act is not (Act.KillAll or Act.LosePower or Act.Kill or Act.Wait or Act.Reopen) && !TryOpen(process))
        {
            return;
        }

        _tally.Add($"act {act.GetType().Name}");
        _armed.Arm(act.Trouble, Crew.NameOf(process));
        try
        {
            Do(act, process);
        }
        catch (SimulatedCrashException)
        {
            _expected.MayHaveTrash();
        }
        catch (SafeStoreException) when (HasStruck || _crew.IsFaulted)
        {
            _expected.MayHaveTrash();
        }
        finally
        {
            Disarm(act.Trouble);
        }

        if (_crew.Stores.Any())
        {
            _expected.Check(_crew.ReadTree()); // otherwise after the next recovery
        }

        Mend(process);
    }

    private void Do(Act act, int process)
    {
        switch (act)
        {
            case Act.Commit commit:
                _commits.Play(_crew[process]!, commit.IsMadeToFit ? _expected.Fit(commit.Changes) : commit.Changes, commit.Trouble);
                break;
            case Act.Look look:
                Look(process, look);
                break;
            case Act.Checkpoint:
                _ = _crew[process]!.CheckpointAsync().Now();
                break;
            case Act.Wait wait:
                _machine.Clock.Advance(TimeSpan.FromSeconds(wait.Seconds));
                break;
            case Act.Reopen { All: true }:
                ReopenAll(process);
                break;
            case Act.Reopen:
                _crew.Close(process);
                Open(process);
                break;
            case Act.Kill:
                _crew.Kill(process);
                break;
            case Act.KillAll:
                _machine.KillAll();
                _crew.ForgetDead();
                break;
            case Act.LosePower loss:
                LosePower(loss.Seed);
                break;
            default:
                throw new NotSupportedException(act.ToString());
        }
    }

    /// <summary>
    /// Opens the store in a process, when nothing goes wrong; false if that cannot be since others have it open, faulted.
    /// </summary>
    private bool TryOpen(int process)
    {
        try
        {
            Open(process);
            return true;
        }
        catch (StoreFaultedException) when (_crew.IsFaulted)
        {
            Mend(process);
            return _crew[process] is not null;
        }
        catch (SafeStoreException) when (_armed.HasLied)
        {
            return false;
        }
    }

    private void Open(int process)
    {
        bool isAlone = !_crew.Stores.Any();
        _ = _crew.Open(process);
        if (isAlone)
        {
            _tally.Add("recovery");
            _expected.Recovered(_crew.ReadTree(), HasStruck);
        }
    }

    private void ReopenAll(int first)
    {
        for (int i = 0; i < _crew.Count; i++)
        {
            _crew.Close((first + i) % _crew.Count);
        }

        for (int i = 0; i < _crew.Count; i++)
        {
            Open((first + i) % _crew.Count);
        }
    }

    /// <summary>A faulted store is of no use: after a while all close it, and one opens it again.</summary>
    private void Mend(int process)
    {
        _faultedFor = _crew.IsFaulted ? _faultedFor + 1 : 0;
        if (_faultedFor > FaultedActsMax)
        {
            _tally.Add("faulted store mended");
            _faultedFor = 0;
            try
            {
                ReopenAll(process);
            }
            catch (SafeStoreException) when (_armed.HasLied)
            {
                // The next opening recovers it.
            }
        }
    }

    private void Look(int process, Act.Look look)
    {
        SandboxLock held;
        StateStore store = _crew[process]!;
        try
        {
            held = store.LockAsync(look.Sandbox, look.IsShared ? LockMode.Shared : LockMode.Exclusive).Now();
        }
        catch (NotFoundException)
        {
            _expected.Missing(look.Sandbox);
            return;
        }

        Tree tree = _crew.ReadTree();
        _expected.Locked(look.Sandbox, held.Version, tree);
        foreach (StateStore other in _crew.Stores.Where(other => other != store))
        {
            Assert.Throws<LockTimeoutException>(() => other.LockAsync(look.Sandbox, LockMode.Exclusive, TimeSpan.Zero).Now());
            if (!look.IsShared)
            {
                Assert.Throws<LockTimeoutException>(() => other.LockAsync(look.Sandbox, LockMode.Shared, TimeSpan.Zero).Now());
                continue;
            }

            SandboxSnapshot snapshot = other.SnapshotAsync(look.Sandbox, TimeSpan.Zero).Now();
            Assert.Equal(held.Version, snapshot.Version);
            Assert.Equal(tree.Sandboxes[look.Sandbox], Show(other, look.Sandbox, snapshot));
        }

        held.DisposeAsync().Now();
    }

    private static string Show(StateStore store, string sandbox, SandboxSnapshot snapshot) => Tree.Show(new ModelSandbox(
        snapshot.Version,
        store.ListContainers(sandbox).ToHashSet(),
        snapshot.Documents.ToDictionary(
        static each => new Store.Place(each.Document.Root, each.Document.Container, each.Document.File), static each =>
        Encoding.UTF8.GetString(each.Value!))));

    private void LosePower(ulong seed)
    {
        if (!_armed.MayLosePower)
        {
            _machine.KillAll();
            _crew.ForgetDead();
            return;
        }

        _tally.Add("power loss between acts");
        _machine.LosePower(seed);
        _crew.ForgetDead();
        _expected.PowerLost();
    }

    private void Disarm(Trouble? trouble)
    {
        if (!_armed.Disarm(trouble))
        {
            return;
        }

        _expected.MayHaveTrash();
        _tally.Add(trouble is Trouble.Fails fails ? $"fault {fails.Fault.GetType().Name}" : $"crash {trouble!.GetType().Name}");
        switch (trouble)
        {
            case Trouble.Killed { Everybody: true }:
                _machine.KillAll();
                break;
            case Trouble.PowerLost:
                _expected.PowerLost();
                break;
            case Trouble.Fails { Fault: SyncLosesData { Afterwards: LostSync.RevertsCache } } when _crew.IsFaulted || !_crew.Stores.Any():
                _expected.CacheReverted();
                break;
            default:
                break;
        }

        _crew.ForgetDead();
    }
}
