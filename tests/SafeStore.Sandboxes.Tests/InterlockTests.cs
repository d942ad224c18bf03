using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

/// <summary>flock(1) of util-linux, a program that is not SafeStore, and a sandbox's lock: they exclude each other both ways.</summary>
public sealed class InterlockTests : IDisposable
{
    private readonly TestSandboxes _test = new();

    private string LockFile => _test.RunPath("sb-1/lock");

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(LockMode.Exclusive, LockMode.Exclusive, true)]
    [InlineData(LockMode.Exclusive, LockMode.Shared, true)]
    [InlineData(LockMode.Shared, LockMode.Exclusive, true)]
    [InlineData(LockMode.Shared, LockMode.Shared, false)]
    public async Task While_the_other_program_holds_the_lock_ours_is_refused_unless_both_share(
        LockMode theirs, LockMode ours, bool isRefused)
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1"));
        using ForeignProcess holder = await ForeignProcess.HoldAsync(LockFile, theirs);

        Exception? failure = await Record.ExceptionAsync(() => TakeAsync(store, ours));

        Assert.Equal(isRefused, failure is LockTimeoutException);
        Assert.True(!isRefused
            || failure!.Message.Contains(holder.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal),
            failure?.Message);
        await holder.EndAsync();
        await TakeAsync(store, ours);
    }

    [Theory]
    [InlineData(LockMode.Exclusive, LockMode.Exclusive, true)]
    [InlineData(LockMode.Exclusive, LockMode.Shared, true)]
    [InlineData(LockMode.Shared, LockMode.Exclusive, true)]
    [InlineData(LockMode.Shared, LockMode.Shared, false)]
    public async Task While_we_hold_the_lock_the_other_programs_is_refused_unless_both_share(LockMode ours, LockMode theirs, bool isRefused)
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1"));

        await using (ours == LockMode.Exclusive ? await store.LockAsync("sb-1") : await store.LockAsync("sb-1", LockMode.Shared))
        {
            Assert.Equal(!isRefused, await ForeignProcess.CanLockAsync(LockFile, theirs));
        }

        Assert.True(await ForeignProcess.CanLockAsync(LockFile, theirs));
    }

    [Fact]
    public async Task The_other_program_that_waits_gets_the_lock_when_we_release_it()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("sb-1"));
        ForeignProcess waiter;
        await using (ModelLock held = await store.LockAsync("sb-1"))
        {
            waiter = await ForeignProcess.WaitForAsync(LockFile);
            await held.Change().Put(held.Model.SandboxState, new State { Lifecycle = Lifecycle.Ready }).CommitAsync();
        }

        using (waiter)
        {
            Assert.Equal("held", await waiter.ReadLineAsync());
            await Assert.ThrowsAsync<LockTimeoutException>(async () => await store.LockAsync("sb-1", timeout: TimeSpan.Zero));
            Assert.Equal(0, await waiter.EndAsync());
        }
    }

    [Fact]
    public async Task We_get_the_lock_that_we_wait_for_when_the_other_program_ends()
    {
        await using SandboxStore store = await SandboxStore.OpenAsync(_test.Layout); // on the real clock: the wait is real
        await store.CreateAsync(new NewSandbox("sb-1"));
        using ForeignProcess holder = await ForeignProcess.HoldAsync(LockFile);
        ValueTask<ModelLock> waiting = store.LockAsync("sb-1", LockMode.Exclusive, Timeout.InfiniteTimeSpan);
        Assert.False(waiting.IsCompleted);

        await holder.KillAsync();

        await using ModelLock held = await waiting;
        Assert.False(await ForeignProcess.CanLockAsync(LockFile, LockMode.Shared));
    }

    private static async Task TakeAsync(SandboxStore store, LockMode mode)
    {
        await using ModelLock held = mode == LockMode.Exclusive ? await store.LockAsync("sb-1", timeout: TimeSpan.Zero)
            : await store.LockAsync("sb-1", LockMode.Shared, TimeSpan.Zero);
    }
}
