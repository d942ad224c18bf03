using System.Collections.Immutable;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Testing.Stores;

/// <summary>A machine to torture a store on.</summary>
/// <param name="Profile">What the config root's filesystem loses.</param>
/// <param name="Run">What the run root's loses, if it lies on another.</param>
/// <param name="NestedEvery">
/// Of how many states one is crashed again while it recovers: fewer where a state takes longer, or a recovery has more calls, so that no
/// machine takes most of the time.
/// </param>
internal sealed record TortureMachine(PersistenceProfile Profile, PersistenceProfile? Run, int NestedEvery = 32)
{
    public override string ToString() => Run is null ? Profile.Name : $"{Profile.Name}, run root on {Run.Name}";
}

/// <summary>Random transactions on random machines, each crashed everywhere. A round follows from its seed.</summary>
internal static class StoreTorture
{
    private const int Steps = 12;

    /// <summary>Two sealed segments make a checkpoint due, and one of them stays; otherwise each one does, and none stays.</summary>
    private static readonly StoreOptions s_longLog =
        new() { SegmentBytes = 16 * 1024, LogBytesMax = 32 * 1024, CheckpointInterval = Timeout.InfiniteTimeSpan };

    public static ImmutableArray<TortureMachine> Machines { get; } =
    [
        new(PersistenceProfile.Strict, null),
        new(PersistenceProfile.Ext4Ordered, null),
        new(PersistenceProfile.Ext4NoAuto, null),
        new(PersistenceProfile.Xfs, null),
        new(PersistenceProfile.Btrfs, null),
        new(PersistenceProfile.Tmpfs, null),
        new(PersistenceProfile.Strict, PersistenceProfile.Strict, NestedEvery: 64),
        new(PersistenceProfile.Strict, PersistenceProfile.Tmpfs, NestedEvery: 64),
        new(PersistenceProfile.Ext4Ordered, PersistenceProfile.Tmpfs),
        new(PersistenceProfile.Strict with { Name = "strict, synced as a whole", CanSyncAll = true }, null, NestedEvery: 64),
    ];

    public static ValueTask<CrashReport> RunAsync(TortureMachine machine, ulong seed, int workers, CancellationToken cancellation)
    {
        SimulatedMount? mount = machine.Run is null ? null : new SimulatedMount("/run", machine.Run);
        StoreWorkload workload = StoreWorkload.On(machine.Profile, mount, seed % 2 == 0 ? s_longLog : null);
        var explorer = new CrashExplorer(new CrashExplorerOptions
        {
            Seed = seed,
            Profiles = [machine.Profile],
            Machine = new SimulatedMachineOptions { Seed = seed, StagesFirst = seed % 3 == 0, Mounts = mount is null ? [] : [mount] },
            Workers = workers,
            Depth = 3,
            NestedEvery = machine.NestedEvery,
        });
        return explorer.ExploreStepsAsync<StoreStep>(
            new StoreScripts(seed).Next(Steps), workload.PerformAsync, workload.CheckAsync, cancellation);
    }
}
