using System.Collections.Generic;

namespace SafeStore.Testing;

/// <summary>A simulated machine's hardware, so to speak.</summary>
public sealed record SimulatedMachineOptions
{
    /// <summary>What everything random follows from. The default is 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>What the root filesystem loses in a power loss. The default is <see cref="PersistenceProfile.Strict"/>.</summary>
    public PersistenceProfile Profile { get; init; } = PersistenceProfile.Strict;

    /// <summary>Further filesystems, each at a directory of the ones before it.</summary>
    public IReadOnlyList<SimulatedMount> Mounts { get; init; } = [];

    /// <summary>The space of the root filesystem in bytes; files take blocks of 4 KiB. The default is unlimited.</summary>
    public long BytesMax { get; init; } = long.MaxValue;

    /// <summary>How many files and directories the root filesystem may have. The default is unlimited.</summary>
    public long InodesMax { get; init; } = long.MaxValue;

    /// <summary>How many handles a process may have open. The default is 1024.</summary>
    public int HandlesMax { get; init; } = 1024;

    /// <summary>
    /// Whether a store on this machine stages a transaction before it writes its record
    /// (<see cref="SafeStore.FileSystem.IDurableFileSystem.StagesFirst"/>); on a real disk one thread does the one while another does the
    /// other. The default is no: it stages between the record's write and its sync.
    /// </summary>
    public bool StagesFirst { get; init; }

    /// <summary>
    /// Whether <see cref="SafeStore.FileSystem.IDurableFileSystem.SyncDirectory"/> makes a commit of the whole filesystem first, as
    /// <see cref="SafeStore.FileSystem.PosixFileSystem"/> does on btrfs, where a sync of a directory is not reliable
    /// (<see cref="PersistenceProfile.IsDirectorySyncReliable"/>). The default is yes. No: it is fsync(2) alone, as a program calls it that
    /// does not know better; so is <see cref="SafeStore.FileSystem.IDurableFileSystem.SyncFile"/> of a directory in either case.
    /// </summary>
    public bool DirectorySyncsCommit { get; init; } = true;

    /// <summary>Whether the calls are kept in <see cref="SimulatedMachine.Trace"/>. The default is no.</summary>
    public bool KeepsTrace { get; init; }
}

/// <summary>A filesystem at a directory.</summary>
/// <param name="Path">The directory's absolute path; it is made if it does not exist.</param>
/// <param name="Profile">What it loses in a power loss.</param>
public sealed record SimulatedMount(string Path, PersistenceProfile Profile)
{
    /// <summary>Its space in bytes. The default is unlimited.</summary>
    public long BytesMax { get; init; } = long.MaxValue;

    /// <summary>How many files and directories it may have. The default is unlimited.</summary>
    public long InodesMax { get; init; } = long.MaxValue;
}
