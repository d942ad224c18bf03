using System;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 22 and 39: waiting for a lock comes to an end.</summary>
public sealed class StarvationFaultTests : IDisposable
{
    /// <summary>A writer that is fairly treated is in after the first.</summary>
    private const int Turns = 200;

    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_writer_that_waits_gets_its_lock_although_readers_of_other_processes_take_turns_that_overlap(int readers)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        var children = new ChildProcess[readers];
        for (int i = 0; i < readers; i++)
        {
            children[i] = _scene.Open(layout);
        }

        _ = children[0].Expect("lock sb-1 shared");
        Task<SandboxLock> writer = store.LockAsync(Workloads.One).AsTask();
        int refused = -1;
        for (int turn = 1; turn <= Turns && refused < 0 && !writer.IsCompleted; turn++)
        {
            refused = children[turn % readers].Ask("lock sb-1 shared at-once").StartsWith("ok", StringComparison.Ordinal) ? -1 : turn;
            _ = children[(turn - 1) % readers].Expect("unlock"); // the next one holds it, or was refused since a writer waits
        }

        Assert.True(refused > 0 || writer.IsCompleted, $"The writer still waits after {Turns} turns.");
        await using SandboxLock held = await writer;
        _ = await held.Change().PutJson(StoreRoot.Config, null, "config.json", Workloads.Json("written")).CommitAsync();
    }

    [Fact]
    public async Task A_writer_that_waits_gets_its_lock_although_readers_of_its_own_process_take_turns_with_another_one_s()
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore writing = await Sample.OpenAsync(layout);
        await using StateStore reading = await Sample.OpenAsync(layout);
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("lock sb-1 shared");
        Task<SandboxLock> writer = writing.LockAsync(Workloads.One).AsTask();
        bool isRefused = false;
        for (int turn = 0; turn < Turns && !isRefused && !writer.IsCompleted; turn++)
        {
            SandboxLock? own = await TryShareAsync(reading);
            _ = child.Expect("unlock");
            isRefused = own is null || !child.Ask("lock sb-1 shared at-once").StartsWith("ok", StringComparison.Ordinal);
            if (own is not null)
            {
                await own.DisposeAsync();
            }
        }

        Assert.True(isRefused || writer.IsCompleted, $"The writer still waits after {Turns} turns.");
        await (await writer).DisposeAsync();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Callers_that_block_every_thread_of_the_pool_are_told_of_their_time_out(int callers)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess holder = ChildProcess.Open(layout);
        _ = holder.Expect("lock sb-1 exclusive");
        using var child = new ChildProcess(layout, "env", "DOTNET_PROCESSOR_COUNT=2");
        _ = child.Expect("limit-threads 2");
        _ = child.Expect("open");
        child.Send(FormattableString.Invariant($"block-pool sb-1 {callers} 300"));
        string answer = child.ReadLine()!;
        answer = answer.StartsWith("ok", StringComparison.Ordinal) ? child.ReadLine()! : answer;
        Assert.Equal(FormattableString.Invariant($"all {callers}"), answer);
    }

    [Fact]
    public async Task Callers_that_block_every_thread_of_the_pool_get_a_lock_that_becomes_free()
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess holder = ChildProcess.Open(layout);
        _ = holder.Expect("lock sb-1 exclusive");
        using var child = new ChildProcess(layout, "env", "DOTNET_PROCESSOR_COUNT=2");
        _ = child.Expect("limit-threads 2");
        _ = child.Expect("open");
        _ = child.Expect("block-pool-in-turn sb-1 4");
        _ = holder.Expect("unlock");
        Assert.Equal("all 4", child.ReadLine());
    }

    private static async Task<SandboxLock?> TryShareAsync(StateStore store)
    {
        try
        {
            return await store.LockAsync(Workloads.One, LockMode.Shared, TimeSpan.Zero);
        }
        catch (LockTimeoutException)
        {
            return null;
        }
    }
}
