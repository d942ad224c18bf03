using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Testing.Tests;

public sealed class StoreOnSimulationTests
{
    [Fact]
    public async Task A_store_lives_on_a_simulated_machine_through_a_power_loss()
    {
        var machine = new SimulatedMachine(new SimulatedMachineOptions { KeepsTrace = true });
        StateStore store = await OpenAsync(machine.Start("first"));
        SandboxLock held = await store.LockNewAsync("sb", cancellationToken: TestContext.Current.CancellationToken);
        SandboxChange change = held.Change();
        change.PutJson(StoreRoot.Config, null, "config.json", Encoding.UTF8.GetBytes("{\"a\":1}"));
        change.PutJson(StoreRoot.Run, null, "state.json", Encoding.UTF8.GetBytes("{\"s\":1}"));
        await change.CommitAsync(TestContext.Current.CancellationToken);

        machine.LosePower(keepsUnsynced: false);

        await Assert.ThrowsAsync<SimulatedCrashException>(async () => await store.DisposeAsync());
        await using StateStore again = await OpenAsync(machine.Start("second"));
        Assert.Equal("{\"a\":1}"u8, again.ReadJson(new DocumentId("sb", null, StoreRoot.Config, "config.json"))!);
    }

    private static ValueTask<StateStore> OpenAsync(SimulatedProcess process) => StateStore.OpenAsync(
        StoreLayout.At("/store"),
        new StoreOptions { FileSystem = process.FileSystem, TimeProvider = process.Clock, SegmentBytes = 16384, CheckpointInterval = Timeout.InfiniteTimeSpan });
}
