using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>A transaction is staged while its record is on its way to the disk: what if it cannot be?</summary>
public sealed class AbortTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30); // only a failing test waits so long

    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_transaction_is_staged_by_one_thread_while_another_syncs_its_record(bool isNew)
    {
        var scripted = new ScriptedFileSystem { SyncsSideBySide = 2 };
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("old", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        using var meeting = new Barrier(2);
        int staged = 0;
        bool haveMet = false;
        scripted.Before = call =>
        {
            if (call.IsSync || (IsDocument(call) && Interlocked.Increment(ref staged) == 1))
            {
                haveMet = meeting.SignalAndWait(s_patience);
            }

            return Errno.None;
        };

        await ChangeAsync(store, isNew, "2");

        scripted.Before = null;
        Assert.True(haveMet);
        Assert.Equal("2", store.ReadText(isNew ? "new" : "old", StoreRoot.Run, null, "a.json"));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    public async Task A_transaction_that_cannot_be_staged_leaves_no_trace_and_does_not_come_back(bool isNew, int threads)
    {
        var scripted = new ScriptedFileSystem { SyncsSideBySide = threads };
        await using StateStore store = await _test.OpenAsync(scripted);
        Lsn before = await store.CreateAsync("old", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null, "b.json", "1"));
        FailStaging(scripted);

        StorageException failure = await Assert.ThrowsAsync<StorageException>(() => ChangeAsync(store, isNew, "2"));

        Assert.Equal(Errno.NoSpace, failure.Errno);
        scripted.Before = null;
        await using (StateStore recovered = await StateStore.OpenAsync(_test.CopyAsAfterAKill(), _test.Options))
        {
            AssertAsBefore(recovered);
        }

        AssertAsBefore(store);
        Assert.Empty(Directory.GetFileSystemEntries(_test.Layout.Run, ".ss-*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_test.Layout.RunMetadata, "stage")));
        await using (SandboxLock held = await store.LockAsync("old", cancellationToken: TestContext.Current.CancellationToken))
        {
            Assert.Equal(before, held.Version);
        }

        await ChangeAsync(store, isNew, "3");
        Assert.Equal("3", store.ReadText(isNew ? "new" : "old", StoreRoot.Run, null, "a.json"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_staged_beside_a_record_that_could_not_be_appended_is_taken_back(bool isNew)
    {
        var scripted = new ScriptedFileSystem { SyncsSideBySide = 2 };
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("old", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null, "b.json", "1"));
        int appends = 0;
        scripted.Before = call => call.IsAppend && ++appends == 1 ? Errno.NoSpace : Errno.None; // the second says that the first does not count

        StorageException failure = await Assert.ThrowsAsync<StorageException>(() => ChangeAsync(store, isNew, "2"));

        Assert.Equal(Errno.NoSpace, failure.Errno);
        scripted.Before = null;
        AssertAsBefore(store);
        Assert.Empty(Directory.GetFileSystemEntries(_test.Layout.Run, ".ss-*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_test.Layout.RunMetadata, "stage")));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    public async Task A_transaction_whose_abort_cannot_be_appended_stands_and_the_next_lock_finishes_it(bool isNew, int threads)
    {
        var scripted = new ScriptedFileSystem { SyncsSideBySide = threads };
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("old", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null, "b.json", "1"));
        int appends = 0;
        scripted.Before = call => IsStaging(call) || (call.IsAppend && ++appends == 2) ? Errno.NoSpace : Errno.None;

        CommitNotPublishedException failure = await Assert.ThrowsAsync<CommitNotPublishedException>(() => ChangeAsync(store, isNew, "2"));

        Assert.Equal(Errno.NoSpace, Assert.IsType<StorageException>(failure.InnerException).Errno);
        scripted.Before = null;
        await using (SandboxLock held = await store.LockAsync(isNew ? "new" : "old", cancellationToken: TestContext.Current.CancellationToken))
        {
            Assert.Equal(failure.Lsn, held.Version);
        }

        Assert.Equal("2", store.ReadText(isNew ? "new" : "old", StoreRoot.Run, null, "a.json"));
        Assert.Equal("2", store.ReadText(isNew ? "new" : "old", StoreRoot.Config, null, "b.json"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_transaction_whose_abort_cannot_be_synced_has_an_unknown_outcome_and_faults_the_store(bool isNew)
    {
        var scripted = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("old", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null, "b.json", "1"));
        int syncs = 0;
        scripted.Before = call => IsStaging(call) ? Errno.NoSpace : call.IsSync && ++syncs > 1 ? Errno.InputOutput : Errno.None;

        await Assert.ThrowsAsync<StoreFaultedException>(() => ChangeAsync(store, isNew, "2"));

        Assert.True(store.IsFaulted);
    }

    [Fact]
    public async Task A_transaction_whose_abort_may_stand_half_written_has_an_unknown_outcome()
    {
        var scripted = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("old", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null, "b.json", "1"));
        int appends = 0;
        scripted.Before = call => IsStaging(call) || (call.IsAppend && ++appends > 1) ? Errno.NoSpace : Errno.None; // nor can it be said that it does not count

        await Assert.ThrowsAsync<StoreFaultedException>(() => ChangeAsync(store, false, "2"));
    }

    [Fact]
    public async Task A_transaction_whose_lock_file_was_deleted_meanwhile_is_not_aborted_since_another_may_have_gone_on_from_it()
    {
        var scripted = new ScriptedFileSystem();
        await using StateStore other = await _test.OpenAsync(new ScriptedFileSystem());
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("old", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null, "b.json", "1"));
        Task<Lsn>? next = null;
        scripted.Before = call =>
        {
            if (IsStaging(call) && next is null)
            {
                File.Delete(_test.PathOf(StoreRoot.Run, "old/lock"));
                next = other.ChangeAsync("old", static change => change.PutText(StoreRoot.Run, null, "c.json", "3"));
                return Errno.NoSpace;
            }

            return Errno.None;
        };

        await Assert.ThrowsAsync<CommitNotPublishedException>(() => ChangeAsync(store, false, "2"));

        scripted.Before = null;
        await next!;
        await using StateStore recovered = await StateStore.OpenAsync(_test.CopyAsAfterAKill(), _test.Options);
        foreach (StateStore each in new[] { other, recovered })
        {
            Assert.Equal(["2", "3"], new[] { each.ReadText("old", StoreRoot.Run, null, "a.json"), each.ReadText("old", StoreRoot.Run, null, "c.json") });
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_holder_whose_sandbox_another_program_has_removed_and_another_process_made_again_changes_nothing(bool isWarm)
    {
        await using StateStore other = await _test.OpenAsync(new ScriptedFileSystem());
        await using StateStore store = await _test.OpenAsync(new ScriptedFileSystem());
        await store.CreateAsync("old", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null, "b.json", "1"));
        await using SandboxLock held = await store.LockAsync("old", cancellationToken: TestContext.Current.CancellationToken);
        if (isWarm)
        {
            await held.Change().PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null, "b.json", "1").CommitAsync(TestContext.Current.CancellationToken);
        }

        Directory.Delete(_test.PathOf(StoreRoot.Run, "old"), recursive: true);
        Directory.Delete(_test.PathOf(StoreRoot.Config, "old"), recursive: true);
        await other.CreateAsync("old", static change => change.PutText(StoreRoot.Run, null, "a.json", "8"));

        for (int i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<NotFoundException>(async () => await held.Change().PutText(StoreRoot.Run, null, "a.json", "2").CommitAsync(TestContext.Current.CancellationToken));
        }

        await using StateStore recovered = await StateStore.OpenAsync(_test.CopyAsAfterAKill(), _test.Options);
        Assert.Equal("8", other.ReadText("old", StoreRoot.Run, null, "a.json"));
        Assert.Equal("8", recovered.ReadText("old", StoreRoot.Run, null, "a.json"));
    }

    [Fact]
    public void An_abort_of_a_record_from_which_somebody_has_gone_on_does_not_count()
    {
        SandboxPlan change = new("sb", PlanKind.Update, [], [], [new DocumentPut(new DocumentKey(StoreRoot.Run, null, "a.json"), new byte[] { (byte)'1' })], []);
        CommitRecord[] records =
        [
            Record(10, change), Record(11, change), Record(12, SandboxPlan.Abort("sb", new Lsn(10))), Record(13, change), Record(14, SandboxPlan.Abort("sb", new Lsn(13))), Record(15, SandboxPlan.Abort("sb", new Lsn(11))),
        ];

        Assert.Equal([10, 11], CommittedPlans.Of(records, "log").Select(static entry => entry.Record.Lsn.Value));

        static CommitRecord Record(long lsn, SandboxPlan plan)
        {
            byte[] payload = new byte[PlanCodec.SizeOf([plan])];
            PlanCodec.Write([plan], payload);
            return new CommitRecord(null!, new Lsn(lsn), default, 0, payload);
        }
    }

    /// <summary>Three transactions of one batch, of which the one in the middle cannot be staged.</summary>
    [Fact]
    public async Task An_abort_is_of_one_transaction_and_not_of_those_beside_it()
    {
        var scripted = new ScriptedFileSystem { SyncsSideBySide = 2 };
        await using StateStore store = await _test.OpenAsync(scripted);
        foreach (int i in Enumerable.Range(0, 8))
        {
            await store.CreateAsync($"sb-{i}", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        }

        scripted.Before = static call => call.Verb == nameof(IDurableFileSystem.CreateFile) && call.Path.Contains("/sb-3/", StringComparison.Ordinal) ? Errno.NoSpace : Errno.None;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (int n = 2; n < 20; n++)
            {
                Exception? failure = await Xunit.Record.ExceptionAsync(() => store.ChangeAsync($"sb-{i}", change => change.PutText(StoreRoot.Run, null, "a.json", $"{n}")));
                Assert.Equal(i == 3, failure is StorageException);
            }
        })));
        scripted.Before = null;

        await using StateStore recovered = await StateStore.OpenAsync(_test.CopyAsAfterAKill(), _test.Options);
        foreach (StateStore each in new[] { store, recovered })
        {
            Assert.Equal(Enumerable.Range(0, 8).Select(static i => i == 3 ? "1" : "19"), Enumerable.Range(0, 8).Select(i => each.ReadText($"sb-{i}", StoreRoot.Run, null, "a.json")));
        }
    }

    private static Task<Lsn> ChangeAsync(StateStore store, bool isNew, string text)
    {
        void Fill(SandboxChange change) => change.PutText(StoreRoot.Run, null, "a.json", text).PutText(StoreRoot.Config, null, "b.json", text);
        return isNew ? store.CreateAsync("new", Fill) : store.ChangeAsync("old", Fill);
    }

    /// <summary>The second of two documents finds no space.</summary>
    private static void FailStaging(ScriptedFileSystem scripted) => scripted.Before = static call => IsStaging(call) ? Errno.NoSpace : Errno.None;

    private static bool IsStaging(FileSystemCall call) => IsDocument(call) && call.Path.Contains("/config/", StringComparison.Ordinal);

    private static bool IsDocument(FileSystemCall call) =>
        call.Verb == nameof(IDurableFileSystem.CreateFile) && (call.Path.EndsWith(".json", StringComparison.Ordinal) || call.Path.Contains("/.ss-", StringComparison.Ordinal));

    private static void AssertAsBefore(StateStore store)
    {
        Assert.Equal(["old"], store.ListSandboxes());
        Assert.Equal("1", store.ReadText("old", StoreRoot.Run, null, "a.json"));
        Assert.Equal("1", store.ReadText("old", StoreRoot.Config, null, "b.json"));
    }
}
