using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SafeStore.FileSystem;

/// <summary>
/// The filesystem of Linux on x86-64 and arm64, by system calls of its own. Every descriptor is opened with O_CLOEXEC.
/// </summary>
/// <remarks>
/// <para>Opening below a directory needs one openat2(2); where the kernel or a seccomp filter refuses that, paths are walked component
/// by component with the same result, except that ".." is always refused.</para>
/// <para>Names with a lone surrogate that stands for no byte, and names with NUL, give <see cref="Errno.Invalid"/>; so does a single
/// component that is empty, "." or "..", or contains '/'. A path that leaves its directory ("../x", "/x") gives
/// <see cref="Errno.CrossDevice"/>.</para>
/// <para>Opening a directory with <see cref="OpenFile"/> for reading may succeed; reading it gives <see cref="Errno.IsDirectory"/>.</para>
/// </remarks>
[SkipLocalsInit]
[SupportedOSPlatform("linux")]
public sealed unsafe class PosixFileSystem : IDurableFileSystem
{
    private readonly bool _walk;

    /// <summary>
    /// Creates the filesystem. It has no state but what the kernel keeps; one per process is enough, many do no harm. From the first one on
    /// the process ignores the signal SIGXFSZ, unless it has a handler for it: a write past RLIMIT_FSIZE is an error then.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">The system is not Linux, or the processor neither x86-64 nor arm64.</exception>
    public PosixFileSystem()
        : this(walk: false)
    {
    }

    /// <summary>For tests of the walk on kernels that need none.</summary>
    internal PosixFileSystem(bool walk)
    {
        PosixProcess.ThrowIfUnsupported(OperatingSystem.IsLinux(), RuntimeInformation.ProcessArchitecture);
        PosixProcess.IgnoreFileSizeSignal();
        _walk = walk || !PosixOpening.KernelResolves;
    }

    /// <inheritdoc/>
    public int SyncsSideBySide => 16;

    /// <inheritdoc/>
    public IFileSystem Files { get; } = new System.IO.Abstractions.FileSystem();

    /// <inheritdoc/>
    public Errno OpenRoot(string path, out DirectoryHandle? directory)
    {
        directory = null;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Path(path, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (*text != '/')
        {
            return Errno.Invalid;
        }

        nint number;
        do
        {
            number = LibC.open(text, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0);
        }
        while (LibC.MustRepeat(number, out errno));

        directory = errno == Errno.None ? new PosixDirectory(new Descriptor(number), parent: null, path) : null;
        return errno;
    }

    /// <inheritdoc/>
    public Errno OpenDirectory(DirectoryHandle parent, string path, out DirectoryHandle? directory)
    {
        PosixDirectory start = PosixDirectory.Of(parent);
        Errno errno = Open(start, path, LibC.O_RDONLY | LibC.O_DIRECTORY, out Descriptor? opened);
        directory = opened is null ? null : new PosixDirectory(opened, start, path);
        return errno;
    }

    /// <inheritdoc/>
    public Errno MakeDirectory(DirectoryHandle parent, string name, in FilePermissions permissions, out DirectoryHandle? directory)
    {
        PosixDirectory start = PosixDirectory.Of(parent);
        Errno errno = PosixMaking.MakeDirectory(start.Descriptor, name, permissions, out Descriptor? made);
        directory = made is null ? null : new PosixDirectory(made, start, name);
        return errno;
    }

    /// <inheritdoc/>
    public Errno List(DirectoryHandle directory, ICollection<DirectoryEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return PosixListing.List(PosixDirectory.Of(directory), entries);
    }

    /// <inheritdoc/>
    public Errno List(DirectoryHandle parent, string path, ICollection<DirectoryEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Errno errno = Open(PosixDirectory.Of(parent), path, LibC.O_RDONLY | LibC.O_DIRECTORY, out Descriptor? opened);
        return errno == Errno.None ? PosixListing.ListAndClose(opened!, entries) : errno;
    }

    /// <inheritdoc/>
    public Errno Stat(DirectoryHandle parent, string path, out FileStatus status)
    {
        Descriptor start = PosixDirectory.Of(parent).Descriptor;
        status = default;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Path(path, text);
        return errno != Errno.None ? errno : PosixStatus.OfPath(start, text, out status);
    }

    /// <inheritdoc/>
    public Errno Stat(Handle handle, out FileStatus status) => PosixStatus.OfDescriptor(Descriptor.Of(handle), out status);

    /// <inheritdoc/>
    public Errno CreateFile(DirectoryHandle directory, string name, in FilePermissions permissions, out FileHandle? file)
    {
        PosixDirectory parent = PosixDirectory.Of(directory);
        Errno errno = PosixMaking.CreateFile(parent.Descriptor, name, permissions, out Descriptor? created);
        file = created is null ? null : new PosixFile(created, parent, name);
        return errno;
    }

    /// <inheritdoc/>
    public Errno CreateFile(
        DirectoryHandle directory, string name, in FilePermissions permissions, ReadOnlySpan<byte> bytes, out bool isCreated) =>
        PosixWriting.Create(PosixDirectory.Of(directory).Descriptor, name, permissions, bytes, out isCreated);

    /// <inheritdoc/>
    public Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file)
    {
        PosixDirectory start = PosixDirectory.Of(directory);
        if (use is < FileUse.Read or > FileUse.ReadInPieces)
        {
            file = null;
            return Errno.Invalid;
        }

        int access = use switch
        {
            FileUse.ReadWrite => LibC.O_RDWR,
            FileUse.Direct => LibC.O_RDWR | LibC.O_DIRECT,
            _ => LibC.O_RDONLY,
        };
        Errno errno = Open(start, path, access | LibC.O_NONBLOCK | LibC.O_NOCTTY, out Descriptor? opened);
        if (opened is not null && access != LibC.O_RDONLY)
        {
            errno = PosixStatus.OfDescriptor(opened, out FileStatus status);
            errno = errno == Errno.None && status.Kind != FileKind.Regular ? Errno.NotSeekable : errno;
            if (errno != Errno.None)
            {
                opened.Dispose();
                opened = null;
            }
        }

        file = opened is null ? null : new PosixFile(opened, start, path);
        if (file is not null && use == FileUse.ReadInPieces)
        {
            _ = LibC.posix_fadvise(opened!, 0, 0, LibC.POSIX_FADV_RANDOM); // advice, which a filesystem need not take
        }

        return errno;
    }

    /// <inheritdoc/>
    public Errno Read(FileHandle file, Span<byte> buffer, long offset, out int count) =>
        PosixReading.Read(PosixFile.Of(file).Descriptor, buffer, offset, out count);

    /// <inheritdoc/>
    public Errno ReadWhole(DirectoryHandle directory, ReadOnlySpan<char> path, Span<byte> buffer, out int count) =>
        PosixReading.ReadWhole(PosixDirectory.Of(directory).Descriptor, path, buffer, _walk, out count);

    /// <inheritdoc/>
    public Errno Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset, out int count) =>
        PosixWriting.Write(PosixFile.Of(file).Descriptor, bytes, offset, out count);

    /// <inheritdoc/>
    public Errno Allocate(FileHandle file, long size) => PosixAllocation.Allocate(PosixFile.Of(file).Descriptor, size);

    /// <inheritdoc/>
    public Errno SyncFile(FileHandle file) => LibC.Error(LibC.fsync(PosixFile.Of(file).Descriptor));

    /// <inheritdoc/>
    public Errno SyncData(FileHandle file) => LibC.Error(LibC.fdatasync(PosixFile.Of(file).Descriptor));

    /// <inheritdoc/>
    public Errno StartWriteBack(FileHandle file) => LibC.StartWriteBack(PosixFile.Of(file).Descriptor);

    /// <inheritdoc/>
    public Errno SyncDirectory(DirectoryHandle directory)
    {
        PosixDirectory opened = PosixDirectory.Of(directory);

        // What the log of a directory's fsync says is not always what btrfs makes of it after a power loss (seen on Linux 6.18).
        Errno errno = opened.IsOnBtrfs() ? LibC.Error(LibC.syncfs(opened.Descriptor)) : Errno.None;
        return errno == Errno.None ? LibC.Error(LibC.fsync(opened.Descriptor)) : errno;
    }

    /// <inheritdoc/>
    /// <remarks>Done on ext4, from Linux 5.17 on.</remarks>
    public Errno SyncAll(DirectoryHandle directory, long unwrittenMax, out bool isDone) =>
        PosixWholeSync.Sync(PosixDirectory.Of(directory).Descriptor, unwrittenMax, out isDone);

    /// <inheritdoc/>
    public Errno Rename(
        DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target, RenameKind kind) =>
        PosixRenaming.Rename(
            PosixDirectory.Of(sourceDirectory).Descriptor, source, PosixDirectory.Of(targetDirectory).Descriptor, target, kind);

    /// <inheritdoc/>
    public Errno Unlink(DirectoryHandle directory, string name) => Remove(directory, name, flags: 0);

    /// <inheritdoc/>
    public Errno RemoveDirectory(DirectoryHandle parent, string name) => Remove(parent, name, LibC.AT_REMOVEDIR);

    /// <inheritdoc/>
    public Errno TryLock(Handle handle, LockRange range, LockMode mode) => PosixLocking.TryLock(Descriptor.Of(handle), range, mode);

    /// <inheritdoc/>
    public Errno TestLock(Handle handle, LockRange range, LockMode mode) => PosixLocking.Test(Descriptor.Of(handle), range, mode);

    /// <inheritdoc/>
    public Errno Unlock(Handle handle, LockRange range) => PosixLocking.Unlock(Descriptor.Of(handle), range);

    /// <inheritdoc/>
    public IReadOnlyList<LockHolder> LockHolders(Handle handle) =>
        PosixStatus.OfDescriptor(Descriptor.Of(handle), out FileStatus status) == Errno.None
            ? LockTable.HoldersOf(status.Device, status.Inode)
            : [];

    /// <inheritdoc/>
    public Errno MapWords(FileHandle file, out SharedWords? words) => PosixSharedWords.Map(PosixFile.Of(file).Descriptor, out words);

    /// <inheritdoc/>
    public Errno GetAttribute(Handle handle, string name, out byte[] value) =>
        PosixAttributes.Get(Descriptor.Of(handle), name, out value);

    /// <inheritdoc/>
    public Errno SetAttribute(DirectoryHandle directory, string name, string attribute, ReadOnlySpan<byte> value) =>
        PosixAttributes.Set(PosixDirectory.Of(directory).Descriptor, name, attribute, value);

    /// <inheritdoc/>
    public Errno CopyAttributes(DirectoryHandle from, string name, DirectoryHandle directory, string target) =>
        PosixAttributeCopy.Copy(PosixDirectory.Of(from).Descriptor, name, PosixDirectory.Of(directory).Descriptor, target);

    /// <inheritdoc/>
    public string CommandOf(int processId) => LockTable.CommandOf(processId);

    /// <inheritdoc/>
    public bool IsPrivileged { get; } = LibC.geteuid() == 0;

    /// <inheritdoc/>
    public Errno LastChange(Handle handle, out DateTimeOffset time) => PosixStatus.ChangeOf(Descriptor.Of(handle), out time);

    /// <inheritdoc/>
    public Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits) =>
        PosixTraits.Describe(PosixDirectory.Of(directory).Descriptor, out traits);

    /// <inheritdoc/>
    public (uint Id, bool IsHandedDown) ProjectOf(DirectoryHandle directory) => PosixProjects.Of(PosixDirectory.Of(directory).Descriptor);

    /// <inheritdoc/>
    public void FillRandom(Span<byte> bytes) => LibC.FillRandom(bytes);

    private static Errno Remove(DirectoryHandle directory, string name, int flags)
    {
        Descriptor parent = PosixDirectory.Of(directory).Descriptor;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        while (LibC.MustRepeat(LibC.unlinkat(parent, text, flags), out errno))
        {
        }

        return errno;
    }

    private Errno Open(PosixDirectory start, string path, int flags, out Descriptor? opened)
    {
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Path(path, text);
        opened = null;
        return errno != Errno.None ? errno : PosixOpening.Open(start.Descriptor, text, flags, _walk, out opened);
    }
}
