using System.Threading;
using SafeStore.Testing;

namespace SafeStore.Cli.Tests;

/// <summary>How the tests open a store on a simulated machine.</summary>
internal static class SimulatedOptions
{
    /// <summary>Segments are small, and checkpoints come only when they are asked for.</summary>
    public static StoreOptions OptionsOf(SimulatedProcess process) => new()
    {
        FileSystem = process.FileSystem,
        TimeProvider = process.Clock,
        SegmentBytes = 16 * 1024,
        CheckpointInterval = Timeout.InfiniteTimeSpan,
    };
}
