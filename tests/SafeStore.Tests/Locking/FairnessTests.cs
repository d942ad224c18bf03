using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Locking;

/// <summary>Readers of several store objects and one that waits to write; what a lock says of transactions of several sandboxes.</summary>
public sealed class FairnessTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_does_not_pass_another_store_object_that_waits_to_write(bool joins)
    {
        await using StateStore reading = await OpenAsync();
        await using StateStore writing = await _test.OpenAsync();
        await using StateStore another = await _test.OpenAsync();
        StateStore later = joins ? reading : another;
        SandboxLock first = await reading.LockApartAsync("sb", LockMode.Shared);
        Task<SandboxLock> writer = writing.LockApartAsync("sb", timeout: Timeout.InfiniteTimeSpan);
        await Assert.ThrowsAsync<LockTimeoutException>(() => later.LockApartAsync("sb", LockMode.Shared, StoreCalls.Once));
        await first.DisposeAsync();
        SandboxLock written = await ComesAsync(writer);
        await written.DisposeAsync();
        await using SandboxLock next = await later.LockApartAsync("sb", LockMode.Shared, StoreCalls.Once);
    }

    [Fact]
    public async Task Readers_come_in_again_when_the_one_that_waited_to_write_has_given_up()
    {
        await using StateStore reading = await OpenAsync();
        await using StateStore writing = await _test.OpenAsync();
        await using SandboxLock first = await reading.LockApartAsync("sb", LockMode.Shared);
        using var giveUp = new CancellationTokenSource();
        Task<SandboxLock> writer = writing.LockApartAsync("sb", timeout: Timeout.InfiniteTimeSpan, cancellation: giveUp.Token);
        Task<SandboxLock> waiting = reading.LockApartAsync("sb", LockMode.Shared, Timeout.InfiniteTimeSpan);
        Assert.False(waiting.IsCompleted);
        await giveUp.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writer);
        await (await ComesAsync(waiting)).DisposeAsync();
    }

    [Fact]
    public async Task A_shared_lock_costs_one_look_for_waiters_and_an_exclusive_one_none()
    {
        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        _ = await store.CreateAsync("sb");
        await (await store.LockApartAsync("sb")).DisposeAsync(); // which looks at its own file, once
        var calls = new List<string>();
        fs.Before = call =>
        {
            calls.Add(call.Verb);
            return Errno.None;
        };
        await (await store.LockApartAsync("sb")).DisposeAsync();
        int exclusive = calls.Count;
        Assert.DoesNotContain(nameof(IDurableFileSystem.TestLock), calls);
        calls.Clear();
        await (await store.LockApartAsync("sb", LockMode.Shared)).DisposeAsync();
        Assert.Single(calls, nameof(IDurableFileSystem.TestLock));
        Assert.Equal(exclusive + 1, calls.Count);
    }

    [Fact]
    public async Task A_lock_word_names_the_last_transaction_of_several_sandboxes_also_after_a_recovery()
    {
        await using StateStore store = await OpenAsync();
        _ = await store.CreateAsync("other");
        Assert.Equal(default, WordOf(_test.Layout, "sb").OfSeveral);
        Lsn both;
        await using (SandboxLocks locks = await store.LockManyAsync([SandboxTarget.Existing("sb"), SandboxTarget.Existing("other")]))
        {
            Transaction transaction = locks.Change();
            _ = transaction.For("sb").PutText(StoreRoot.Config, null, "a.json", "1");
            _ = transaction.For("other").PutText(StoreRoot.Config, null, "a.json", "1");
            both = await transaction.CommitAsync();
        }

        Lsn alone = await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a.json", "2"));
        Assert.Equal(new LockWord(LockWordState.Idle, alone, both), WordOf(_test.Layout, "sb"));
        Assert.Equal(new LockWord(LockWordState.Idle, both, both), WordOf(_test.Layout, "other"));
        StoreLayout copy = _test.CopyAsAfterAKill();
        System.IO.File.WriteAllBytes($"{copy.Run}/other/lock", []);
        await using StateStore recovered = await StateStore.OpenAsync(copy, _test.Options);
        Assert.Equal(both, WordOf(copy, "sb").OfSeveral);
        Assert.Equal(both, WordOf(copy, "other").OfSeveral);
    }

    private static LockWord WordOf(StoreLayout layout, string sandbox)
    {
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(layout.Run, out DirectoryHandle? run));
        using (run)
        {
            return LockWord.TryRead(fs, run!, $"{sandbox}/lock")!.Value;
        }
    }

    private async Task<StateStore> OpenAsync()
    {
        StateStore store = await _test.OpenAsync();
        _ = await store.CreateAsync("sb");
        return store;
    }

    /// <summary>Lets the pauses between the tries pass.</summary>
    private async Task<SandboxLock> ComesAsync(Task<SandboxLock> waiting)
    {
        while (!waiting.IsCompleted)
        {
            _test.Clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        return await waiting;
    }
}
