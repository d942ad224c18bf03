using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using SafeStore.FileSystem;

namespace SafeStore.Tests.FileSystem;

/// <summary>One call of a verb: which, on which path.</summary>
internal readonly record struct FileSystemCall(string Verb, string Path)
{
    /// <summary>The verb of a rename with <see cref="RenameKind.NoReplace"/>.</summary>
    public const string RenameNoReplace = nameof(RenameNoReplace);

    /// <summary>The verb of a rename with <see cref="RenameKind.Exchange"/>.</summary>
    public const string Exchange = nameof(Exchange);

    public bool IsOnLog => Path.Contains("/log/", StringComparison.Ordinal) || Path.EndsWith("/log", StringComparison.Ordinal);

    public bool IsAppend => Verb == nameof(IDurableFileSystem.Write) && IsOnSegment;

    /// <summary>A sync of the log's records.</summary>
    public bool IsSync => Verb == nameof(IDurableFileSystem.SyncData) && IsOnSegment;

    /// <summary>Not on one that is still to get its name, <c>prepare-*</c> or <c>spare-*</c>.</summary>
    private bool IsOnSegment =>
        Path.Contains("/.safestore/log/", StringComparison.Ordinal) && !Path.Contains("pare-", StringComparison.Ordinal);
}

/// <summary>
/// The real filesystem, every verb of which asks the test first: the hook may fail the call, cancel a token, or only look. The filesystem
/// may claim to be durable, so that what is tested in shared memory syncs as on a disk.
/// </summary>
internal sealed class ScriptedFileSystem : IDurableFileSystem
{
    private readonly PosixFileSystem _inner = new();

    /// <summary>Called before each call; what it returns is the call's result unless it is <see cref="Errno.None"/>.</summary>
    public Func<FileSystemCall, Errno>? Before { get; set; }

    /// <summary>
    /// Called after each call that has changed a name or a file; what it returns is what the caller is told, unless it is
    /// <see cref="Errno.None"/>.
    /// </summary>
    public Func<FileSystemCall, Errno>? After { get; set; }

    /// <summary>What every filesystem says of itself; null for the truth.</summary>
    public bool? IsVolatile { get; init; } = false;

    /// <summary>Whether every filesystem says that its locks and syncs are this machine's own.</summary>
    public bool IsLocal { get; init; } = true;

    /// <summary>
    /// As the seam has it; more than 1 also lets a transaction be staged beside its sync, so that the order of calls is not always the
    /// same.
    /// </summary>
    public int SyncsSideBySide { get; init; } = 1;

    /// <summary>How many bytes one write takes at most; the rest is up to the caller.</summary>
    public int LargestWrite { get; set; } = int.MaxValue;

    /// <summary>Whether filesystems can be synced as a whole while so many bytes, at most, wait to be written; null: never.</summary>
    public Func<long, bool>? CanSyncAll { get; set; }

    /// <summary>Directories that are said to be in memory.</summary>
    public HashSet<string> VolatilePaths { get; } = [];

    /// <summary>Directories that are said to be on another filesystem than the one above them.</summary>
    public HashSet<string> MountPoints { get; } = [];

    public IFileSystem Files => _inner.Files;

    public Errno OpenRoot(string path, out DirectoryHandle? directory)
    {
        directory = null;
        return Ask(nameof(OpenRoot), path) is var fault and not Errno.None ? fault : _inner.OpenRoot(path, out directory);
    }

    public Errno OpenDirectory(DirectoryHandle parent, string path, out DirectoryHandle? directory)
    {
        directory = null;
        return Ask(nameof(OpenDirectory), parent, path) is var fault and not Errno.None ? fault
            : _inner.OpenDirectory(parent, path, out directory);
    }

    public Errno MakeDirectory(DirectoryHandle parent, string name, in FilePermissions permissions, out DirectoryHandle? directory)
    {
        directory = null;
        if (Ask(nameof(MakeDirectory), parent, name) is var fault and not Errno.None)
        {
            return fault;
        }

        Errno errno = Tell(nameof(MakeDirectory), parent, name, _inner.MakeDirectory(parent, name, permissions, out directory));
        if (errno != Errno.None)
        {
            directory?.Dispose();
            directory = null;
        }

        return errno;
    }

    public Errno List(DirectoryHandle directory, ICollection<DirectoryEntry> entries) =>
        Ask(nameof(List), directory.Path) is var fault and not Errno.None ? fault : _inner.List(directory, entries);

    public Errno Stat(DirectoryHandle parent, string path, out FileStatus status)
    {
        status = default;
        return Ask(nameof(Stat), parent, path) is var fault and not Errno.None ? fault : _inner.Stat(parent, path, out status);
    }

    public Errno Stat(Handle handle, out FileStatus status)
    {
        status = default;
        if (Ask(nameof(Stat), handle.Path) is var fault and not Errno.None)
        {
            return fault;
        }

        Errno errno = _inner.Stat(handle, out status);
        status = MountPoints.Contains(handle.Path) ? status with { Device = ~status.Device } : status;
        return errno;
    }

    public Errno CreateFile(DirectoryHandle directory, string name, in FilePermissions permissions, out FileHandle? file)
    {
        file = null;
        if (Ask(nameof(CreateFile), directory, name) is var fault and not Errno.None)
        {
            return fault;
        }

        Errno errno = Tell(nameof(CreateFile), directory, name, _inner.CreateFile(directory, name, permissions, out file));
        if (errno != Errno.None)
        {
            file?.Dispose();
            file = null;
        }

        return errno;
    }

    public Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file)
    {
        file = null;
        return Ask(nameof(OpenFile), directory, path) is var fault and not Errno.None ? fault
            : _inner.OpenFile(directory, path, use, out file);
    }

    public Errno Read(FileHandle file, Span<byte> buffer, long offset, out int count)
    {
        count = 0;
        return Ask(nameof(Read), file.Path) is var fault and not Errno.None ? fault : _inner.Read(file, buffer, offset, out count);
    }

    public Errno Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset, out int count)
    {
        count = 0;
        if (Ask(nameof(Write), file.Path) is var fault and not Errno.None)
        {
            return fault;
        }

        Errno errno = Tell(nameof(Write), file.Path, _inner.Write(file, bytes[..Math.Min(bytes.Length, LargestWrite)], offset, out count));
        count = errno == Errno.None ? count : 0;
        return errno;
    }

    public Errno Allocate(FileHandle file, long size) =>
        Ask(nameof(Allocate), file.Path) is var fault and not Errno.None ? fault : _inner.Allocate(file, size);

    public Errno SyncFile(FileHandle file) =>
        Ask(nameof(SyncFile), file.Path) is var fault and not Errno.None ? fault : _inner.SyncFile(file);

    public Errno SyncData(FileHandle file) =>
        Ask(nameof(SyncData), file.Path) is var fault and not Errno.None ? fault : _inner.SyncData(file);

    public Errno StartWriteBack(FileHandle file) =>
        Ask(nameof(StartWriteBack), file.Path) is var fault and not Errno.None ? fault : _inner.StartWriteBack(file);

    public Errno SyncDirectory(DirectoryHandle directory) =>
        Ask(nameof(SyncDirectory), directory.Path) is var fault and not Errno.None ? fault : _inner.SyncDirectory(directory);

    public Errno SyncAll(DirectoryHandle directory, long unwrittenMax, out bool isDone)
    {
        Errno fault = Errno.None;
        isDone = CanSyncAll?.Invoke(unwrittenMax) == true && (fault = Ask(nameof(SyncAll), directory.Path)) == Errno.None;
        return fault;
    }

    public Errno Rename(
        DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target, RenameKind kind)
    {
        string verb = kind switch
        {
            RenameKind.Exchange => FileSystemCall.Exchange,
            RenameKind.NoReplace => FileSystemCall.RenameNoReplace,
            _ => nameof(Rename),
        };
        return Ask(verb, targetDirectory, target) is var fault and not Errno.None
            ? fault
            : Tell(verb, targetDirectory, target, _inner.Rename(sourceDirectory, source, targetDirectory, target, kind));
    }

    public Errno Unlink(DirectoryHandle directory, string name) =>
        Ask(nameof(Unlink), directory, name) is var fault and not Errno.None ? fault
            : Tell(nameof(Unlink), directory, name, _inner.Unlink(directory, name));

    public Errno RemoveDirectory(DirectoryHandle parent, string name) =>
        Ask(nameof(RemoveDirectory), parent, name) is var fault and not Errno.None ? fault
            : Tell(nameof(RemoveDirectory), parent, name, _inner.RemoveDirectory(parent, name));

    public Errno TryLock(Handle handle, LockRange range, LockMode mode) =>
        Ask(nameof(TryLock), PathOf(handle, range)) is var fault and not Errno.None ? fault : _inner.TryLock(handle, range, mode);

    public Errno TestLock(Handle handle, LockRange range, LockMode mode) =>
        Ask(nameof(TestLock), PathOf(handle, range)) is var fault and not Errno.None ? fault : _inner.TestLock(handle, range, mode);

    public Errno Unlock(Handle handle, LockRange range) =>
        Ask(nameof(Unlock), PathOf(handle, range)) is var fault and not Errno.None ? fault : _inner.Unlock(handle, range);

    public IReadOnlyList<LockHolder> LockHolders(Handle handle) => _inner.LockHolders(handle);

    public Errno MapWords(FileHandle file, out SharedWords? words)
    {
        words = null;
        return Ask(nameof(MapWords), file.Path) is var fault and not Errno.None ? fault : _inner.MapWords(file, out words);
    }

    public Errno GetAttribute(Handle handle, string name, out byte[] value) => _inner.GetAttribute(handle, name, out value);

    public Errno SetAttribute(DirectoryHandle directory, string name, string attribute, ReadOnlySpan<byte> value) =>
        Ask(nameof(SetAttribute), directory, name) is var fault and not Errno.None ? fault
            : _inner.SetAttribute(directory, name, attribute, value);

    public Errno CopyAttributes(DirectoryHandle from, string name, DirectoryHandle directory, string target) =>
        Ask(nameof(CopyAttributes), from, name) is var fault and not Errno.None ? fault
            : _inner.CopyAttributes(from, name, directory, target);

    public Errno LastChange(Handle handle, out DateTimeOffset time)
    {
        time = default;
        return Ask(nameof(LastChange), handle.Path) is var fault and not Errno.None ? fault : _inner.LastChange(handle, out time);
    }

    public (uint Id, bool IsHandedDown) ProjectOf(DirectoryHandle directory) => _inner.ProjectOf(directory);

    public bool IsPrivileged => _inner.IsPrivileged;

    public string CommandOf(int processId) => _inner.CommandOf(processId);

    public Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits)
    {
        traits = null;
        Errno errno = Ask(nameof(Describe), directory.Path) is var fault and not Errno.None ? fault
            : _inner.Describe(directory, out traits);
        traits = traits is null ? null
            : traits with
            {
                IsVolatile = VolatilePaths.Contains(directory.Path)
            || (IsVolatile ?? traits.IsVolatile),
                IsLocal = traits.IsLocal && IsLocal
            };
        return errno;
    }

    public void FillRandom(Span<byte> bytes) => _inner.FillRandom(bytes);

    private Errno Ask(string verb, DirectoryHandle directory, string name) => Ask(verb, $"{directory.Path}/{name}");

    private Errno Tell(string verb, DirectoryHandle directory, string name, Errno happened) =>
        Tell(verb, $"{directory.Path}/{name}", happened);

    private Errno Tell(string verb, string path, Errno happened) =>
        happened == Errno.None ? After?.Invoke(new FileSystemCall(verb, path)) ?? Errno.None : happened;

    /// <summary>A lock of a byte is told by the file's path, '#' and the byte's place.</summary>
    private static string PathOf(Handle handle, LockRange range) => range.IsWhole ? handle.Path : $"{handle.Path}#{range.Offset}";

    private Errno Ask(string verb, string path) => Before?.Invoke(new FileSystemCall(verb, path)) ?? Errno.None;
}
