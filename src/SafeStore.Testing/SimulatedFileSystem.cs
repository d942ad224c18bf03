using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;
using SafeStore.Testing.Files;

namespace SafeStore.Testing;

/// <summary>
/// The filesystem of a simulated machine as one of its processes has it: it answers as Linux does on ext4 and tmpfs, and keeps in mind what is durable.
/// Give it to <see cref="StoreOptions.FileSystem"/>; code that knows System.IO.Abstractions only takes <see cref="Files"/>. Started by
/// <see cref="SimulatedMachine.Start"/>.
/// </summary>
/// <remarks>There are no users: nobody is refused anything but by a <see cref="SimulatedFault"/>.</remarks>
public sealed partial class SimulatedFileSystem : IDurableFileSystem
{
    private const Errno NoAttribute = Errno.NoData;

    private readonly SimulatedMachine _machine;
    private readonly SimulatedProcess _process;

    internal SimulatedFileSystem(SimulatedMachine machine, SimulatedProcess process)
    {
        _machine = machine;
        _process = process;
        Files = new SimulatedFiles(this);
    }

    /// <summary>
    /// The same tree for ordinary programs: File, Directory, Path, FileInfo, DirectoryInfo and FileStream, whose <c>Flush(true)</c> is an fsync. What is not
    /// supported throws <see cref="NotSupportedException"/> that names the member.
    /// </summary>
    public IFileSystem Files { get; }

    /// <inheritdoc/>
    public Errno OpenRoot(string path, out DirectoryHandle? directory)
    {
        ArgumentNullException.ThrowIfNull(path);
        directory = null;
        using Turn turn = Begin(Operation.OpenRoot, path);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = path.Length > 0 && path[0] != '/' ? Errno.Invalid : _machine.Mounts.Walk(path, follow: true, out Place place) is var walked && walked != Errno.None ? walked : Open(place, path, out directory);
        return turn.End(path.Length == 0 ? Errno.Invalid : errno);
    }

    /// <inheritdoc/>
    public Errno OpenDirectory(DirectoryHandle parent, string path, out DirectoryHandle? directory)
    {
        ArgumentNullException.ThrowIfNull(path);
        SimulatedDirectory start = Of(parent);
        directory = null;
        using Turn turn = Begin(Operation.OpenDirectory, Join(start, path), disk: start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.WalkBelow(start.Place, path, out Place place);
        return turn.End(errno == Errno.None ? Open(place, Join(start, path), out directory) : errno);
    }

    /// <inheritdoc/>
    public Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode)
    {
        SimulatedDirectory start = Of(parent);
        using Turn turn = Begin(Operation.MakeDirectory, Join(start, name), disk: start.Place.Disk);
        return turn.Fails(out Errno errno) ? errno : turn.End(MakeDirectory(start.Place, name, mode));
    }

    /// <inheritdoc/>
    public Errno List(DirectoryHandle directory, ICollection<DirectoryEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        SimulatedDirectory start = Of(directory);
        using Turn turn = Begin(Operation.List, start.Path, disk: start.Place.Disk);
        return turn.Fails(out Errno errno) ? errno : turn.End(List(start.Place, entries));
    }

    /// <inheritdoc/>
    public Errno Stat(DirectoryHandle directory, string name, out FileStatus status)
    {
        SimulatedDirectory start = Of(directory);
        status = default;
        using Turn turn = Begin(Operation.Stat, Join(start, name), disk: start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = MountTable.CheckName(name);
        if (errno == Errno.None)
        {
            errno = _machine.Mounts.Find(start.Place, name, out Place place);
            status = errno == Errno.None ? StatusOf(place) : default;
        }

        return turn.End(errno);
    }

    /// <inheritdoc/>
    public Errno Stat(DirectoryHandle directory, out FileStatus status) => StatOpen(Of(directory).Place, Of(directory).Path, out status);

    /// <inheritdoc/>
    public Errno Stat(FileHandle file, out FileStatus status) => StatOpen(Of(file).Place, Of(file).Path, out status);

    /// <inheritdoc/>
    public Errno CreateFile(DirectoryHandle directory, string name, UnixFileMode mode, out FileHandle? file)
    {
        SimulatedDirectory start = Of(directory);
        file = null;
        using Turn turn = Begin(Operation.CreateFile, Join(start, name), disk: start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = Create(start.Place, name, mode, out Place place);
        return turn.End(errno == Errno.None ? Open(place, Join(start, name), canWrite: true, out file) : errno);
    }

    /// <inheritdoc/>
    public Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file)
    {
        ArgumentNullException.ThrowIfNull(path);
        SimulatedDirectory start = Of(directory);
        file = null;
        using Turn turn = Begin(Operation.OpenFile, Join(start, path), disk: start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.WalkBelow(start.Place, path, out Place place);
        if (errno == Errno.None)
        {
            errno = path.EndsWith('/') && place.Inode is not DirectoryInode ? Errno.NotDirectory : Open(place, Join(start, path), use == FileUse.ReadWrite, out file);
        }

        return turn.End(errno);
    }

    /// <inheritdoc/>
    public Errno IsNameOf(DirectoryHandle directory, string path, FileHandle file, out bool same)
    {
        ArgumentNullException.ThrowIfNull(path);
        SimulatedDirectory start = Of(directory);
        Place expected = Of(file).Place;
        same = false;
        using Turn turn = Begin(Operation.IsNameOf, Join(start, path), disk: start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = _machine.Mounts.WalkBelow(start.Place, path, out Place place);
        same = errno == Errno.None && place == expected;
        return turn.End(errno is Errno.NotFound or Errno.NotDirectory ? Errno.None : errno);
    }

    /// <inheritdoc/>
    public Errno Read(FileHandle file, Span<byte> buffer, long offset, out int count)
    {
        SimulatedFile opened = Of(file);
        count = 0;
        using Turn turn = Begin(Operation.Read, opened.Path, $"{offset}+{buffer.Length}", opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (offset < 0)
        {
            return turn.End(Errno.Invalid);
        }

        if (opened.Place.Inode is not FileInode inode)
        {
            return turn.End(Errno.IsDirectory);
        }

        count = inode.Content.Read(turn.Fault is ShortTransfer few ? buffer[..Math.Min(buffer.Length, few.Bytes)] : buffer, offset);
        if (turn.Fault is BitFlipped flip)
        {
            Flip(buffer[..count], flip.Bit);
        }

        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public Errno Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset, out int count)
    {
        SimulatedFile opened = Of(file);
        count = 0;
        WriteInProgress? write = _machine.BeforeChange is null ? null : new WriteInProgress(opened.Place.Disk.Device, opened.Place.Inode.Number, offset, bytes.ToArray());
        using Turn turn = Begin(Operation.Write, opened.Path, $"{offset}+{bytes.Length}", opened.Place.Disk, write);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (offset < 0)
        {
            return turn.End(Errno.Invalid);
        }

        if (!opened.CanWrite || opened.Place.Inode is not FileInode inode)
        {
            return turn.End(Errno.BadHandle);
        }

        if (turn.Fault is ShortTransfer few)
        {
            bytes = bytes[..Math.Min(bytes.Length, few.Bytes)];
        }

        bytes = bytes[..(int)Math.Min(bytes.Length, Room(opened.Place.Disk, inode, offset, bytes.Length))];
        if (bytes.IsEmpty && turn.Fault is not ShortTransfer && write is not { Bytes.Length: 0 } && Room(opened.Place.Disk, inode, offset, 1) == 0)
        {
            return turn.End(Errno.NoSpace);
        }

        if (turn.Fault is BitFlipped flip)
        {
            byte[] changed = bytes.ToArray();
            Flip(changed, flip.Bit);
            bytes = changed;
        }

        if (!bytes.IsEmpty)
        {
            opened.Place.Disk.Write(inode, bytes, offset);
            inode.Written = _machine.Timers.Now;
        }

        count = bytes.Length;
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public Errno Allocate(FileHandle file, long size)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.Allocate, opened.Path, $"{size}", opened.Place.Disk);
        return turn.Fails(out Errno errno) ? errno : turn.End(Allocate(opened, size));
    }

    /// <inheritdoc/>
    public Errno SyncFile(FileHandle file) => Sync(Operation.SyncFile, file);

    /// <inheritdoc/>
    public Errno SyncData(FileHandle file) => Sync(Operation.SyncData, file);

    /// <inheritdoc/>
    public Errno SyncDirectory(DirectoryHandle directory)
    {
        SimulatedDirectory opened = Of(directory);
        using Turn turn = Begin(Operation.SyncDirectory, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno; // a journal that cannot be written loses no change of names silently: the changes stay pending
        }

        if (turn.Fault is SyncLosesData lost)
        {
            Disk.ForgetPending(opened.Inode);
            return turn.End(lost.Errno);
        }

        opened.Place.Disk.SyncDirectory(opened.Inode);
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public Errno Rename(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        Rename(Operation.Rename, Of(sourceDirectory), source, Of(targetDirectory), target);

    /// <inheritdoc/>
    public Errno RenameNoReplace(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        Rename(Operation.RenameNoReplace, Of(sourceDirectory), source, Of(targetDirectory), target);

    /// <inheritdoc/>
    public Errno Exchange(DirectoryHandle directory, string first, string second)
    {
        SimulatedDirectory opened = Of(directory);
        using Turn turn = Begin(Operation.Exchange, Join(opened, first), "and " + second, opened.Place.Disk);
        return turn.Fails(out Errno errno) ? errno : turn.End(Exchange(opened.Place, first, second));
    }

    /// <inheritdoc/>
    public Errno Unlink(DirectoryHandle directory, string name)
    {
        SimulatedDirectory opened = Of(directory);
        using Turn turn = Begin(Operation.Unlink, Join(opened, name), disk: opened.Place.Disk);
        return turn.Fails(out Errno errno) ? errno : turn.End(Unlink(opened.Place, name));
    }

    /// <inheritdoc/>
    public Errno RemoveDirectory(DirectoryHandle parent, string name)
    {
        SimulatedDirectory opened = Of(parent);
        using Turn turn = Begin(Operation.RemoveDirectory, Join(opened, name), disk: opened.Place.Disk);
        return turn.Fails(out Errno errno) ? errno : turn.End(RemoveDirectory(opened.Place, name));
    }

    /// <inheritdoc/>
    public Errno TryLock(FileHandle file, LockMode mode)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.TryLock, opened.Path, mode == LockMode.Exclusive ? "exclusive" : "shared", opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        // A change of mode gives up the old lock first (flock(2)); a refusal leaves nothing.
        opened.Lock = null;
        if (Opened(opened.Place).Any(other => other.Lock == LockMode.Exclusive || (other.Lock is not null && mode == LockMode.Exclusive)))
        {
            return turn.End(Errno.WouldBlock);
        }

        opened.Lock = mode;
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public Errno Unlock(FileHandle file)
    {
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.Unlock, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        opened.Lock = null;
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public IReadOnlyList<LockHolder> LockHolders(FileHandle file)
    {
        SimulatedFile opened = Of(file);
        lock (_machine.Gate)
        {
            return [.. Opened(opened.Place).Where(static holder => holder.Lock is not null)
                .Select(static holder => new LockHolder(holder.Process.Id, holder.Process.Name, holder.Lock == LockMode.Exclusive))];
        }
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

        if (opened.Place.Inode is not FileInode { Content.Size: >= 64 } inode)
        {
            return turn.End(Errno.Invalid);
        }

        words = new SimulatedWords(inode);
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public Errno GetAttribute(FileHandle file, string name, out byte[] value)
    {
        ArgumentNullException.ThrowIfNull(name);
        SimulatedFile opened = Of(file);
        value = [];
        using Turn turn = Begin(Operation.GetAttribute, opened.Path, name, opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (!opened.Place.Inode.Metadata.Attributes.TryGetValue(name, out ImmutableArray<byte> bytes))
        {
            return turn.End(name.StartsWith("user.", StringComparison.Ordinal) ? NoAttribute : Errno.NotSupported);
        }

        value = [.. bytes];
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public Errno SetAttribute(FileHandle file, string name, ReadOnlySpan<byte> value)
    {
        ArgumentNullException.ThrowIfNull(name);
        SimulatedFile opened = Of(file);
        using Turn turn = Begin(Operation.SetAttribute, opened.Path, name, opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        if (!name.StartsWith("user.", StringComparison.Ordinal))
        {
            return turn.End(Errno.NotSupported);
        }

        if (opened.Place.Disk.IsReadOnly)
        {
            return turn.End(Errno.ReadOnly);
        }

        Metadata metadata = opened.Place.Inode.Metadata;
        opened.Place.Disk.SetMetadata(opened.Place.Inode, metadata with { Attributes = metadata.Attributes.SetItem(name, [.. value]) });
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    public Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits)
    {
        SimulatedDirectory opened = Of(directory);
        traits = null;
        using Turn turn = Begin(Operation.Describe, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        PersistenceProfile profile = opened.Place.Disk.Profile;
        traits = new FileSystemTraits(profile.Name, profile.IsVolatile, IsLocal: true);
        return turn.End(Errno.None);
    }

    /// <inheritdoc/>
    /// <remarks>The bytes follow from the machine's seed.</remarks>
    public void FillRandom(Span<byte> bytes) => _machine.FillRandom(bytes);

    private static void Flip(Span<byte> bytes, long bit)
    {
        if (!bytes.IsEmpty)
        {
            long at = (long)((ulong)bit % ((ulong)bytes.Length * 8));
            bytes[(int)(at / 8)] ^= (byte)(1 << (int)(at % 8));
        }
    }

    private static string Join(SimulatedDirectory directory, string path) => directory.Path == "/" ? "/" + path : $"{directory.Path}/{path}";

    private Turn Begin(Operation operation, string path, string detail = "", Disk? disk = null, WriteInProgress? write = null) =>
        Turn.Begin(_machine, _process, operation, path, detail, disk, write);

    private SimulatedDirectory Of(DirectoryHandle directory) => SimulatedDirectory.Of(directory, _process);

    private SimulatedFile Of(FileHandle file) => SimulatedFile.Of(file, _process);
}
