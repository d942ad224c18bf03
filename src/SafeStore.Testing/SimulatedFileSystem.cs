using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;
using SafeStore.Testing.Files;

namespace SafeStore.Testing;

/// <summary>
/// The filesystem of a simulated machine as one of its processes has it: it answers as Linux does on ext4 and tmpfs, and keeps in mind what
/// is durable. Give it to <see cref="StoreOptions.FileSystem"/>; code that knows System.IO.Abstractions only takes <see cref="Files"/>.
/// Started by <see cref="SimulatedMachine.Start"/>.
/// </summary>
/// <remarks>There are no users: no process is refused anything but by a <see cref="SimulatedFault"/>.</remarks>
public sealed partial class SimulatedFileSystem : IDurableFileSystem
{
    private readonly SimulatedMachine _machine;
    private readonly SimulatedProcess _process;

    internal SimulatedFileSystem(SimulatedMachine machine, SimulatedProcess process)
    {
        _machine = machine;
        _process = process;
        Files = new SimulatedFiles(this);
    }

    /// <summary>
    /// The same tree for ordinary programs: File, Directory, Path, FileInfo, DirectoryInfo and FileStream, whose <c>Flush(true)</c> is an
    /// fsync. What is not supported throws <see cref="NotSupportedException"/> that names the member.
    /// </summary>
    public IFileSystem Files { get; }

    /// <inheritdoc/>
    public bool StagesFirst => _machine.Options.StagesFirst;

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

        errno = path.Length == 0 ? Errno.Invalid : MountTable.CheckPath(path);
        errno = errno == Errno.None && path[0] != '/' ? Errno.Invalid : errno;
        errno = errno == Errno.None ? CheckHandles() : errno;
        if (errno == Errno.None)
        {
            errno = _machine.Mounts.Walk(path, follow: true, out Place place);
            errno = errno == Errno.None ? Open(place, path, out directory) : errno;
        }

        return turn.End(errno, ref directory);
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

        errno = OpenBelow(start, path, out Place place);
        errno = errno == Errno.None ? Open(place, Join(start, path), out directory) : errno;
        return turn.End(errno, ref directory);
    }

    /// <inheritdoc/>
    public Errno MakeDirectory(DirectoryHandle parent, string name, in FilePermissions permissions, out DirectoryHandle? directory)
    {
        SimulatedDirectory start = Of(parent);
        directory = null;
        using Turn turn = Begin(Operation.MakeDirectory, Join(start, name), disk: start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = MakeDirectory(start.Place, name, permissions, out Place made);
        errno = errno == Errno.None ? Open(made, Join(start, name), out directory) : errno;
        return turn.End(errno, ref directory);
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
    public Errno Stat(DirectoryHandle parent, string path, out FileStatus status)
    {
        ArgumentNullException.ThrowIfNull(path);
        SimulatedDirectory start = Of(parent);
        status = default;
        using Turn turn = Begin(Operation.Stat, Join(start, path), disk: start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = turn.End(_machine.Mounts.WalkFrom(start.Place, path, out Place place));
        status = errno == Errno.None ? StatusOf(place) : default;
        return errno;
    }

    /// <inheritdoc/>
    public Errno Stat(Handle handle, out FileStatus status)
    {
        ISimulatedHandle opened = Of(handle);
        return StatOpen(opened.Place, opened.Path, out status);
    }

    /// <inheritdoc/>
    public Errno LastChange(Handle handle, out DateTimeOffset time)
    {
        ISimulatedHandle opened = Of(handle);
        time = default;
        using Turn turn = Begin(Operation.LastChange, opened.Path, disk: opened.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = turn.End(Errno.None);
        time = errno == Errno.None ? opened.Place.Inode.Changed : default;
        return errno;
    }

    /// <inheritdoc/>
    public Errno CreateFile(DirectoryHandle directory, string name, in FilePermissions permissions, out FileHandle? file)
    {
        SimulatedDirectory start = Of(directory);
        file = null;
        using Turn turn = Begin(Operation.CreateFile, Join(start, name), disk: start.Place.Disk);
        if (turn.Fails(out Errno errno))
        {
            return errno;
        }

        errno = MountTable.CheckName(name);
        errno = errno == Errno.None ? CheckHandles() : errno;
        errno = errno == Errno.None ? CheckNew(start.Place, name) : errno;
        errno = errno == Errno.None
            ? Open(Create(start.Place, name, permissions), Join(start, name), canWrite: true, out file)
            : errno;
        return turn.End(errno, ref file);
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

        errno = OpenBelow(start, path, out Place place);
        errno = use is < FileUse.Read or > FileUse.ReadInPieces ? Errno.Invalid : errno;
        errno = errno == Errno.None ? Open(place, Join(start, path), use is FileUse.ReadWrite or FileUse.Direct, out file) : errno;
        return turn.End(errno, ref file);
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
        errno = turn.End(Errno.None);
        traits = errno == Errno.None
            ? new FileSystemTraits(profile.Name, profile.IsVolatile, IsLocal: true)
            {
                IsJournaled = profile.IsJournaled,
                CopiesOnWrite = profile.CopiesOnWrite,
            }
            : null;
        return errno;
    }

    /// <inheritdoc/>
    /// <remarks>The bytes follow from the machine's seed.</remarks>
    public void FillRandom(Span<byte> bytes) => _machine.FillRandom(bytes);

    private static string Join(SimulatedDirectory directory, string path) => $"{directory.Path.TrimEnd('/')}/{path}";

    private Turn Begin(Operation operation, string path, string detail = "", Disk? disk = null, WriteInProgress? write = null) =>
        Turn.Begin(_machine, _process, operation, path, detail, disk, write);

    private SimulatedDirectory Of(DirectoryHandle directory) => SimulatedDirectory.Of(directory, _process);

    private ISimulatedHandle Of(Handle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return handle switch
        {
            FileHandle file => Of(file),
            DirectoryHandle directory => Of(directory),
            _ => throw new ArgumentException("The handle belongs to another filesystem.", nameof(handle)),
        };
    }

    private SimulatedFile Of(FileHandle file) => SimulatedFile.Of(file, _process);
}
