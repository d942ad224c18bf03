using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Microsoft.Extensions.Time.Testing;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 38: an open store that is not written to comes to rest with all of it checkpointed.</summary>
public sealed class IdleFaultTests : IDisposable
{
    /// <summary>Only a failure takes so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    private readonly Scene _scene = new();
    private readonly FakeTimeProvider _clock = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_store_that_is_open_and_idle_checkpoints_its_current_segment_once(int commits)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await OpenAsync(layout);
        for (int i = 0; i < commits; i++)
        {
            await Sample.PutAsync(store, Workloads.One, "value");
        }

        Assert.True(await CheckpointsAsync(store, above: 0), "It was never checkpointed.");
        long done = store.Statistics.Checkpoints;
        for (int i = 0; i < 20; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(5)); // nothing to do any more
            await Task.Yield();
        }

        Assert.Equal(done, store.Statistics.Checkpoints);
        await Sample.PutAsync(store, Workloads.One, "again");
        Assert.True(await CheckpointsAsync(store, above: done), "The second time it was not.");
    }

    [Fact]
    public async Task What_a_store_has_checkpointed_when_it_came_to_rest_needs_no_recovery()
    {
        StoreLayout layout = await _scene.SeedAsync();
        string copy = Path.Combine(_scene.Path, "copy");
        await using (StateStore store = await OpenAsync(layout))
        {
            await Sample.PutAsync(store, Workloads.One, "value");
            _ = await CheckpointsAsync(store, above: 0);
            Tool.Run("cp", "-a", Path.Combine(_scene.Path, "store"), copy); // what a kill would leave
        }

        StoreLayout killed = StoreLayout.At(copy);
        string document = Path.Combine(killed.Config, Workloads.One, "config.json");
        string before = Tool.TryRun("stat", "--format=%i", document).Output;
        await using StateStore next = await Sample.OpenAsync(killed);
        Assert.Equal(before, Tool.TryRun("stat", "--format=%i", document).Output); // not written anew
    }

    private ValueTask<StateStore> OpenAsync(StoreLayout layout) =>
        Sample.OpenAsync(layout, new StoreOptions { TimeProvider = _clock, SegmentBytes = 64 * 1024 });

    private async Task<bool> CheckpointsAsync(StateStore store, long above)
    {
        var watch = Stopwatch.StartNew();
        while (store.Statistics.Checkpoints <= above && watch.Elapsed < Patience)
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        return store.Statistics.Checkpoints > above;
    }
}
