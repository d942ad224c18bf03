using System;
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

/// <summary>How much is done in a round.</summary>
/// <param name="Steps">How many transactions and other steps there are.</param>
/// <param name="Rarity">By what the states that are crashed again while they recover are fewer.</param>
internal sealed record TortureRound(int Steps, int Rarity)
{
    /// <summary>Seconds on each machine.</summary>
    public static TortureRound Brief { get; } = new(4, 16);

    /// <summary>Minutes on each machine.</summary>
    public static TortureRound Thorough { get; } = new(12, 1);
}

/// <summary>Random transactions on random machines, each crashed everywhere. A round follows from its seed.</summary>
internal static class StoreTorture
{
    /// <summary>Two sealed segments make a checkpoint due, and one of them stays; otherwise each one does, and none stays.</summary>
    private static readonly StoreOptions s_longLog =
        new() { SegmentBytes = 16 * 1024, LogBytesMax = 32 * 1024, CheckpointInterval = Timeout.InfiniteTimeSpan };

    public static ImmutableArray<TortureMachine> Machines { get; } =
    [
        new(PersistenceProfile.Strict, null, NestedEvery: 48),
        new(PersistenceProfile.Ext4Ordered, null, NestedEvery: 48),
        new(PersistenceProfile.Ext4NoAuto, null, NestedEvery: 48),
        new(PersistenceProfile.Xfs, null, NestedEvery: 48),
        new(PersistenceProfile.Btrfs, null),
        new(PersistenceProfile.Tmpfs, null),
        new(PersistenceProfile.Strict, PersistenceProfile.Strict, NestedEvery: 160),
        new(PersistenceProfile.Strict, PersistenceProfile.Tmpfs, NestedEvery: 128),
        new(PersistenceProfile.Ext4Ordered, PersistenceProfile.Tmpfs),
        new(PersistenceProfile.Strict with { Name = "strict, synced as a whole", CanSyncAll = true }, null, NestedEvery: 192),
    ];

    public static ValueTask<CrashReport> RunAsync(
        TortureMachine machine, TortureRound round, ulong seed, int workers, IProgress<long>? progress, CancellationToken cancellation)
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
            NestedEvery = machine.NestedEvery * round.Rarity,
            Progress = progress,
        });
        return explorer.ExploreStepsAsync<StoreStep>(
            new StoreScripts(seed).Next(round.Steps), workload.PerformAsync, workload.CheckAsync, cancellation);
    }
}
