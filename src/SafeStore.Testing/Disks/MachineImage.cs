using System;
using System.Collections.Immutable;
using System.Linq;

namespace SafeStore.Testing.Disks;

/// <summary>A machine's disks, what is mounted where, and its time.</summary>
/// <param name="Disks">The disks.</param>
/// <param name="Mounts">What is mounted beside the root filesystem, in order; null after a start: what the options say.</param>
/// <param name="Now">The time.</param>
internal sealed record MachineImage(ImmutableArray<Disk> Disks, ImmutableArray<Mount>? Mounts, DateTimeOffset Now)
{
    /// <summary>One that another machine may change.</summary>
    public MachineImage Copy() => this with { Disks = [.. Disks.Select(static disk => disk.Clone())] };

    public MountTable Mount(SimulatedMachineOptions options) =>
        Mounts is { } mounts ? MountTable.Of(Disks, mounts) : MountTable.Of(options, Disks);
}
