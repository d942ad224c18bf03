using System;
using System.Linq;
using SafeStore.PropertyTests.Store;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>Plays the commits of a script, and tells the expectations what each one's outcome may be.</summary>
internal sealed class SimulatedCommits(Crew crew, Expectations expected, ArmedTrouble armed, Tally tally)
{
    /// <summary>Locks the sandboxes, commits, and releases the locks; the expectations learn how it ended.</summary>
    public void Play(StateStore store, Change[] changes, Trouble? trouble)
    {
        SandboxLocks locks;
        try
        {
            locks = store.LockManyAsync(changes.Select(static change => new SandboxTarget(change.Sandbox, change.IsNew))).Now();
        }
        catch (SafeStoreException failure) when (!armed.MayFail && !crew.IsFaulted)
        {
            tally.Add("refused");
            expected.LockRefused(changes, failure);
            return;
        }

        foreach (SandboxLock held in locks.Locks.Where(held => !changes.Single(change => change.Sandbox == held.Sandbox).IsNew))
        {
            expected.Locked(held.Sandbox, held.Version, crew.ReadTree());
        }

        try
        {
            Commit(store, changes, locks, trouble);
        }
        catch (Exception failure) when (failure is SimulatedCrashException || (failure is SafeStoreException && !crew.IsAlive(store)))
        {
            tally.Add("unknown outcome");
            expected.Unknown(changes);
            throw; // and its locks are never touched again
        }
        catch (SafeStoreException)
        {
            locks.DisposeAsync().Now(); // a call failed before the commit: a program that goes on releases its locks
            throw;
        }

        locks.DisposeAsync().Now();
    }

    private void Commit(StateStore store, Change[] changes, SandboxLocks locks, Trouble? trouble)
    {
        Transaction transaction = locks.Change();
        foreach (Change change in changes)
        {
            var model = new ModelChange(ModelSandbox.Empty, change.IsNew);
            foreach (Step step in change.Steps)
            {
                if (model.TryApply(step))
                {
                    Interpreter.Apply(
                        step, transaction.For(change.Sandbox), locks.Locks.Single(held => held.Sandbox == change.Sandbox).Version);
                    continue;
                }

                Assert.Throws<InvalidOperationException>(() => Interpreter.Apply(step, transaction.For(change.Sandbox), default));
                return; // the caller gives up
            }
        }

        bool wasFaulted = store.IsFaulted;
        try
        {
            Lsn version = transaction.CommitAsync().Now();
            tally.Add("acknowledged");
            expected.Acknowledged(changes, version);
        }
        catch (CommitNotPublishedException failure) when (armed.MayFail && crew.IsAlive(store))
        {
            tally.Add("not published");
            expected.Durable(changes, failure.Lsn);
        }
        catch (StoreFaultedException) when (wasFaulted && crew.IsAlive(store))
        {
            tally.Add("refused as faulted");
            NoteWhatIsLeft(changes, trouble);
        }
        catch (StoreFaultedException) when (armed.MayFail && crew.IsAlive(store))
        {
            tally.Add("unknown outcome");
            expected.Unknown(changes);
        }
        catch (SafeStoreException failure)
            when (armed.MayFail && crew.IsAlive(store) && !(failure is not StorageException && expected.MayRefuse(changes, failure)))
        {
            tally.Add("failed");
            NoteWhatIsLeft(changes, trouble);
        }
        catch (SafeStoreException failure) when (crew.IsAlive(store))
        {
            tally.Add("refused");
            expected.Refused(changes, failure);
        }
    }

    /// <summary>Where more than one call fails, a commit cannot even take back what it has done.</summary>
    private void NoteWhatIsLeft(Change[] changes, Trouble? trouble)
    {
        if (trouble is Trouble.Fails { Times: > 1 } or Trouble.Fails { Fault: BecomesReadOnly })
        {
            expected.Touched(changes);
        }
    }
}
