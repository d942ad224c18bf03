using System;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Log;

/// <summary>
/// The two watermark files of a root, written in turn, so that a torn write leaves the other: the valid one with the higher sequence
/// counts. Both have a fixed size and are written in place, so that neither a checkpoint nor an opening needs space. Written under the
/// checkpoint lock or an exclusive open lock only.
/// </summary>
/// <remarks>
/// Invariant: the newer one is synced before the older one is overwritten. A write keeps it for the next write. What an opener reads may
/// stand in the cache only, above an older state on the disk: hence <see cref="Harden()"/>, and the same before a write above what another
/// process has written, which may have died before its sync.
/// </remarks>
internal sealed class Watermark(IDurableFileSystem fs, DirectoryHandle metadata)
{
    public const int FileBytes = 4 * RecordFormat.BlockBytes;

    /// <summary>The files, each at the place that its sequences have modulo 2.</summary>
    public static readonly string[] FileNames = ["watermark.0", "watermark.1"];

    private readonly NameSource _temps = new(fs);
    private long _synced; // the last sequence that this object has made durable

    /// <summary>The state, or null when neither file exists: the store, or this root, was never finished.</summary>
    /// <exception cref="LogCorruptException">There are files, and none is valid.</exception>
    public WatermarkState? Read() => Newest()?.State;

    /// <summary>Writes a new state; durable on return.</summary>
    /// <exception cref="StorageException">Nothing was written.</exception>
    /// <exception cref="SyncFailedException">What the files say may not be durable.</exception>
    public void Write(WatermarkState state)
    {
        Slot newest = Newest() ?? throw new LogCorruptException(PathOf(0), 0, state.Lsn, "the watermark's files are missing");
        Harden(newest);
        Overwrite(new Slot(newest.Sequence + 1, state));
    }

    /// <summary>
    /// Makes what is read durable: an opener finds what a dead process has written, perhaps in the cache only, and nothing may be built on
    /// it before.
    /// </summary>
    /// <exception cref="SyncFailedException">It may not be durable.</exception>
    public void Harden()
    {
        if (Newest() is { } newest)
        {
            Overwrite(newest);
        }
    }

    /// <summary>Writes a new state, as an opener does: files that are missing or were cut short are made anew. Durable on return.</summary>
    /// <param name="state">The new state.</param>
    /// <param name="permissions">Of a new file.</param>
    public void Restore(WatermarkState state, in FilePermissions permissions)
    {
        Slot? newest = Newest();
        if (newest is null)
        {
            Make(newest = new Slot(1, state), permissions);
        }

        Harden(newest);
        if (!IsWhole(newest))
        {
            Make(newest, permissions);
        }

        var next = new Slot(newest.Sequence + 1, state);
        if (IsWhole(next))
        {
            Overwrite(next);
        }
        else
        {
            Make(next, permissions);
        }
    }

    /// <summary>Whether a file has its room: what is written in place later must not need any.</summary>
    private bool IsWhole(Slot slot) =>
        fs.Stat(metadata, NameOf(slot.Sequence), out FileStatus status) == Errno.None && status.Size >= FileBytes;

    private void Harden(Slot newest)
    {
        if (newest.Sequence != _synced)
        {
            Overwrite(newest);
        }
    }

    private static string NameOf(long sequence) => FileNames[sequence % 2];

    private string PathOf(long sequence) => $"{metadata.Path}/{NameOf(sequence)}";

    private Slot? Newest()
    {
        Slot? newest = null;
        bool exists = false;
        for (int file = 0; file < 2; file++)
        {
            Errno errno = fs.OpenFile(metadata, NameOf(file), FileUse.Read, out FileHandle? opened);
            if (errno == Errno.NotFound)
            {
                continue;
            }

            StorageException.ThrowIfFailed(errno, "open the watermark", PathOf(file));
            exists = true;
            using (opened)
            {
                if (WatermarkFormat.TryDecode(ReadWhole(opened!)) is (var sequence, var state) && sequence % 2 == file
                    && sequence > (newest?.Sequence ?? 0))
                {
                    newest = new Slot(sequence, state);
                }
            }
        }

        return newest is not null || !exists ? newest
            : throw new LogCorruptException(PathOf(0), 0, default, "neither of the watermark's files is valid");
    }

    private byte[] ReadWhole(FileHandle file)
    {
        byte[] bytes = new byte[FileBytes];
        for (int length = 0; length < bytes.Length;)
        {
            StorageException.ThrowIfFailed(fs.Read(file, bytes.AsSpan(length), length, out int count), "read the watermark", file);
            if (count == 0)
            {
                break;
            }

            length += count;
        }

        return bytes;
    }

    private void Overwrite(Slot slot)
    {
        string path = PathOf(slot.Sequence);
        StorageException.ThrowIfFailed(
            fs.OpenFile(metadata, NameOf(slot.Sequence), FileUse.ReadWrite, out FileHandle? file), "open the watermark", path);
        using (file)
        {
            byte[] bytes = WatermarkFormat.Encode(slot.Sequence, slot.State);
            Errno errno = fs.Write(file!, bytes, 0, out int count);
            if (errno is Errno.NoSpace or Errno.QuotaExceeded)
            {
                throw new StorageException("write the watermark", path, errno);
            }

            errno = errno == Errno.None && count != bytes.Length ? Errno.NoSpace : errno;
            errno = errno == Errno.None ? fs.SyncData(file!) : errno;
            if (errno != Errno.None)
            {
                throw new SyncFailedException(path, errno);
            }
        }

        _synced = slot.Sequence;
    }

    /// <summary>Makes a file out of sight, so that it is whole once it has its name. One that was cut short it replaces.</summary>
    private void Make(Slot slot, in FilePermissions permissions)
    {
        string temp = TempName.NewFile(_temps);
        StorageException.ThrowIfFailed(
            fs.CreateFile(metadata, temp, permissions, out FileHandle? file), "make a file for the watermark", metadata, temp);
        byte[] bytes = new byte[FileBytes];
        WatermarkFormat.Encode(slot.Sequence, slot.State).CopyTo(bytes, 0);
        Errno errno;
        using (file)
        {
            errno = fs.Allocate(file!, FileBytes);
            int count = 0;
            errno = errno == Errno.None ? fs.Write(file!, bytes, 0, out count) : errno;
            errno = errno == Errno.None && count != bytes.Length ? Errno.NoSpace : errno;
            errno = errno == Errno.None ? fs.SyncFile(file!) : errno;
            errno = errno == Errno.None ? fs.Rename(metadata, temp, metadata, NameOf(slot.Sequence), RenameKind.Replace) : errno;
        }

        if (errno != Errno.None)
        {
            _ = fs.Unlink(metadata, temp);
            throw new StorageException("make the watermark", PathOf(slot.Sequence), errno);
        }

        StorageException.ThrowIfFailed(fs.SyncDirectory(metadata), "sync the metadata directory", metadata);
        _synced = slot.Sequence;
    }

    private sealed record Slot(long Sequence, WatermarkState State);
}
