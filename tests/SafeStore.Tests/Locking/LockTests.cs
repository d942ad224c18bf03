using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.Locking;

public sealed class LockTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Readers_share_and_a_writer_excludes(bool sameStore)
    {
        await using StateStore one = await OpenAsync();
        await using StateStore another = await _test.OpenAsync();
        StateStore two = sameStore ? one : another;
        SandboxLock first = await one.LockApartAsync("sb-1", LockMode.Shared);
        SandboxLock second = await two.LockApartAsync("sb-1", LockMode.Shared, StoreCalls.Once);
        await Assert.ThrowsAsync<LockTimeoutException>(() => two.LockApartAsync("sb-1", timeout: StoreCalls.Once));
        await first.DisposeAsync();
        await Assert.ThrowsAsync<LockTimeoutException>(() => another.LockApartAsync("sb-1", timeout: StoreCalls.Once));
        await second.DisposeAsync();
        await using SandboxLock writer = await two.LockApartAsync("sb-1", timeout: StoreCalls.Once);
        await Assert.ThrowsAsync<LockTimeoutException>(() => one.LockApartAsync("sb-1", LockMode.Shared, StoreCalls.Once));
    }

    [Fact]
    public async Task Waiters_of_a_process_are_served_in_order_and_readers_do_not_pass_a_writer()
    {
        await using StateStore store = await OpenAsync();
        SandboxLock first = await store.LockApartAsync("sb-1", LockMode.Shared);
        Task<SandboxLock> writer = store.LockApartAsync("sb-1");
        Task<SandboxLock> reader = store.LockApartAsync("sb-1", LockMode.Shared);
        Task<SandboxLock> neighbour = store.LockApartAsync("sb-1", LockMode.Shared);
        Task<SandboxLock> last = store.LockApartAsync("sb-1");
        Assert.False(writer.IsCompleted || reader.IsCompleted || neighbour.IsCompleted || last.IsCompleted);

        await first.DisposeAsync();
        SandboxLock written = await writer;
        Assert.False(reader.IsCompleted || neighbour.IsCompleted || last.IsCompleted);
        await written.DisposeAsync();
        await using (await reader)
        await using (await neighbour)
        {
            Assert.False(last.IsCompleted);
        }

        await (await last).DisposeAsync();
    }

    [Fact]
    public async Task A_waiter_that_gives_up_leaves_the_queue_intact()
    {
        await using StateStore store = await OpenAsync();
        SandboxLock first = await store.LockApartAsync("sb-1", LockMode.Shared);
        using var cancellation = new CancellationTokenSource();
        Task<SandboxLock> cancelled = store.LockApartAsync("sb-1", cancellation: cancellation.Token);
        Task<SandboxLock> late = store.LockApartAsync("sb-1", timeout: TimeSpan.FromSeconds(5));
        Task<SandboxLock> reader = store.LockApartAsync("sb-1", LockMode.Shared, Timeout.InfiniteTimeSpan);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(late.IsCompleted || reader.IsCompleted);
        _test.Clock.Advance(TimeSpan.FromSeconds(6));
        LockTimeoutException failure = await Assert.ThrowsAsync<LockTimeoutException>(() => late);
        Assert.Contains($"pid {Environment.ProcessId}", failure.Message, StringComparison.Ordinal);
        await (await reader).DisposeAsync(); // shares with the first
        await first.DisposeAsync();
        await (await store.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();
    }

    [Fact]
    public async Task The_error_of_a_time_out_names_the_holder()
    {
        await using StateStore one = await OpenAsync();
        await using StateStore two = await _test.OpenAsync();
        await using SandboxLock held = await one.LockApartAsync("sb-1");
        LockTimeoutException failure =
            await Assert.ThrowsAsync<LockTimeoutException>(() => two.LockApartAsync("sb-1", timeout: StoreCalls.Once));
        LockHolder holder = Assert.Single(failure.Holders);
        Assert.Equal(Environment.ProcessId, holder.ProcessId);
        Assert.True(holder.IsExclusive);
        Assert.Contains("SafeStore.Tests", holder.Command, StringComparison.Ordinal);
        Assert.Contains(holder.Command, failure.Message, StringComparison.Ordinal);
        Assert.Equal(_test.PathOf(StoreRoot.Run, "sb-1/lock"), failure.Path);
    }

    [Fact]
    public async Task A_wait_for_another_process_ends_with_its_time_or_its_token()
    {
        await using StateStore one = await OpenAsync();
        await using StateStore two = await _test.OpenAsync();
        SandboxLock held = await one.LockApartAsync("sb-1");
        Task<SandboxLock> late = two.LockApartAsync("sb-1", timeout: TimeSpan.FromSeconds(5));
        await AdvanceUntilAsync(late);
        await Assert.ThrowsAsync<LockTimeoutException>(() => late);

        using var cancellation = new CancellationTokenSource();
        Task<SandboxLock> cancelled = two.LockApartAsync("sb-1", timeout: Timeout.InfiniteTimeSpan, cancellation: cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);

        Task<SandboxLock> patient = two.LockApartAsync("sb-1", timeout: Timeout.InfiniteTimeSpan);
        Assert.False(patient.IsCompleted);
        await held.DisposeAsync();
        await AdvanceUntilAsync(patient);
        await (await patient).DisposeAsync();
    }

    [Fact]
    public async Task A_flow_that_takes_a_lock_twice_fails_at_once_and_siblings_do_not()
    {
        await using StateStore store = await OpenAsync();
        await store.CreateAsync("sb-2");
        await using (SandboxLock held = await store.LockAsync("sb-1"))
        {
            await Assert.ThrowsAsync<LockAlreadyHeldException>(async () => await store.LockAsync("sb-1"));
            await Assert.ThrowsAsync<LockAlreadyHeldException>(async () => await store.LockAsync("sb-1", LockMode.Shared));
            await Assert.ThrowsAsync<LockAlreadyHeldException>(async () => await store.SnapshotAsync("sb-1"));
            await Assert.ThrowsAsync<LockAlreadyHeldException>(
                async () => await store.LockManyAsync([SandboxTarget.Existing("sb-2"), SandboxTarget.Existing("sb-1")]));
            await using SandboxLock other = await store.LockAsync("sb-2", timeout: StoreCalls.Once);
        }

        SandboxLock first = await store.LockApartAsync("sb-1");
        Task<SandboxLock> second = store.LockApartAsync("sb-1");
        await first.DisposeAsync();
        await (await second).DisposeAsync();
        await using SandboxLock again = await store.LockAsync("sb-1", timeout: StoreCalls.Once);
    }

    [Fact]
    public async Task A_sandbox_that_was_removed_and_made_anew_is_noticed_by_a_waiter_and_by_a_kept_handle()
    {
        await using StateStore one = await OpenAsync();
        await using StateStore two = await _test.OpenAsync();
        await (await two.LockApartAsync("sb-1")).DisposeAsync(); // two keeps the lock file open
        SandboxLock held = await one.LockApartAsync("sb-1");
        Task<SandboxLock> waiter = two.LockApartAsync("sb-1", timeout: Timeout.InfiniteTimeSpan);
        await held.Change().RemoveSandbox().CommitAsync();
        Lsn anew = await held.Change().PutText(StoreRoot.Run, null, "new", "1").CommitAsync();
        Assert.False(waiter.IsCompleted);
        await held.DisposeAsync();
        await AdvanceUntilAsync(waiter);
        SandboxLock waited = await waiter;
        Assert.Equal(anew, waited.Version);
        await Assert.ThrowsAsync<LockTimeoutException>(() => one.LockApartAsync("sb-1", timeout: StoreCalls.Once));
        await waited.Change().RemoveSandbox().CommitAsync();
        await waited.DisposeAsync();
        await Assert.ThrowsAsync<NotFoundException>(() => one.LockApartAsync("sb-1", timeout: StoreCalls.Once));
    }

    [Fact]
    public async Task Locks_of_several_sandboxes_in_opposite_orders_do_not_wait_in_a_circle()
    {
        await using StateStore one = await OpenAsync();
        await one.CreateAsync("sb-2");
        await using StateStore two = await _test.OpenAsync();
        for (int i = 0; i < 20; i++)
        {
            Task first = BothAsync(one, "sb-1", "sb-2");
            Task second = BothAsync(two, "sb-2", "sb-1");
            await AdvanceUntilAsync(Task.WhenAll(first, second));
            await first;
            await second;
        }

        await Assert.ThrowsAsync<NotFoundException>(() => BothAsync(one, "sb-1", "sb-3"));
        await (await two.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();

        static async Task BothAsync(StateStore store, string a, string b)
        {
            await using SandboxLocks locks =
                await store.LockManyAsync([SandboxTarget.Existing(a), SandboxTarget.Existing(b)], timeout: Timeout.InfiniteTimeSpan);
            await Task.Yield();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(31)]
    public async Task A_lock_file_that_was_cut_off_does_no_harm(int length)
    {
        await using StateStore store = await OpenAsync();
        Lsn version = await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        using (FileStream file = File.Open(_test.PathOf(StoreRoot.Run, "sb-1/lock"), FileMode.Open))
        {
            file.SetLength(length);
        }

        await using (SandboxLock held = await store.LockAsync("sb-1", LockMode.Shared))
        {
            Assert.True(held.Version >= version);
        }

        await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "a", "2"));
        Assert.Equal("2", store.ReadText("sb-1", StoreRoot.Run, null, "a"));
    }

    [Fact]
    public async Task A_store_that_is_closed_releases_its_locks_and_finishes_its_commits()
    {
        StateStore one = await OpenAsync();
        await using StateStore two = await _test.OpenAsync();
        SandboxLock held = await one.LockApartAsync("sb-1");
        Task<Lsn> commit = held.Change().PutText(StoreRoot.Run, null, "a", "1").CommitAsync().AsTask();
        await one.DisposeAsync();
        await commit;
        await one.DisposeAsync();
        await held.DisposeAsync();
        await using SandboxLock next = await two.LockAsync("sb-1", timeout: StoreCalls.Once);
        Assert.Equal("1", two.ReadText("sb-1", StoreRoot.Run, null, "a"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await one.LockAsync("sb-1"));
        Assert.Throws<ObjectDisposedException>(() => one.ReadText("sb-1", StoreRoot.Run, null, "a"));
    }

    [Fact]
    public async Task A_child_process_does_not_inherit_the_lock()
    {
        await using StateStore one = await OpenAsync();
        await using StateStore two = await _test.OpenAsync();
        SandboxLock held = await one.LockApartAsync("sb-1");
        using Process child = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true })!;
        try
        {
            await held.DisposeAsync();
            await one.DisposeAsync();
            await (await two.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();
        }
        finally
        {
            child.StandardInput.Close();
            await child.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Any_program_with_flock_interlocks()
    {
        await using StateStore store = await OpenAsync();
        string path = _test.PathOf(StoreRoot.Run, "sb-1/lock");
        await using (SandboxLock held = await store.LockApartAsync("sb-1"))
        {
            Assert.Equal(1, await RunAsync("flock", "-n", path, "true"));
        }

        Assert.Equal(0, await RunAsync("flock", "-n", path, "true"));
        using Process holder =
            Process.Start(
            new ProcessStartInfo(
            "flock", [path, "sh", "-c", "echo held; cat"])
            { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
        LockTimeoutException failure =
            await Assert.ThrowsAsync<LockTimeoutException>(() => store.LockApartAsync("sb-1", timeout: StoreCalls.Once));
        Assert.NotEmpty(failure.Holders);
        holder.StandardInput.Close();
        await holder.WaitForExitAsync();
        await (await store.LockApartAsync("sb-1", timeout: StoreCalls.Once)).DisposeAsync();
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private async Task<StateStore> OpenAsync()
    {
        StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1");
        return store;
    }

    /// <summary>Lets time pass until a wait has ended, however long the pauses between its tries are.</summary>
    private async Task AdvanceUntilAsync(Task wait)
    {
        while (!wait.IsCompleted)
        {
            _test.Clock.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }
    }
}
