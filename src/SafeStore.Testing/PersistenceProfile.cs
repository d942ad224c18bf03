using System.Collections.Generic;

namespace SafeStore.Testing;

/// <summary>
/// What a filesystem may lose and keep when the power goes. The rules are those of published studies (ALICE, OSDI'14; "Can applications
/// recover from fsync failures?", ATC'20) and of measurements on loop images; the built-in profiles say which rule holds where.
/// </summary>
/// <remarks>
/// In all profiles: what was synced is there; a sync of a file says nothing of other files; of each block of unsynced data any version
/// since the last sync may be found, each for itself; nothing is ever found that was not written, but garbage where
/// <see cref="HasGarbage"/> says so.
/// </remarks>
public sealed record PersistenceProfile
{
    /// <summary>
    /// The gate: unsynced names persist in any subset and order, sizes without their data, blocks torn at 512 bytes, garbage in blocks that
    /// were never written out; a sync of a file says nothing of its name. A rename keeps the file: its old name may stay beside the new
    /// one, but it is never without both.
    /// </summary>
    public static PersistenceProfile Strict { get; } = new() { Name = "strict", HasGarbage = true };

    /// <summary>
    /// ext4 as it is mounted by default (data=ordered, auto_da_alloc): names in order, a rename over a file writes the new file's data
    /// first; can be synced as a whole.
    /// </summary>
    public static PersistenceProfile Ext4Ordered { get; } = new()
    {
        Name = "ext4-ordered",
        AreNamesOrdered = true,
        DoesSyncCommitNames = true,
        DoesReplacingWriteData = true,
        IsDataBeforeSize = true,
        CanSyncAll = true,
    };

    /// <summary>
    /// ext4 mounted with noauto_da_alloc: as <see cref="Ext4Ordered"/>, but a rename may persist before the data, which gives an empty
    /// file.
    /// </summary>
    public static PersistenceProfile Ext4NoAuto { get; } = Ext4Ordered with { Name = "ext4-noauto", DoesReplacingWriteData = false };

    /// <summary>XFS: names in order, a rename may persist before the data.</summary>
    public static PersistenceProfile Xfs { get; } = Ext4NoAuto with { Name = "xfs", CanSyncAll = false };

    /// <summary>
    /// btrfs: names in the order of its transactions; a sync of a file brings that file and its name forward, and nothing else. What a sync
    /// of a directory has made durable may be wrong in one name, which is lost, or back again after it was removed, as was seen on Linux
    /// 6.18; only a sync of the whole filesystem is sure.
    /// </summary>
    public static PersistenceProfile Btrfs { get; } = Ext4NoAuto with
    {
        Name = "btrfs",
        DoesSyncCommitNames = false,
        DoesFileSyncPersistName = true,
        IsDirectorySyncReliable = false,
        CanSyncAll = false,
        CopiesOnWrite = true,
    };

    /// <summary>tmpfs: empty after a power loss.</summary>
    public static PersistenceProfile Tmpfs { get; } = new() { Name = "tmpfs", IsVolatile = true };

    /// <summary>
    /// Worse than any filesystem that is in use: as <see cref="Strict"/>, and a rename may lose the file (three steps, as ALICE has it).
    /// For information.
    /// </summary>
    public static PersistenceProfile Hostile { get; } = Strict with { Name = "hostile", IsRenameAtomic = false };

    /// <summary>All built-in profiles that promise enough for a correct program; <see cref="Hostile"/> is not among them.</summary>
    public static IReadOnlyList<PersistenceProfile> Gates { get; } = [Strict, Ext4Ordered, Ext4NoAuto, Xfs, Btrfs, Tmpfs];

    /// <summary>Its name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Whether a power loss empties it.</summary>
    public bool IsVolatile { get; init; }

    /// <summary>What <see cref="SafeStore.FileSystem.FileSystemTraits.IsJournaled"/> tells of it. The default is true.</summary>
    public bool IsJournaled { get; init; } = true;

    /// <summary>What <see cref="SafeStore.FileSystem.FileSystemTraits.CopiesOnWrite"/> tells of it.</summary>
    public bool CopiesOnWrite { get; init; }

    /// <summary>Whether files have attributes of users. The default is true.</summary>
    public bool HasUserAttributes { get; init; } = true;

    /// <summary>
    /// Whether changes of names persist in the order in which they were made, so that a power loss leaves a prefix of them.
    /// </summary>
    public bool AreNamesOrdered { get; init; }

    /// <summary>
    /// Whether a rename or exchange takes effect as a whole: the target's name is the old or the new file, and the source is not gone
    /// without it.
    /// </summary>
    public bool IsRenameAtomic { get; init; } = true;

    /// <summary>Whether a sync of a file or directory with unsynced metadata commits all earlier changes of names.</summary>
    public bool DoesSyncCommitNames { get; init; }

    /// <summary>Whether a sync of a file makes its name durable too.</summary>
    public bool DoesFileSyncPersistName { get; init; }

    /// <summary>
    /// Whether all names that a sync of a directory has made durable are there after a power loss. Otherwise one of them, of the whole
    /// filesystem, may be as it was before, until <see cref="SafeStore.FileSystem.IDurableFileSystem.SyncAll"/> or
    /// <see cref="SimulatedMachine.Sync"/>.
    /// </summary>
    public bool IsDirectorySyncReliable { get; init; } = true;

    /// <summary>Whether a rename over an existing file persists only with the data that the new file had then.</summary>
    public bool DoesReplacingWriteData { get; init; }

    /// <summary>Whether a file's size never persists before the data that it covers.</summary>
    public bool IsDataBeforeSize { get; init; }

    /// <summary>Whether blocks that a size covers and that were never written out may hold garbage instead of zeros.</summary>
    public bool HasGarbage { get; init; }

    /// <summary>
    /// Whether <see cref="SafeStore.FileSystem.IDurableFileSystem.SyncAll"/> makes the whole filesystem durable; otherwise it is not done.
    /// </summary>
    public bool CanSyncAll { get; init; }

    /// <summary>
    /// The size in bytes of what the device writes at once; larger writes may be torn between such sectors. The default is 512.
    /// </summary>
    public int SectorBytes { get; init; } = 512;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
