using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Testing;
using SafeStore.Vocabulary;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what makes a record a record, and of what a lost root leaves in the log.</summary>
public sealed class LogMutantTests
{
    private static readonly SimulatedMachineOptions s_volatileRun =
        new() { Mounts = [new SimulatedMount("/store/run", PersistenceProfile.Tmpfs)] };

    [Theory]
    [InlineData("batch-not-aligned")]
    public Task A_block_that_holds_an_acknowledged_record_is_never_written_again(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        long acknowledged = 0;
        lab.Machine.BeforeChange = (call, write) =>
        {
            if (write is not null && call.Path.EndsWith("/log/0000000000000001.log", StringComparison.Ordinal))
            {
                Violation.Unless(
                    write.Offset >= acknowledged, $"The write at {write.Offset} goes into a block of a record before {acknowledged}.");
                acknowledged = RecordFormat.AlignUp(write.Offset + write.Bytes.Length, RecordFormat.BlockBytes);
            }
        };
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        Assert.True(acknowledged >= 3 * RecordFormat.BlockBytes);
    });

    [Theory]
    [InlineData("no-link")]
    public Task A_record_of_a_batch_that_has_failed_does_not_come_back_behind_another_first_one(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync(options: Lab.Options with { SegmentBytes = 64 * 1024 });
            foreach (string sandbox in new[] { "a", "b", "c", "d" })
            {
                await store.CreateAsync(sandbox, static change => change.Put("a.json", "1"));
            }

            SandboxLock[] locks = await Task.WhenAll(new[] { "a", "b", "c", "d" }.Select(sandbox => LockApartAsync(store, sandbox)));
            SandboxChange[] changes = [.. locks.Select(static held => held.Change())];
            _ = changes[0].Put("a.json", "2");
            PutBlock(changes[1], 'b');
            _ = changes[2].Put("a.json", "2");
            PutBlock(changes[3], 'd');

            // While the first transaction is synced, three more queue up: the next batch. Two of its records are written, the third is not.
            List<Task<Lsn>> followers = [];
            lab.Machine.BeforeChange = (call, _) =>
            {
                if (call.Operation == Operation.SyncData && followers.Count == 0)
                {
                    lab.Machine.BeforeChange = null;
                    followers.AddRange(changes[1..].Select(static change => change.CommitAsync().AsTask()));
                    lab.Machine.Faults = new FaultPlan()
                        .Add(new FaultRule
                        {
                            Operations = [Operation.Write],
                            Path = "*/log/*",
                            Fault = new ShortTransfer(2 * RecordFormat.BlockBytes)
                        })
                        .Add(new FaultRule { Operations = [Operation.Write], Path = "*/log/*", Fault = new CallFails(Errno.NoSpace) });
                }
            };
            await changes[0].CommitAsync();
            foreach (Task<Lsn> follower in followers)
            {
                await Assert.ThrowsAsync<StorageException>(() => follower);
            }

            SandboxChange again = locks[3].Change();
            PutBlock(again, 'e'); // a block long too: it ends where the second record of the failed batch begins
            await again.CommitAsync();
            lab.Machine.KillAll();

            _ = await lab.OpenAsync();
            Violation.Unless(lab.Visible()["config/c/a.json"] == "1", "A transaction that was reported as failed has come back.");
        });

    [Theory]
    [InlineData("salt-not-compared")]
    [InlineData("lsn-not-compared")]
    public Task A_record_of_another_segment_or_place_is_not_taken_for_the_next_one(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        SimulatedFileSystem fs = lab.Machine.Start().FileSystem;
        Assert.Equal(Errno.None, fs.OpenRoot("/", out DirectoryHandle? root));
        var header = new SegmentHeader(7, new Lsn(5), new Lsn(4), 99, 16 * 1024, new StoreIdentity(default, default, default));
        Violation.Unless(Reads(header.Salt, header.FirstLsn), "The next record is not found.");
        Violation.Unless(!Reads(header.Salt + 1, header.FirstLsn), "A record of another segment is taken for the next one.");
        Violation.Unless(!Reads(header.Salt, header.FirstLsn.Next), "A record with another number is taken for the next one.");

        bool Reads(ulong salt, Lsn lsn)
        {
            Assert.Equal(Errno.None, fs.CreateFile(root!, $"{salt}-{lsn}.log", AtomicFile.DefaultMode, out FileHandle? file));
            byte[] record = new byte[RecordFormat.HeaderBytes + 8];
            _ = RecordFormat.Seal(record, new RecordHeader(salt, lsn, default, header.PreviousChecksum, 8));
            Assert.Equal(Errno.None, fs.Allocate(file!, header.SegmentBytes));
            Assert.Equal(Errno.None, fs.Write(file!, record, SegmentHeader.Bytes, out _));
            using var reader = new SegmentReader(fs, file!, header);
            return reader.TryReadNext(LogPosition.StartOf(header), out _) is not null;
        }
    });

    [Theory]
    [InlineData("lsn-given-again")]
    public Task Numbers_of_transactions_that_a_volatile_root_has_taken_with_it_do_not_come_again(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab(s_volatileRun);
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            Lsn last = await store.ChangeAsync("sb", static change => change.Put(StoreRoot.Run, null, "b.json", "1"));
            lab.Machine.LosePower(keepsUnsynced: false);

            StateStore again = await lab.OpenAsync();
            Violation.Unless(await again.ChangeAsync("sb", static change => change.Put("a.json", "2")) > last, "A number has come again.");
        });

    [Theory]
    [InlineData("segment-changed-without-sync")]
    public Task A_segment_is_whole_before_the_next_one_appears(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab(s_volatileRun);
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        // these two need no sync of their own
        await store.ChangeAsync("sb", static change => change.Put(StoreRoot.Run, null, "b.json", "1"));
        await store.ChangeAsync("sb", static change => change.Put(StoreRoot.Run, null, "b.json", "2"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));
        lab.Machine.LosePower(keepsUnsynced: false);

        _ = await lab.OpenAsync();
        Violation.Unless(lab.Visible()["config/sb/a.json"] == "2", "What was acknowledged is lost.");
    });

    [Theory]
    [InlineData("lock-word-not-reset")]
    public Task What_another_program_writes_under_the_lock_after_a_commit_stays(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        StateStore other = await lab.OpenAsync("other");
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        await store.ChangeAsync("sb", static change => change.Put("a.json", "2"));

        SimulatedFileSystem fs = lab.Machine.Start("shell").FileSystem;
        Assert.Equal(Errno.None, fs.OpenRoot("/store", out DirectoryHandle? root));
        Assert.Equal(Errno.None, fs.OpenFile(root!, "run/sb/lock", FileUse.ReadWrite, out FileHandle? lockFile));
        Assert.Equal(Errno.None, fs.TryLock(lockFile!, LockRange.Whole, LockMode.Exclusive));
        Assert.Equal(Errno.None, fs.OpenFile(root!, "config/sb/a.json", FileUse.ReadWrite, out FileHandle? document));
        Assert.Equal(Errno.None, fs.Write(document!, "3"u8, 0, out _));
        Assert.Equal(Errno.None, fs.Unlock(lockFile!, LockRange.Whole));

        await other.TouchAsync("sb");
        Violation.Unless(lab.Visible()["config/sb/a.json"] == "3", "It was overwritten.");
    });

    private static async Task<SandboxLock> LockApartAsync(StateStore store, string sandbox) => await store.LockAsync(sandbox);

    /// <summary>Makes the change's record one block long.</summary>
    private static void PutBlock(SandboxChange change, char character)
    {
        _ = change.Put("a.json", StoreCalls.Long(character, 1000));
        long left = RecordFormat.BlockBytes - RecordFormat.SizeOf(PlanCodec.SizeOf([change.ToPlan()]));
        _ = change.Put("a.json", StoreCalls.Long(character, 1000 + (int)left));
        Assert.Equal(RecordFormat.BlockBytes, RecordFormat.SizeOf(PlanCodec.SizeOf([change.ToPlan()])));
    }
}
