using System.Threading;
using System.Threading.Tasks;
using SafeStore.Testing;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>Sandbox stores on simulated machines.</summary>
internal static class SimulatedSandboxes
{
    public static StoreLayout Layout { get; } = StoreLayout.Kata("/");

    public static StoreOptions Options { get; } = new() { SegmentBytes = 64 * 1024, CheckpointInterval = Timeout.InfiniteTimeSpan };

    public static ValueTask<SandboxStore> OpenAsync(SimulatedProcess process, UndoHandlers? undo = null) => SandboxStore.OpenAsync(
        Layout,
        new SandboxStoreOptions
        {
            Store = Options with { FileSystem = process.FileSystem, TimeProvider = process.Clock },
            Undo = undo
        ?? UndoHandlers.None
        });
}
