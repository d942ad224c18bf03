using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>What processes meet at: locks, which belong to handles and end with them and with their process, and shared words.</summary>
public sealed partial class SimulatedFileSystem
{
    /// <inheritdoc/>
    public Errno TryLock(Handle handle, LockRange range, LockMode mode)
    {
        ISimulatedHandle opened = Of(handle);
        string detail = mode == LockMode.Exclusive ? "exclusive" : "shared";
        using Turn turn = Begin(Operation.TryLock, opened.Path, range.IsWhole ? detail : $"{detail} {range}", opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (mode is not (LockMode.Shared or LockMode.Exclusive))
        {
            return turn.End(Errno.Invalid);
        }

        return turn.End(range.IsWhole ? LockWhole(opened, mode) : LockByte(opened, range.Offset, mode));
    }

    /// <inheritdoc/>
    public Errno TestLock(Handle handle, LockRange range, LockMode mode)
    {
        ISimulatedHandle opened = Of(handle);
        using Turn turn = Begin(Operation.TryLock, opened.Path, $"test {range}", opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        bool isAsked = !range.IsWhole && mode is (LockMode.Shared or LockMode.Exclusive);
        return turn.End(!isAsked ? Errno.Invalid : IsByteHeld(opened, range.Offset, mode) ? Errno.WouldBlock : Errno.None);
    }

    /// <inheritdoc/>
    public Errno Unlock(Handle handle, LockRange range)
    {
        ISimulatedHandle opened = Of(handle);
        using Turn turn = Begin(Operation.Unlock, opened.Path, range.IsWhole ? "" : $"{range}", opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (range.IsWhole)
        {
            opened.Locks.Whole = null;
        }
        else
        {
            _ = opened.Locks.Bytes.Remove(range.Offset);
        }

        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public IReadOnlyList<LockHolder> LockHolders(Handle handle)
    {
        ISimulatedHandle opened = Of(handle);
        var holders = new List<LockHolder>();
        lock (_machine.Gate)
        {
            foreach (ISimulatedHandle other in Opened(opened.Place))
            {
                if (other.Locks.Whole is { } mode)
                {
                    holders.Add(new LockHolder(other.Process.Id, other.Process.Name, mode == LockMode.Exclusive));
                }

                // Linux shows no process for locks of open file descriptions.
                holders.AddRange(other.Locks.Bytes.Values.Select(static held => new LockHolder(0, "", held == LockMode.Exclusive)));
            }
        }

        return holders;
    }

    /// <inheritdoc/>
    public Errno MapWords(FileHandle file, out SharedWords? words)
    {
        SimulatedFile opened = Of(file);
        words = null;
        using Turn turn = Begin(Operation.MapWords, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (StatusOf(opened.Place).Size < SimulatedWords.Bytes)
        {
            return turn.End(Errno.Invalid);
        }

        if (opened.Place.Inode is not FileInode inode)
        {
            return turn.End(Errno.NoDevice);
        }

        words = new SimulatedWords(inode, _machine, opened.Process);
        return turn.End(Errno.None, ref words);
    }

    private Errno LockWhole(ISimulatedHandle opened, LockMode mode)
    {
        // A change of mode gives up the old lock first (flock(2)); a refusal leaves nothing.
        opened.Locks.Whole = null;
        if (Opened(opened.Place).Any(other => Excludes(other.Locks.Whole, mode)))
        {
            return Errno.WouldBlock;
        }

        opened.Locks.Whole = mode;
        return Errno.None;
    }

    private Errno LockByte(ISimulatedHandle opened, long offset, LockMode mode)
    {
        if (mode == LockMode.Exclusive && opened is not SimulatedFile { CanWrite: true })
        {
            return Errno.BadHandle;
        }

        if (IsByteHeld(opened, offset, mode))
        {
            return Errno.WouldBlock;
        }

        opened.Locks.Bytes[offset] = mode;
        return Errno.None;
    }

    private bool IsByteHeld(ISimulatedHandle opened, long offset, LockMode mode) => Opened(opened.Place).Any(
        other => other != opened && other.Locks.Bytes.TryGetValue(offset, out LockMode held) && Excludes(held, mode));

    private static bool Excludes(LockMode? held, LockMode wanted) =>
        held == LockMode.Exclusive || (held is not null && wanted == LockMode.Exclusive);

    private IEnumerable<ISimulatedHandle> Opened(Place place) =>
        _machine.Processes.SelectMany(static process => process.Handles).Where(handle => handle.Place.IsSame(place));
}
