using System.Linq;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

/// <summary>A program's own workload, with the options that it has by default: segments of 4 MiB, checkpoints by the clock.</summary>
public sealed class DefaultOptionsCrashTests
{
    [Fact]
    public async Task A_workload_of_a_sandbox_store_with_default_options_is_explored_to_its_end()
    {
        CrashReport report = await new CrashExplorer(new CrashExplorerOptions { Depth = 1, ExhaustiveMax = 8, Samples = 1 }).ExploreAsync(
            static async run =>
            {
                await using SandboxStore store = await OpenAsync(run.Process);
                await store.CreateAsync(new NewSandbox("sb-1") { State = new State { Lifecycle = Lifecycle.Ready } });
                run.Acknowledge("ready");
                await using ModelLock held = await store.LockAsync("sb-1");
                await held.Change().Transition(Lifecycle.Ready, Lifecycle.Running).CommitAsync();
                run.Acknowledge("running");
            },
            static async state =>
            {
                SandboxStore store = await OpenAsync(state.Process);
                string? value = store.Store.ListSandboxes().Count == 0 ? null
                    : store.Kata().Fetch<State>("sb-1", SandboxResource.State)?.Text;
                string?[] allowed = [null, "ready", "running"];
                Assert.Contains(value, allowed.Skip(state.Acknowledged.Count));
            },
            TestContext.Current.CancellationToken);

        report.ThrowIfViolated();
        Assert.True(report.PowerLossStates > report.Cuts);
    }

    private static ValueTask<SandboxStore> OpenAsync(SimulatedProcess process) => SandboxStore.OpenAsync(
        StoreLayout.At("/store"),
        new SandboxStoreOptions { Store = new StoreOptions { FileSystem = process.FileSystem, TimeProvider = process.Clock } });
}
