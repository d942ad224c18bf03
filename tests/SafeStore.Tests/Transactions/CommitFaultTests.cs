using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Every call of the filesystem that a commit makes is failed in turn, with each error.</summary>
public sealed class CommitFaultTests
{
    private static readonly Errno[] s_errors =
        [Errno.NoSpace, Errno.QuotaExceeded, Errno.InputOutput, Errno.ReadOnly, Errno.ProcessFileLimit, Errno.AccessDenied];

    public static TheoryData<string, bool> Commits
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string name in ReferenceCommit.All.Keys)
            {
                data.Add(name, true);
                data.Add(name, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Commits))]
    public async Task A_commit_that_meets_one_error_leaves_no_trace_or_is_whole(string name, bool warm)
    {
        (SortedDictionary<string, string> before, SortedDictionary<string, string> after) = await ReferenceCommit.ExpectAsync(name);
        foreach (Errno error in warm ? [Errno.NoSpace, Errno.InputOutput] : s_errors)
        {
            int calls = 1;
            while (await TryAsync(name, warm, calls, error, before, after))
            {
                calls++;
            }

            Assert.True(calls > 8, $"only {calls} calls were seen");
        }
    }

    [Theory]
    [MemberData(nameof(Commits))]
    public async Task A_commit_during_which_the_disk_fails_for_good_is_whole_or_absent_once_the_disk_is_back(string name, bool warm)
    {
        (SortedDictionary<string, string> before, SortedDictionary<string, string> after) = await ReferenceCommit.ExpectAsync(name);
        foreach (Errno error in new[] { Errno.NoSpace, Errno.InputOutput })
        {
            int calls = 1;
            while (await TryAndReconcileAsync(
                name, warm, new FaultAt(calls, () => error) { Persists = true }, static (fs, script) =>
                fs.Before = script.Before, before, after))
            {
                calls++;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Commits))]
    public async Task A_commit_one_of_whose_calls_happened_and_was_reported_failed_is_whole_or_absent_after_reopening(
        string name, bool warm)
    {
        (SortedDictionary<string, string> before, SortedDictionary<string, string> after) = await ReferenceCommit.ExpectAsync(name);
        int calls = 1;
        while (await TryAndReconcileAsync(
            name, warm, new FaultAt(calls, static () => Errno.InputOutput), static (fs, script) =>
            fs.After = script.Before, before, after, reopens: true))
        {
            calls++;
        }

        Assert.True(calls > 5, $"only {calls} calls were seen");
    }

    [Theory]
    [MemberData(nameof(Commits))]
    public async Task A_commit_that_runs_out_of_memory_at_any_call_is_whole_or_absent_and_frees_its_lock(string name, bool warm)
    {
        (SortedDictionary<string, string> before, SortedDictionary<string, string> after) = await ReferenceCommit.ExpectAsync(name);
        int calls = 1;
        while (await TryAndReconcileAsync(
            name, warm, new FaultAt(calls, static () => throw new InsufficientMemoryException()), static (fs, script) =>
            fs.Before = script.Before, before, after))
        {
            calls++;
        }

        Assert.True(calls > 8, $"only {calls} calls were seen");
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(39, false)] // a lock word takes 40, in one write
    [InlineData(40, true)]
    [InlineData(1000, true)]
    public async Task A_commit_whose_writes_are_all_short_goes_on_to_the_last_byte_or_leaves_no_trace(int largest, bool isWhole)
    {
        foreach (string name in ReferenceCommit.All.Keys)
        {
            (SortedDictionary<string, string> before, SortedDictionary<string, string> after) = await ReferenceCommit.ExpectAsync(name);
            using ReferenceCommit reference = await ReferenceCommit.PrepareAsync(name);
            SandboxLocks locks = await reference.LockAsync();
            reference.FileSystem.LargestWrite = largest;
            if (isWhole)
            {
                await reference.CommitAsync(locks);
            }
            else
            {
                StorageException failure = await Assert.ThrowsAsync<StorageException>(() => reference.CommitAsync(locks));
                Assert.Equal(Errno.NoSpace, failure.Errno);
            }

            reference.FileSystem.LargestWrite = int.MaxValue;
            await locks.DisposeAsync();
            await reference.ResolveAsync(reference.Store);
            Same(isWhole ? after : before, reference.Documents(), $"{name}, {largest} bytes at a time");
            await UseAsync(reference, name);
        }
    }

    [Fact]
    public async Task A_failed_cleanup_does_not_hide_why_the_commit_failed()
    {
        using ReferenceCommit reference = await ReferenceCommit.PrepareAsync("update");
        SortedDictionary<string, string> before = reference.Documents();
        SandboxLocks locks = await reference.LockAsync();
        reference.FileSystem.Before = static call => call.Verb switch
        {
            nameof(IDurableFileSystem.Write) when call.Path.Contains("/scratch/", StringComparison.Ordinal) => Errno.NoSpace,
            nameof(IDurableFileSystem.Unlink) => Errno.ReadOnly,
            _ => Errno.None,
        };
        StorageException failure = await Assert.ThrowsAsync<StorageException>(() => reference.CommitAsync(locks));
        Assert.Equal(Errno.NoSpace, failure.Errno);
        reference.FileSystem.Before = null;
        Same(before, reference.Documents(), "what could not be removed lies elsewhere");
        await locks.DisposeAsync();
        await using (StateStore other = await reference.OpenAsync())
        {
            await reference.ResolveAsync(other);
        }

        Same(before, reference.Documents(), "after the next lock");
        await UseAsync(reference, "after the next lock");
    }

    [Theory]
    [MemberData(nameof(Commits))]
    public async Task A_commit_that_is_cancelled_leaves_no_trace_or_is_whole(string name, bool warm)
    {
        (SortedDictionary<string, string> before, SortedDictionary<string, string> after) = await ReferenceCommit.ExpectAsync(name);
        int calls = 1;
        int cancelled = 0;
        for (bool wasReached = true; wasReached; calls++)
        {
            using ReferenceCommit reference = await ReferenceCommit.PrepareAsync(name, warm);
            await using StateStore closing = reference.Store;
            await using SandboxLocks locks = await reference.LockAsync();
            SortedDictionary<string, string> tree = TreeSnapshot.OfStore(reference.Layout);
            using var cancellation = new CancellationTokenSource();
            var script = new FaultAt(calls, () =>
            {
                cancellation.Cancel();
                return Errno.None;
            });
            reference.FileSystem.Before = script.Before;
            try
            {
                await reference.CommitAsync(locks, cancellation.Token);
                reference.FileSystem.Before = null;
                Assert.Equal(after, reference.Documents());
            }
            catch (OperationCanceledException)
            {
                reference.FileSystem.Before = null;
                cancelled++;
                Assert.False(script.HasAppended, $"cancelled after the append, at call {calls}: {script.Hit}");
                Assert.Equal(tree, TreeSnapshot.OfStore(reference.Layout));
                await reference.CommitAsync(locks);
                Assert.Equal(after, reference.Documents());
            }

            Assert.NotEqual(before, reference.Documents());
            wasReached = script.Hit is not null;
        }

        Assert.True(cancelled > 0, "no cancellation was honoured");
    }

    /// <summary>One run with the n-th call failed; false when the transaction has fewer calls.</summary>
    private static async Task<bool> TryAsync(
        string name, bool warm, int n, Errno error, SortedDictionary<string, string> before, SortedDictionary<string, string> after)
    {
        using ReferenceCommit reference = await ReferenceCommit.PrepareAsync(name, warm);
        var script = new FaultAt(n, () => error);
        SafeStoreException? failure = null;
        SandboxLocks locks = await reference.LockAsync();
        SortedDictionary<string, string> tree = TreeSnapshot.OfStore(reference.Layout);
        reference.FileSystem.Before = script.Before;
        try
        {
            await reference.CommitAsync(locks);
        }
        catch (SafeStoreException thrown)
        {
            failure = thrown;
        }

        reference.FileSystem.Before = null;
        string at = $"{name}, {error} at call {n}: {script.Hit}; {failure?.GetType().Name}";
        switch (failure)
        {
            case null:
                Same(after, reference.Documents(), at);
                Assert.True(script.HasSyncedLog, "acknowledged without a sync of the log: " + at);
                await locks.DisposeAsync();
                break;
            case CommitNotPublishedException:
                Assert.True(script.HasAppended && script.HasSyncedLog, at);
                await FinishAsync(reference, locks, byAnother: n % 2 == 0);
                Same(after, reference.Documents(), at);
                break;
            case StoreFaultedException:
                // A sync has failed; or what tells whether one has failed elsewhere, or whether all is in its place, could not be asked
                // after the append.
                Assert.True(script.Hit is { IsOnLog: true, Verb: "SyncData" or "SyncDirectory" or "SyncFile" }
                    || (script.HasAppended && script.Hit is { Verb: "Read" or "Stat" }), at);
                await ReopenFaultedAsync(reference, locks, at);
                Assert.True(IsEither(before, after, reference.Documents()), at);
                break;
            default:
                // A failed append is overwritten, durably. A creation that could not be staged is followed by the record of a removal.
                bool isRevoked = script.HasSyncedLog && script.Hit is not { IsAppend: true };
                Same(tree, TreeSnapshot.OfStore(reference.Layout, isAtRest: !isRevoked), at);
                if (isRevoked && error is (Errno.NoSpace or Errno.AccessDenied))
                {
                    await SameAfterKillAsync(before, reference, at);
                }

                await reference.CommitAsync(locks);
                Same(after, reference.Documents(), at);
                await locks.DisposeAsync();
                break;
        }

        if (script.Hit is { IsSync: true })
        {
            Assert.IsType<StoreFaultedException>(failure);
        }

        await UseAsync(reference, at);
        return script.Hit is not null;
    }

    /// <summary>A store whose processes are killed now has these documents once it is recovered.</summary>
    private static async Task SameAfterKillAsync(SortedDictionary<string, string> documents, ReferenceCommit reference, string at)
    {
        using ReferenceCommit image = reference.CopyForRecovery();
        image.Store = await image.OpenAsync();
        Same(documents, image.Documents(), "after a kill: " + at);
        await image.Store.DisposeAsync();
    }

    /// <summary>
    /// One run with a fault, after which others lock, or recover, what there is; false when the transaction has fewer calls.
    /// </summary>
    private static async Task<bool> TryAndReconcileAsync(
        string name, bool warm, FaultAt script, Action<ScriptedFileSystem, FaultAt> arm, SortedDictionary<string, string> before,
        SortedDictionary<string, string> after, bool reopens = false)
    {
        using ReferenceCommit reference = await ReferenceCommit.PrepareAsync(name, warm);
        SandboxLocks locks = await reference.LockAsync();
        arm(reference.FileSystem, script);
        Exception? failure = null;
        try
        {
            await reference.CommitAsync(locks);
        }
        catch (Exception thrown) when (thrown is SafeStoreException or InsufficientMemoryException)
        {
            failure = thrown;
        }

        string at = $"{name}, {script}: {script.Hit}; {failure}";
        if (!script.Persists)
        {
            (reference.FileSystem.Before, reference.FileSystem.After) = (null, null);
        }

        await locks.DisposeAsync();
        (reference.FileSystem.Before, reference.FileSystem.After) = (null, null);
        if (reopens || reference.Store.IsFaulted || failure is StoreFaultedException)
        {
            await reference.Store.DisposeAsync();
            reference.Store = await reference.OpenAsync();
        }

        await using (StateStore other = await reference.OpenAsync())
        {
            Exception? refused = await Record.ExceptionAsync(() => reference.ResolveAsync(other));
            Assert.True(refused is null, $"{at}\n{refused}");
        }

        if (failure is null or CommitNotPublishedException)
        {
            Same(after, reference.Documents(), at);
        }
        else if (failure is StoreFaultedException)
        {
            Assert.True(IsEither(before, after, reference.Documents()), at);
        }
        else
        {
            Same(before, reference.Documents(), at);
        }

        await UseAsync(reference, at);
        return script.Hit is not null;
    }

    /// <summary>The next lock, by another store object or by the same, finishes a transaction that is durable but not published.</summary>
    private static async Task FinishAsync(ReferenceCommit reference, SandboxLocks locks, bool byAnother)
    {
        await locks.DisposeAsync();
        if (!byAnother)
        {
            await reference.ResolveAsync(reference.Store);
            return;
        }

        await using StateStore other = await reference.OpenAsync();
        await reference.ResolveAsync(other);
    }

    /// <summary>A faulted store reads and does not write, in any process, until all have closed it.</summary>
    private static async Task ReopenFaultedAsync(ReferenceCommit reference, SandboxLocks locks, string at)
    {
        Assert.True(reference.Store.IsFaulted, at);
        _ = reference.Store.ReadEverything();
        await locks.DisposeAsync();
        await Assert.ThrowsAsync<StoreFaultedException>(() => reference.Store.CreateAsync("sb-5"));
        await Assert.ThrowsAsync<StoreFaultedException>(async () => await (await reference.OpenAsync()).DisposeAsync());
        await reference.Store.DisposeAsync();
        reference.Store = await reference.OpenAsync();
        await reference.ResolveAsync(reference.Store); // gives a sandbox that recovery has made its lock file
    }

    /// <summary>
    /// Whatever happened, the store goes on: it creates a sandbox, is closed and opened, and has nothing lost or left over.
    /// </summary>
    private static async Task UseAsync(ReferenceCommit reference, string at)
    {
        SortedDictionary<string, string> documents = reference.Documents();
        await reference.Store.CreateAsync("sb-7", static change => change.PutText(StoreRoot.Run, null, "state.json", "7"));
        await reference.Store.DisposeAsync();
        await using StateStore again = await reference.OpenAsync();
        Assert.Equal("7", again.ReadText("sb-7", StoreRoot.Run, null, "state.json"));
        await again.ChangeAsync("sb-7", static change => change.RemoveSandbox());
        Same(documents, reference.Documents(), at);
        foreach (string path in TreeSnapshot.OfStore(reference.Layout).Keys)
        {
            bool isStaged = path.Contains("/.safestore/new/", StringComparison.Ordinal) || path.Contains("/.safestore/scratch/",
                StringComparison.Ordinal);
            Assert.False((isStaged && !path.EndsWith("/new/", StringComparison.Ordinal) && !path.EndsWith("/scratch/",
                StringComparison.Ordinal)) || path.EndsWith(".tmp", StringComparison.Ordinal), $"{path} is left: {at}");
        }
    }

    private static bool IsEither(
        SortedDictionary<string, string> one, SortedDictionary<string, string> other, SortedDictionary<string, string> actual)
    {
        string text = string.Join('\n', actual);
        return text == string.Join('\n', one) || text == string.Join('\n', other);
    }

    private static void Same(SortedDictionary<string, string> expected, SortedDictionary<string, string> actual, string at) =>
        Assert.True(string.Join('\n', expected) == string.Join('\n', actual),
            $"{at}\nexpected\n{string.Join('\n', expected)}\nactual\n{string.Join('\n', actual)}");
}
