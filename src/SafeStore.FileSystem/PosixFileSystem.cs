using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using System.Runtime.CompilerServices;

namespace SafeStore.FileSystem;

/// <summary>
/// The filesystem of Linux on x86-64 and arm64, by system calls of its own. Every descriptor is opened with O_CLOEXEC.
/// </summary>
/// <remarks>
/// <para>Opening below a directory needs one openat2(2); where the kernel or a seccomp filter refuses that, paths are walked component
/// by component with the same result, except that ".." is always refused.</para>
/// <para>Names that no UTF-8 can express (a lone surrogate), and names with NUL, give <see cref="Errno.Invalid"/>; so does a single
/// component that is empty, "." or "..", or contains '/'. A path that leaves its directory ("../x", "/x") gives
/// <see cref="Errno.CrossDevice"/>. A name on disk that is not UTF-8 is listed with U+FFFD in it and cannot be opened.</para>
/// <para>Opening a directory with <see cref="OpenFile"/> for reading may succeed; reading it gives <see cref="Errno.IsDirectory"/>.</para>
/// </remarks>
[SkipLocalsInit]
public sealed unsafe partial class PosixFileSystem : IDurableFileSystem
{
    private readonly bool _walk;

    /// <summary>Creates the filesystem. It has no state but what the kernel keeps; one per process is enough, many do no harm.</summary>
    public PosixFileSystem()
        : this(walk: !PosixOpening.KernelResolves)
    {
    }

    /// <summary>For tests of the walk on kernels that need none.</summary>
    internal PosixFileSystem(bool walk) => _walk = walk;

    /// <inheritdoc/>
    public int CallsSideBySide => Environment.ProcessorCount;

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
    public Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode)
    {
        Errno errno = MakeDirectory(parent, name, mode, out DirectoryHandle? directory);
        directory?.Dispose();
        return errno;
    }

    /// <inheritdoc/>
    public Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode, out DirectoryHandle? directory)
    {
        directory = null;
        PosixDirectory start = PosixDirectory.Of(parent);
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        while (LibC.MustRepeat(LibC.mkdirat(start.Descriptor, text, (uint)mode), out errno))
        {
        }

        if (errno != Errno.None)
        {
            return errno;
        }

        errno = PosixOpening.OpenName(start.Descriptor, text, LibC.O_RDONLY | LibC.O_DIRECTORY, 0, out Descriptor? made);
        errno = errno == Errno.None ? PosixStatus.SetMode(made!, mode) : errno;
        if (errno != Errno.None)
        {
            _ = LibC.unlinkat(start.Descriptor, text, LibC.AT_REMOVEDIR);
            made?.Dispose();
            return errno;
        }

        directory = new PosixDirectory(made!, start, name);
        return Errno.None;
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
    public Errno CreateFile(DirectoryHandle directory, string name, UnixFileMode mode, out FileHandle? file)
    {
        file = null;
        PosixDirectory parent = PosixDirectory.Of(directory);
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = PosixOpening.OpenName(
            parent.Descriptor, text, LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL, (uint)mode, out Descriptor? created);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = PosixStatus.SetMode(created!, mode);
        if (errno != Errno.None)
        {
            _ = LibC.unlinkat(parent.Descriptor, text, 0);
            created!.Dispose();
            return errno;
        }

        file = new PosixFile(created!, parent, name);
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno CreateFile(DirectoryHandle directory, string name, UnixFileMode mode, ReadOnlySpan<byte> bytes, out bool isCreated) =>
        PosixWriting.Create(PosixDirectory.Of(directory).Descriptor, name, mode, bytes, out isCreated);

    /// <inheritdoc/>
    public Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file)
    {
        PosixDirectory start = PosixDirectory.Of(directory);
        int access = use switch { FileUse.ReadWrite => LibC.O_RDWR, FileUse.Direct => LibC.O_RDWR | LibC.O_DIRECT, _ => LibC.O_RDONLY };
        Errno errno = Open(start, path, access | LibC.O_NONBLOCK | LibC.O_NOCTTY, out Descriptor? opened);
        file = opened is null ? null : new PosixFile(opened, start, path);
        if (file is not null && use == FileUse.ReadInPieces)
        {
            _ = LibC.posix_fadvise(opened!, 0, 0, LibC.POSIX_FADV_RANDOM); // advice, which a filesystem need not take
        }

        return errno;
    }

    /// <inheritdoc/>
    public Errno IsNameOf(DirectoryHandle directory, string path, FileHandle file, out bool same)
    {
        same = false;
        Descriptor start = PosixDirectory.Of(directory).Descriptor;
        Errno errno = PosixFile.Of(file).Identify(out (ulong Device, ulong Inode) identity);
        if (errno != Errno.None)
        {
            return errno;
        }

        byte* text = stackalloc byte[NativeText.Capacity];
        errno = NativeText.Path(path, text);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = PosixStatus.OfPath(start, text, out FileStatus status);
        same = errno == Errno.None && (status.Device, status.Inode) == identity;
        return errno is Errno.NotFound or Errno.NotDirectory ? Errno.None : errno;
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
    public Errno Allocate(FileHandle file, long size)
    {
        Descriptor descriptor = PosixFile.Of(file).Descriptor;
        if (size < 0)
        {
            return Errno.Invalid;
        }

        // fallocate refuses zero, and only ever grows a file; so does what stands in for it.
        Errno errno = Errno.NotSupported;
        while (size > 0 && LibC.MustRepeat(LibC.fallocate(descriptor, 0, 0, size), out errno))
        {
        }

        if (errno is not (Errno.NotSupported or Errno.Invalid))
        {
            return errno;
        }

        errno = PosixStatus.OfDescriptor(descriptor, out FileStatus status);
        if (errno != Errno.None || status.Size >= size)
        {
            return errno;
        }

        while (LibC.MustRepeat(LibC.ftruncate(descriptor, size), out errno))
        {
        }

        return errno;
    }

    /// <inheritdoc/>
    public Errno SyncFile(FileHandle file) => LibC.Error(LibC.fsync(PosixFile.Of(file).Descriptor));

    /// <inheritdoc/>
    public Errno SyncData(FileHandle file) => LibC.Error(LibC.fdatasync(PosixFile.Of(file).Descriptor));

    /// <inheritdoc/>
    public Errno StartWriteBack(FileHandle file) => LibC.StartWriteBack(PosixFile.Of(file).Descriptor);

    /// <inheritdoc/>
    public Errno SyncDirectory(DirectoryHandle directory) => LibC.Error(LibC.fsync(PosixDirectory.Of(directory).Descriptor));

    /// <inheritdoc/>
    /// <remarks>Done on ext4, from Linux 5.17 on.</remarks>
    public Errno SyncAll(DirectoryHandle directory, long unwrittenMax, out bool isDone) =>
        PosixWholeSync.Sync(PosixDirectory.Of(directory).Descriptor, unwrittenMax, out isDone);

    /// <inheritdoc/>
    public Errno Rename(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        Rename(sourceDirectory, source, targetDirectory, target, LibC.RENAME_REPLACE);

    /// <inheritdoc/>
    public Errno RenameNoReplace(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        Rename(sourceDirectory, source, targetDirectory, target, LibC.RENAME_NOREPLACE);

    /// <inheritdoc/>
    public Errno Exchange(DirectoryHandle directory, string first, string second) =>
        Rename(directory, first, directory, second, LibC.RENAME_EXCHANGE);

    /// <inheritdoc/>
    public Errno Unlink(DirectoryHandle directory, string name) => Remove(directory, name, flags: 0);

    /// <inheritdoc/>
    public Errno RemoveDirectory(DirectoryHandle parent, string name) => Remove(parent, name, LibC.AT_REMOVEDIR);

    /// <inheritdoc/>
    public Errno TryLock(FileHandle file, LockMode mode) =>
        Lock(file, (mode == LockMode.Exclusive ? LibC.LOCK_EX : LibC.LOCK_SH) | LibC.LOCK_NB);

    /// <inheritdoc/>
    public Errno Unlock(FileHandle file) => Lock(file, LibC.LOCK_UN);

    /// <inheritdoc/>
    public IReadOnlyList<LockHolder> LockHolders(FileHandle file) =>
        PosixFile.Of(file).Identify(out (ulong Device, ulong Inode) identity) == Errno.None ? LockTable.HoldersOf(identity.Device, identity.Inode) : [];

    /// <inheritdoc/>
    public Errno MapWords(FileHandle file, out SharedWords? words) => PosixSharedWords.Map(PosixFile.Of(file).Descriptor, out words);

    /// <inheritdoc/>
    public Errno GetAttribute(FileHandle file, string name, out byte[] value) =>
        PosixAttributes.Get(PosixFile.Of(file).Descriptor, name, out value);

    /// <inheritdoc/>
    public Errno SetAttribute(FileHandle file, string name, ReadOnlySpan<byte> value) =>
        PosixAttributes.Set(PosixFile.Of(file).Descriptor, name, value);

    /// <inheritdoc/>
    public Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits) =>
        PosixTraits.Describe(PosixDirectory.Of(directory).Descriptor, out traits);

    /// <inheritdoc/>
    public void FillRandom(Span<byte> bytes) => LibC.FillRandom(bytes);

    private static Errno Rename(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target, uint flags)
    {
        Descriptor from = PosixDirectory.Of(sourceDirectory).Descriptor;
        Descriptor to = PosixDirectory.Of(targetDirectory).Descriptor;
        byte* sourceText = stackalloc byte[NativeText.Capacity];
        byte* targetText = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(source, sourceText);
        if (errno == Errno.None)
        {
            errno = NativeText.Name(target, targetText);
        }

        if (errno != Errno.None)
        {
            return errno;
        }

        while (LibC.MustRepeat(LibC.renameat2(from, sourceText, to, targetText, flags), out errno))
        {
        }

        return errno;
    }

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

    private static Errno Lock(FileHandle file, int operation)
    {
        Descriptor descriptor = PosixFile.Of(file).Descriptor;
        descriptor.MayHoldLock = true;
        Errno errno;
        while (LibC.MustRepeat(LibC.flock(descriptor, operation), out errno))
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
