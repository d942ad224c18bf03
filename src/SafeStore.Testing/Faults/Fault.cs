using System;
using SafeStore.FileSystem;

namespace SafeStore.Testing;

/// <summary>What goes wrong with a call.</summary>
public abstract record SimulatedFault
{
    private protected SimulatedFault()
    {
    }
}

/// <summary>
/// The call fails and does nothing. A sync of a file that fails so has lost the data that it was to write, as on Linux: see
/// <see cref="SyncLosesData"/>. After a failed sync of a directory its changes are still to be written: filesystems that cannot write their
/// journal stop, they do not forget names.
/// </summary>
/// <param name="Errno">The error.</param>
public sealed record CallFails(Errno Errno) : SimulatedFault;

/// <summary>The call does what it should and reports an error nevertheless, as a rename over a network may.</summary>
/// <param name="Errno">The error.</param>
public sealed record CallDoneButFails(Errno Errno) : SimulatedFault;

/// <summary>A read or write transfers only so many bytes. Other calls are not affected.</summary>
/// <param name="Bytes">How many, at most.</param>
public sealed record ShortTransfer(int Bytes) : SimulatedFault;

/// <summary>A sync fails, and what it was to write is lost although nothing will say so again.</summary>
/// <param name="Errno">The error.</param>
/// <param name="Afterwards">What programs see then.</param>
public sealed record SyncLosesData(Errno Errno, LostSync Afterwards) : SimulatedFault;

/// <summary>A single bit of what a read or write transfers is turned over, silently.</summary>
/// <param name="Bit">Which, counted from the first byte's lowest; taken modulo the bits there are.</param>
public sealed record BitFlipped(long Bit) : SimulatedFault;

/// <summary>The process is killed instead of, or after, the call.</summary>
/// <param name="Afterwards">Whether the call has its effect.</param>
public sealed record ProcessKilled(bool Afterwards = false) : SimulatedFault;

/// <summary>The power goes instead of, or after, the call.</summary>
/// <param name="Seed">Decides what of the unsynced changes is left.</param>
/// <param name="Afterwards">Whether the call has its effect.</param>
public sealed record PowerLost(ulong Seed, bool Afterwards = false) : SimulatedFault;

/// <summary>The call takes this long, in virtual time.</summary>
/// <param name="Duration">How long.</param>
public sealed record SlowCall(TimeSpan Duration) : SimulatedFault;

/// <summary>From this call on, the filesystem that it works on is read-only.</summary>
public sealed record BecomesReadOnly : SimulatedFault;

/// <summary>
/// What programs see after a sync has failed ("Can applications recover from fsync failures?", ATC'20). What was written of the data before
/// the failure is unknown: a power loss may leave any of it, and no later sync writes it, unless it is written anew.
/// </summary>
public enum LostSync
{
    /// <summary>
    /// The new data, until the cache is dropped or the power goes; the next sync succeeds (ext4 in its default mode, XFS).
    /// </summary>
    KeepsCache,

    /// <summary>The old data, at once, and nothing else is durable (btrfs).</summary>
    RevertsCache,

    /// <summary>This sync succeeds, the next one of the same file reports the error (ext4 with data=journal).</summary>
    ReportsLater,
}
