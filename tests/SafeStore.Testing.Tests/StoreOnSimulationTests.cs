using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
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

    [Theory]
    [InlineData("/store/config")]
    [InlineData("/store/run")]
    public async Task A_root_to_which_all_users_may_write_is_refused_on_a_simulated_machine_too(string path)
    {
        var machine = new SimulatedMachine();
        SimulatedProcess first = machine.Start("first");
        await (await OpenAsync(first)).DisposeAsync();
        first.FileSystem.Files.File.SetUnixFileMode(path, (UnixFileMode)0x1FF);

        Assert.Equal(path, (await Assert.ThrowsAsync<StoreMetadataException>(async () =>
            await OpenAsync(machine.Start("second")))).Path);
    }

    [Theory]
    [InlineData("/store/config/.safestore/new")]
    [InlineData("/store/run")]
    public async Task A_directory_that_the_invariants_cannot_look_into_is_not_taken_for_an_empty_one(string path)
    {
        var invariants = new StoreInvariants(StoreLayout.At("/store"));
        var machine = new SimulatedMachine();
        await invariants.OpenAsync(machine.Start());
        machine.KillAll();
        int skipped = path == "/store/run" ? 1 : 0; // the store's own opening
        machine.Faults =
            new FaultPlan()
            .Add(new FaultRule
            {
                Operations = [Operation.OpenRoot],
                Path = path,
                Skip = skipped,
                Fault = new CallFails(Errno.InputOutput)
            });

        StorageException failure =
            await Assert.ThrowsAsync<StorageException>(
            async () => await invariants.RecoverAsync(new CrashState(machine, [], [], hasLostPower: false)));
        Assert.Equal(path, failure.Path);
    }

    /// <summary>A power loss has left a container both where it was staged and where it was published.</summary>
    [Fact]
    public async Task What_cannot_be_emptied_in_scratch_and_is_published_too_is_parked_until_it_can_be()
    {
        var container = new DocumentId("sb", "web", StoreRoot.Config, "config.json");
        var machine = new SimulatedMachine();
        StateStore store = await OpenAsync(machine.Start());
        await using (SandboxLock held = await store.LockNewAsync("sb", cancellationToken: TestContext.Current.CancellationToken))
        {
            _ = await held.Change().PutJson(StoreRoot.Config, null, "config.json", "1"u8)
                .CommitAsync(TestContext.Current.CancellationToken);
            bool isStaged = false;
            machine.BeforeChange = (call, _) =>
            {
                if (call.Operation == Operation.SyncData && !isStaged)
                {
                    isStaged = true;
                    machine.Sync();
                }
            };
            _ = await held.Change().CreateContainer("web").PutJson(StoreRoot.Config, "web", "config.json", "2"u8)
                .CommitAsync(TestContext.Current.CancellationToken);
        }

        machine.BeforeChange = null;
        SimulatedFileSystem other = machine.Start("other program").FileSystem;
        Assert.Equal(Errno.None, other.OpenRoot("/store/config/sb", out DirectoryHandle? sandbox));
        Assert.Equal(Errno.None, other.SyncDirectory(sandbox!));
        machine.LosePower(keepsUnsynced: false);

        machine.Faults = new FaultPlan().Add(new FaultRule
        {
            Times = int.MaxValue,
            Operations = [Operation.Unlink],
            Path = "*/scratch/*",
            Fault = new CallFails(Errno.NotPermitted)
        });
        store = await OpenAsync(machine.Start());
        StorageException failure = await Assert.ThrowsAsync<StorageException>(
            async () => await store.LockAsync("sb", cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(Errno.Busy, failure.Errno);
        Assert.Contains("in the scratch directory too", failure.InnerException!.Message);
        machine.KillAll();
        machine.Faults = new FaultPlan();

        await using StateStore next = await OpenAsync(machine.Start());
        Assert.Equal("2"u8, next.ReadJson(container)!);
        await (await next.LockAsync("sb", cancellationToken: TestContext.Current.CancellationToken)).DisposeAsync();
    }

    private static ValueTask<StateStore> OpenAsync(SimulatedProcess process) => StateStore.OpenAsync(
        StoreLayout.At("/store"),
        new StoreOptions
        {
            FileSystem = process.FileSystem,
            TimeProvider = process.Clock,
            SegmentBytes = 16384,
            CheckpointInterval = Timeout.InfiniteTimeSpan
        });
}
