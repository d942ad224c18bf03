using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

public sealed class GroupCommitTests
{
    [Fact]
    public async Task Commits_of_one_batch_that_meet_a_failed_sync_at_the_change_of_the_segment_are_not_acknowledged()
    {
        using var test = new TestStore();
        test.Options = test.Options with { SegmentBytes = 16 * 1024 };
        var fileSystem = new ScriptedFileSystem();
        StateStore store = await test.OpenAsync(fileSystem);
        foreach (string sandbox in new[] { "sb-1", "sb-2", "sb-3" })
        {
            await store.CreateAsync(sandbox);
        }

        await store.CheckpointAsync(); // an empty segment: what follows fits only one of the two
        using var leads = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        fileSystem.Before = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.TryLock) && call.Path.EndsWith("/store.json#1", StringComparison.Ordinal))
            {
                leads.Set();
                goOn.Wait();
            }

            return call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.SyncData) } ? Errno.InputOutput : Errno.None;
        };
        string large = "\"" + new string('x', 9000) + "\"";
        Task first = Task.Run(() => store.ChangeAsync("sb-1", change => change.PutText(StoreRoot.Run, null, "a", large)));
        leads.Wait();
        Task second = store.ChangeAsync("sb-2", change => change.PutText(StoreRoot.Run, null, "a", large));
        goOn.Set();

        await Assert.ThrowsAsync<StoreFaultedException>(() => first);
        await Assert.ThrowsAsync<StoreFaultedException>(() => second);
        fileSystem.Before = null;
        await store.DisposeAsync();
        await using StateStore again = await test.OpenAsync();
        Assert.Contains(again.ReadText("sb-1", StoreRoot.Run, null, "a"), new[] { large, null });
    }

    [Fact]
    public async Task A_transaction_that_queued_while_the_sync_failed_is_not_appended()
    {
        await using var group = await Group.OpenAsync(64 * 1024, "a", "b");
        int appends = 0;
        group.WhileSyncing(number: 1, () => group.Queue("b", 2), Errno.InputOutput);
        group.Seen = call => appends += call.IsAppend ? 1 : 0;
        group.Queue("a", 1);
        Assert.IsType<StoreFaultedException>(await group.FailureAsync("a"));
        Assert.IsType<StoreFaultedException>(await group.FailureAsync("b"));
        Assert.Equal(1, appends);
    }

    [Fact]
    public async Task A_full_segment_is_synced_before_its_successor_appears_and_the_batch_goes_on_there()
    {
        await using var group = await Group.OpenAsync(16 * 1024, "a", "b", "c");
        await group.Store.CheckpointAsync(TestContext.Current.CancellationToken); // an empty segment: three blocks
        var calls = new List<FileSystemCall>();
        group.Seen = calls.Add;
        group.WhileSyncing(number: 1, () =>
        {
            group.Queue("b", 2);
            group.Queue("c", 3, bytes: 9000);
        });
        group.Queue("a", 1);
        Lsn first = await group.LsnAsync("a");
        Assert.Equal([first.Next, first.Next.Next], [await group.LsnAsync("b"), await group.LsnAsync("c")]);

        string segment = calls.Find(static call => call.IsAppend).Path;
        int appended = calls.FindLastIndex(call => call.IsAppend && call.Path == segment);
        int synced = calls.FindIndex(appended, static call => call.IsSync); // by a handle that still has the name of the spare
        int succeeded = calls.FindIndex(static call => call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.Rename) });
        Assert.True(appended < synced && synced < succeeded, $"{appended}, {synced}, {succeeded}");
        Assert.Equal(2, calls.Count(call => call.IsAppend && call.Path == segment));
    }

    [Fact]
    public async Task A_cancellation_is_honoured_up_to_the_append_and_ignored_after_it()
    {
        await using var group = await Group.OpenAsync(16 * 1024, "a", "b", "c");
        using var early = new CancellationTokenSource();
        using var late = new CancellationTokenSource();
        group.Seen = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.TryLock) && call.Path.EndsWith("/store.json#1", StringComparison.Ordinal))
            {
                early.Cancel();
            }
        };
        group.Queue("a", 1, cancellation: early.Token);
        Assert.IsType<OperationCanceledException>(await group.FailureAsync("a"));

        group.WhileSyncing(number: 1, () =>
        {
            group.Queue("b", 2);
            group.Queue("c", 3, cancellation: late.Token);
            group.WhileSyncing(number: 1, late.Cancel); // the one of both
        });
        group.Queue("a", 1);
        _ = await group.LsnAsync("a");
        _ = await group.LsnAsync("b");
        _ = await group.LsnAsync("c");
        Assert.True(late.IsCancellationRequested);
    }

    [Fact]
    public async Task Who_waits_behind_a_batch_and_is_cancelled_hears_of_it_at_once_and_is_not_appended()
    {
        await using var group = await Group.OpenAsync(64 * 1024, "a", "b", "c");
        using var cancellation = new CancellationTokenSource();
        Exception? heard = null;
        group.WhileSyncing(number: 1, () =>
        {
            group.Queue("b", 2, cancellation: cancellation.Token);
            group.Queue("c", 3);
            cancellation.Cancel();
            heard = group.FailureAsync("b").GetAwaiter().GetResult(); // while the first is still at it
        });
        group.Queue("a", 1);
        Lsn first = await group.LsnAsync("a");
        Assert.IsType<OperationCanceledException>(heard);
        Assert.Equal(first.Next, await group.LsnAsync("c"));
        Assert.Null(group.Store.ReadText("b", StoreRoot.Run, null, "n"));
    }

    [Fact]
    public async Task A_defect_below_the_log_faults_the_store_and_leaves_nobody_waiting()
    {
        await using var group = await Group.OpenAsync(64 * 1024, "a", "b");
        group.Answer = call =>
        {
            if (call.IsAppend)
            {
                group.Queue("b", 2);
                throw new FormatException();
            }

            return Errno.None;
        };
        group.Queue("a", 1);
        StoreFaultedException fault = Assert.IsType<StoreFaultedException>(await group.FailureAsync("a"));
        Assert.IsType<FormatException>(fault.InnerException);
        Assert.IsType<StoreFaultedException>(await group.FailureAsync("b"));
        Assert.True(group.Store.IsFaulted);
    }

    [Fact]
    public async Task A_defect_after_which_the_store_cannot_even_be_marked_as_faulted_leaves_nobody_waiting()
    {
        await using var group = await Group.OpenAsync(64 * 1024, syncsSideBySide: 2, "a", "b", "c");
        await group.CommitTogetherAsync("a", "b", "c");
        group.Answer = call => call.IsAppend ? throw new FormatException()
            : call.Verb == nameof(IDurableFileSystem.Write) && call.Path.EndsWith("/words", StringComparison.Ordinal)
                ? throw new InvalidOperationException()
            : Errno.None;
        group.Queue("a", 1);
        Assert.IsType<FormatException>(await group.FailureAsync("a"));
        group.Answer = static _ => Errno.None;
        group.Queue("b", 2);
        Assert.IsType<StoreFaultedException>(await group.FailureAsync("b"));
    }

    [Fact]
    public async Task Who_is_cancelled_while_the_log_thread_waits_for_the_log_on_his_behalf_leaves_nobody_waiting_for_it()
    {
        await using var group = await Group.OpenAsync(64 * 1024, syncsSideBySide: 2, TimeSpan.FromMinutes(1), "a", "b", "c");
        await group.CommitTogetherAsync("a", "b", "c");
        using var cancellation = new CancellationTokenSource();
        var sleeps = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int tries = 0;
        group.Answer = call =>
        {
            if (call.Verb != nameof(IDurableFileSystem.TryLock) || !call.Path.EndsWith("/store.json#1", StringComparison.Ordinal))
            {
                return Errno.None;
            }

            if (++tries == 8 + (20 * 2) + 2)
            {
                sleeps.SetResult(); // all spins and short sleeps are over: now until the clock, which stands still, says so
            }

            return Errno.WouldBlock;
        };
        group.Queue("a", 1, cancellation: cancellation.Token);
        await sleeps.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await cancellation.CancelAsync();
        Assert.IsType<OperationCanceledException>(await group.FailureAsync("a"));
        group.Answer = static _ => Errno.None;
        group.Queue("b", 2);
        _ = await group.LsnAsync("b");
        Assert.Equal("\"0\"", group.Store.ReadText("a", StoreRoot.Run, null, "n"));
    }

    [Fact]
    public async Task The_log_thread_leads_again_after_a_wait_for_the_log()
    {
        await using var group = await Group.OpenAsync(64 * 1024, syncsSideBySide: 2, TimeSpan.FromMinutes(1), "a", "b", "c");
        await group.CommitTogetherAsync("a", "b", "c");
        var threads = new List<string?>();
        bool isQueued = false;
        group.Answer = call =>
        {
            if (!isQueued && call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.Rename) }) // the checkpoint has the log
            {
                isQueued = true;
                group.WhileSyncing(number: 1, () => group.Queue("b", 2));
                group.Seen = seen =>
                {
                    if (seen.IsSync)
                    {
                        threads.Add(Thread.CurrentThread.Name);
                    }
                };
                group.Queue("a", 1);
            }

            return Errno.None;
        };
        await group.Store.CheckpointAsync(TestContext.Current.CancellationToken);
        _ = await group.LsnAsync("a");
        _ = await group.LsnAsync("b");
        Assert.Equal(2, threads.Count);
        Assert.Equal("SafeStore log", threads[1]);
    }

    [Fact]
    public async Task A_leader_that_cannot_lock_the_log_hands_over_to_the_next()
    {
        await using var group = await Group.OpenAsync(16 * 1024, "a", "b");
        bool hasFailed = false;
        group.Answer = call =>
        {
            if (hasFailed || call.Verb != nameof(IDurableFileSystem.TryLock)
                || !call.Path.EndsWith("/store.json#1", StringComparison.Ordinal))
            {
                return Errno.None;
            }

            hasFailed = true;
            group.Queue("b", 2);
            return Errno.InputOutput;
        };
        group.Queue("a", 1);
        Assert.Equal(Errno.InputOutput, Assert.IsType<StorageException>(await group.FailureAsync("a")).Errno);
        _ = await group.LsnAsync("b");
        group.Queue("a", 3);
        _ = await group.LsnAsync("a");
    }

    [Fact]
    public async Task A_batch_takes_four_mebibytes_or_one_transaction_that_is_larger()
    {
        await using var group = await Group.OpenAsync(16 * 1024 * 1024, "a", "b", "c", "d", "e");
        int syncs = 0;
        group.Seen = call => syncs += call.IsSync ? 1 : 0;
        group.WhileSyncing(number: 1, () =>
        {
            group.Queue("b", 2, bytes: 3 * 1024 * 1024);
            group.Queue("c", 3);
            group.Queue("d", 4, bytes: 3 * 1024 * 1024);
            group.Queue("e", 5, bytes: 5 * 1024 * 1024);
        });
        group.Queue("a", 1);
        Lsn first = await group.LsnAsync("a");
        Assert.Equal(first.Value + 4, (await group.LsnAsync("e")).Value);
        Assert.Equal(4, syncs); // a; b and c; d; e
    }

    [Fact]
    public async Task A_spare_segment_is_looked_for_once_when_half_of_the_segment_is_used()
    {
        await using var group = await Group.OpenAsync(16 * 1024, "a");
        await group.Store.CheckpointAsync(TestContext.Current.CancellationToken);
        int looks = 0;
        group.Seen = call => looks += call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.List) } ? 1 : 0;
        var seen = new List<int>();
        for (int number = 1; number <= 3; number++)
        {
            group.Queue("a", number); // the first of three blocks ends before the half of four, the second behind it
            _ = await group.LsnAsync("a");
            seen.Add(looks);
        }

        Assert.Equal(0, seen[0]);
        Assert.True(seen[1] > 0 && seen[2] == seen[1], string.Join(", ", seen));
    }

    /// <summary>A store, sandboxes that are locked, and transactions that queue up behind each other's syncs.</summary>
    private sealed class Group : IAsyncDisposable
    {
        private readonly TestStore _test = new();
        private readonly Dictionary<string, SandboxLock> _locks = [];
        private readonly Dictionary<string, Task<Lsn>> _commits = [];
        private ScriptedFileSystem _fileSystem = null!;
        private (int Number, Action Act, Errno Result) _sync;
        private int _syncs;

        public StateStore Store { get; private set; } = null!;

        public Action<FileSystemCall> Seen { get; set; } = static _ => { };

        public Func<FileSystemCall, Errno> Answer { get; set; } = static _ => Errno.None;

        public static Task<Group> OpenAsync(long segmentBytes, params string[] sandboxes) =>
            OpenAsync(segmentBytes, syncsSideBySide: 1, sandboxes);

        public static Task<Group> OpenAsync(long segmentBytes, int syncsSideBySide, params string[] sandboxes) =>
            OpenAsync(segmentBytes, syncsSideBySide, StoreCalls.Once, sandboxes);

        public static async Task<Group> OpenAsync(long segmentBytes, int syncsSideBySide, TimeSpan lockTimeout, params string[] sandboxes)
        {
            var group = new Group { _fileSystem = new ScriptedFileSystem { SyncsSideBySide = syncsSideBySide } };
            group._test.Options =
                group._test.Options with { SegmentBytes = segmentBytes, DocumentBytesMax = 8 * 1024 * 1024, LockTimeout = lockTimeout };
            group.Store = await group._test.OpenAsync(group._fileSystem);
            foreach (string sandbox in sandboxes)
            {
                await group.Store.CreateAsync(sandbox);
                group._locks.Add(sandbox, await group.Store.LockApartAsync(sandbox));
            }

            group._fileSystem.Before = group.Ask;
            return group;
        }

        /// <summary>Lets the first commit alone and the two others in one batch behind it.</summary>
        public async Task CommitTogetherAsync(string first, string second, string third)
        {
            WhileSyncing(number: 1, () =>
            {
                Queue(second, 0);
                Queue(third, 0);
            });
            Queue(first, 0);
            _ = await LsnAsync(first);
            Assert.Equal((await LsnAsync(second)).Next, await LsnAsync(third));
        }

        /// <summary>Acts during a sync of the log, counted from now, and lets it end so.</summary>
        public void WhileSyncing(int number, Action act, Errno result = Errno.None) => (_sync, _syncs) = ((number, act, result), 0);

        public void Queue(string sandbox, int number, int bytes = 0, CancellationToken cancellation = default) =>
            _commits[sandbox] = _locks[sandbox].Change()
            .PutText(StoreRoot.Run, null, "n", $"\"{number}{new string('x', bytes)}\"").CommitAsync(cancellation).AsTask();

        public Task<Lsn> LsnAsync(string sandbox) => _commits[sandbox].WaitAsync(TimeSpan.FromSeconds(20));

        public async Task<Exception?> FailureAsync(string sandbox) => await Record.ExceptionAsync(() => LsnAsync(sandbox));

        public async ValueTask DisposeAsync()
        {
            _fileSystem.Before = null;
            _test.Clock.Advance(TimeSpan.FromHours(1)); // who still waits for a lock gives up
            await Store.DisposeAsync();
            _test.Dispose();
        }

        private Errno Ask(FileSystemCall call)
        {
            Seen(call);
            if (call.IsSync && ++_syncs == _sync.Number)
            {
                _sync.Act();
                return _sync.Result;
            }

            return Answer(call);
        }
    }
}
