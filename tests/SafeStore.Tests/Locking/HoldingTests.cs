using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Tests.Locking;

/// <summary>Locks that nobody refers to, locks that a hundred wait for, and clocks that jump.</summary>
public sealed class HoldingTests : IDisposable
{
    private const int Many = 100;

    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_lock_that_nobody_refers_to_any_more_is_kept_until_its_store_is_closed()
    {
        await using StateStore other = await _test.OpenAsync();
        await other.CreateAsync("sb-1");
        StateStore store = await _test.OpenAsync();
        WeakReference<object> marker = LockAndForget(store);
        for (int i = 0; i < 10 && IsAlive(marker); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(IsAlive(marker), "nothing was collected: the test shows nothing");
        await Assert.ThrowsAsync<LockTimeoutException>(() => other.LockApartAsync("sb-1", timeout: StoreCalls.Once));
        await store.DisposeAsync();
        await using SandboxLock free = await other.LockApartAsync("sb-1", timeout: StoreCalls.Once);
    }

    [Fact]
    public async Task A_hundred_waiters_block_no_thread_and_all_give_up_when_their_time_is_over()
    {
        await using StateStore one = await _test.OpenAsync();
        await using StateStore two = await _test.OpenAsync();
        await one.CreateAsync("sb-1");
        SandboxLock held = await one.LockApartAsync("sb-1");
        // All from this thread: a wait that blocked it would never let the second begin.
        Task<SandboxLock>[] patient =
            [.. Enumerable.Range(0, Many).Select(_ => two.LockApartAsync("sb-1", timeout: Timeout.InfiniteTimeSpan))];
        Task<SandboxLock>[] hasty =
            [.. Enumerable.Range(0, Many).Select(_ => two.LockApartAsync("sb-1", LockMode.Shared, TimeSpan.FromMinutes(1)))];
        await AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.DoesNotContain(patient.Concat(hasty), static wait => wait.IsCompleted);
        await AdvanceUntilAsync(Task.WhenAll(hasty));
        foreach (Task<SandboxLock> wait in hasty)
        {
            await Assert.ThrowsAsync<LockTimeoutException>(() => wait);
        }

        Assert.DoesNotContain(patient, static wait => wait.IsCompleted);
        await held.DisposeAsync();
        foreach (Task<SandboxLock> wait in patient)
        {
            await AdvanceUntilAsync(wait);
            await (await wait).DisposeAsync();
        }

        await (await one.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();
    }

    [Fact]
    public async Task A_wall_clock_that_jumps_changes_neither_the_order_of_transactions_nor_how_long_anybody_waits()
    {
        var clock = new JumpingClock();
        _test.Options = _test.Options with { TimeProvider = clock, LockTimeout = TimeSpan.FromMinutes(5) };
        var lsns = new List<Lsn>();
        await using (StateStore one = await _test.OpenAsync())
        {
            await using StateStore two = await _test.OpenAsync();
            lsns.Add(await one.CreateAsync("sb-1"));
            for (int i = 0; i < 20; i++)
            {
                SandboxLock held = await one.LockApartAsync("sb-1");
                Task<SandboxLock> waiter = two.LockApartAsync("sb-1"); // if a jump ended its time, it would fail
                clock.Jump();
                lsns.Add(await held.Change().PutText(StoreRoot.Run, null, "n.json", $"{i}").CommitAsync());
                await held.DisposeAsync();
                await using SandboxLock waited = await waiter;
                clock.Jump();
                lsns.Add(await waited.Change().PutText(StoreRoot.Config, null, "n.json", $"{i}").CommitAsync());
            }

            await one.CheckpointAsync();
        }

        clock.Jump();
        await using StateStore again = await _test.OpenAsync();
        Assert.Equal(Enumerable.Range(1, 41).Select(static number => new Lsn(number)), lsns);
        Assert.Equal(new Dictionary<string, string> { ["config:sb-1/n.json"] = "19", ["run:sb-1/n.json"] = "19" }, again.ReadEverything());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference<object> LockAndForget(StateStore store)
    {
        // Without await: a state machine would keep what it has seen.
        _ = store.LockApartAsync("sb-1", timeout: StoreCalls.Once).GetAwaiter().GetResult();
        return new WeakReference<object>(new object());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsAlive(WeakReference<object> marker) => marker.TryGetTarget(out _);

    private async Task AdvanceUntilAsync(Task wait)
    {
        while (!wait.IsCompleted)
        {
            await AdvanceAsync(TimeSpan.FromSeconds(1));
        }
    }

    private async Task AdvanceAsync(TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(50);
        for (TimeSpan passed = default; passed < time; passed += step)
        {
            _test.Clock.Advance(step);
            await Task.Yield();
        }
    }

    /// <summary>A wall clock that is set to and fro, by hand and whenever somebody looks; time itself passes as it does.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        private int _looks;

        public void Jump() => Interlocked.Increment(ref _looks);

        public override DateTimeOffset GetUtcNow() => Interlocked.Increment(ref _looks) % 2 == 0
            ? new DateTimeOffset(1970, 1, 1, 0, 0, 0, TimeSpan.Zero)
            : new DateTimeOffset(2999, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
