using System;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what processes tell each other of their syncs of the log.</summary>
public sealed class SharedSyncMutantTests
{
    [Theory]
    [InlineData("sync-told-before-it-ends")]
    public Task A_sync_whose_process_dies_in_it_is_not_believed(string mutant) => Kill.ByAsync(mutant, static () =>
    {
        var machine = new SimulatedMachine();
        SimulatedProcess dying = machine.Start("dying");
        (SharedSync first, SharedState shared) = Process(dying);
        (SharedSync second, _) = Process(machine.Start("living"));
        shared.TrySetAppended(new Lsn(3));
        Assert.Throws<SimulatedCrashException>(() => first.SyncUpTo(new Lsn(3), shared.Epoch, process =>
        {
            machine.Kill(process);
            throw new SimulatedCrashException();
        }, dying));

        bool hasSynced = false;
        _ = second.SyncUpTo(new Lsn(3), 0, _ => hasSynced = true, 0);
        Violation.Unless(hasSynced, "A record was acknowledged that no process has synced.");
        return Task.CompletedTask;
    });

    [Theory]
    [InlineData("sync-told-for-newer-segment")]
    public Task The_sync_of_another_segment_is_not_believed(string mutant) => Kill.ByAsync(mutant, static () =>
    {
        var machine = new SimulatedMachine();
        (SharedSync behind, SharedState shared) = Process(machine.Start("behind"));
        (SharedSync ahead, _) = Process(machine.Start("ahead"));
        ulong old = shared.Epoch;
        shared.NextEpoch();
        shared.TrySetAppended(new Lsn(5)); // into the newer segment
        _ = behind.SyncUpTo(new Lsn(3), old, static _ => { }, 0);

        bool hasSynced = false;
        _ = ahead.SyncUpTo(new Lsn(5), shared.Epoch, _ => hasSynced = true, 0);
        Violation.Unless(hasSynced, "A record was acknowledged because another segment was synced.");
        return Task.CompletedTask;
    });

    [Theory]
    [InlineData("former-syncs-believed")]
    public Task The_syncs_of_another_life_of_the_store_are_not_believed(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore first = await lab.OpenAsync();
        await first.CreateAsync("a", static change => change.Put("a.json", "1"));
        await first.CreateAsync("b", static change => change.Put("a.json", "1"));
        await first.DisposeAsync();

        // What a power loss has left of the words: an older block, of another life.
        (_, SharedState words) = Process(lab.Machine.Start("restorer"), "/store/run/.safestore");
        words.StartOver(new LifeId(9, new Guid(9, 9, 9, [9, 9, 9, 9, 9, 9, 9, 9])));
        words.TrySetSynced(new Lsn(1000));

        StateStore one = await lab.OpenAsync("one");
        StateStore two = await lab.OpenAsync("two");
        int syncs = 0;
        lab.Machine.BeforeChange = (call, _) => syncs += call is { Operation: Operation.SyncData } ? 1 : 0;
        for (int round = 1; round <= 3; round++)
        {
            await one.ChangeAsync("a", change => change.Put("a.json", $"{round}"));
            await two.ChangeAsync("b", change => change.Put("a.json", $"{round}"));
        }

        Violation.Unless(syncs >= 6, "A record was acknowledged because of what the words had said before.");
    });

    private static (SharedSync Sync, SharedState Shared) Process(SimulatedProcess process, string directory = "/")
    {
        SimulatedFileSystem fs = process.FileSystem;
        Assert.Equal(Errno.None, fs.OpenRoot(directory, out DirectoryHandle? root));
        FileHandle words = FileLock.OpenOrCreate(fs, root!, "words", new FilePermissions(AtomicFile.DefaultMode));
        SharedState.EnsureLength(fs, words);
        var shared = new SharedState(fs, words);
        var waiting = new LockWaiting(process.Clock, TimeSpan.Zero);
        var sync = new FileLock(fs, words, LockRange.Byte((long)StoreLock.Sync), waiting);
        return (new SharedSync(new SharedLock(sync, shared, SharedWord.SyncLockWaiting), shared), shared);
    }
}
