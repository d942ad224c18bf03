using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using SafeStore.FileSystem;

namespace SafeStore.Tests.FileSystem;

/// <summary>A real filesystem, whose verbs fail where a test says so, and which writes and reads at most so many bytes at once.</summary>
internal sealed class FaultyFileSystem(IDurableFileSystem inner) : IDurableFileSystem
{
    public Func<string, Errno> Fault { get; set; } = _ => Errno.None;

    public int LargestTransfer { get; set; } = int.MaxValue;

    /// <summary>The absolute path of what a path leads to at the moment, if another file is mounted there.</summary>
    public Func<string, string?> Mounted { get; set; } = static _ => null;

    /// <summary>The verbs called, in order.</summary>
    public List<string> Calls { get; } = [];

    public IFileSystem Files => inner.Files;

    public Errno OpenRoot(string path, out DirectoryHandle? directory) => inner.OpenRoot(path, out directory);

    public Errno OpenDirectory(DirectoryHandle parent, string path, out DirectoryHandle? directory) =>
        inner.OpenDirectory(parent, path, out directory);

    public Errno MakeDirectory(DirectoryHandle parent, string name, in FilePermissions permissions, out DirectoryHandle? directory) =>
        inner.MakeDirectory(parent, name, permissions, out directory);

    public Errno List(DirectoryHandle directory, ICollection<DirectoryEntry> entries) => inner.List(directory, entries);

    public Errno Stat(DirectoryHandle parent, string path, out FileStatus status) => inner.Stat(parent, path, out status);

    public Errno Stat(Handle handle, out FileStatus status) => inner.Stat(handle, out status);

    public Errno CreateFile(DirectoryHandle directory, string name, in FilePermissions permissions, out FileHandle? file)
    {
        file = null;
        Errno fault = Enter(nameof(CreateFile));
        return fault != Errno.None ? fault : inner.CreateFile(directory, name, permissions, out file);
    }

    public Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file)
    {
        Errno fault = Fault(nameof(OpenFile));
        if (fault == Errno.None && Mounted($"{directory.Path}/{path}") is { } other)
        {
            fault = inner.OpenRoot(Path.GetDirectoryName(other)!, out DirectoryHandle? elsewhere);
            using (elsewhere)
            {
                return inner.OpenFile(elsewhere!, Path.GetFileName(other), use, out file);
            }
        }

        file = null;
        return fault != Errno.None ? fault : inner.OpenFile(directory, path, use, out file);
    }

    public Errno Read(FileHandle file, Span<byte> buffer, long offset, out int count)
    {
        count = 0;
        Errno fault = Enter(nameof(Read));
        return fault != Errno.None ? fault : inner.Read(file, buffer[..Math.Min(buffer.Length, LargestTransfer)], offset, out count);
    }

    public Errno Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset, out int count)
    {
        count = 0;
        Errno fault = Enter(nameof(Write));
        return fault != Errno.None ? fault : inner.Write(file, bytes[..Math.Min(bytes.Length, LargestTransfer)], offset, out count);
    }

    public Errno Allocate(FileHandle file, long size) => inner.Allocate(file, size);

    public Errno SyncFile(FileHandle file)
    {
        Errno fault = Enter(nameof(SyncFile));
        return fault != Errno.None ? fault : inner.SyncFile(file);
    }

    public Errno SyncData(FileHandle file) => inner.SyncData(file);

    public Errno StartWriteBack(FileHandle file)
    {
        Errno fault = Enter(nameof(StartWriteBack));
        return fault != Errno.None ? fault : inner.StartWriteBack(file);
    }

    public Errno SyncDirectory(DirectoryHandle directory)
    {
        Errno fault = Enter(nameof(SyncDirectory));
        return fault != Errno.None ? fault : inner.SyncDirectory(directory);
    }

    public Errno Rename(
        DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target, RenameKind kind)
    {
        Errno fault = kind == RenameKind.Replace ? Enter(nameof(Rename)) : Errno.None;
        return fault != Errno.None ? fault : inner.Rename(sourceDirectory, source, targetDirectory, target, kind);
    }

    public Errno Unlink(DirectoryHandle directory, string name)
    {
        Errno fault = Enter(nameof(Unlink));
        return fault != Errno.None ? fault : inner.Unlink(directory, name);
    }

    public Errno RemoveDirectory(DirectoryHandle parent, string name) => inner.RemoveDirectory(parent, name);

    public Errno TryLock(Handle handle, LockRange range, LockMode mode) => inner.TryLock(handle, range, mode);

    public Errno TestLock(Handle handle, LockRange range, LockMode mode) => inner.TestLock(handle, range, mode);

    public Errno Unlock(Handle handle, LockRange range) => inner.Unlock(handle, range);

    public IReadOnlyList<LockHolder> LockHolders(Handle handle) => inner.LockHolders(handle);

    public Errno MapWords(FileHandle file, out SharedWords? words) => inner.MapWords(file, out words);

    public Errno GetAttribute(Handle handle, string name, out byte[] value) => inner.GetAttribute(handle, name, out value);

    public Errno SetAttribute(DirectoryHandle directory, string name, string attribute, ReadOnlySpan<byte> value) =>
        Enter(nameof(SetAttribute)) is var fault and not Errno.None ? fault : inner.SetAttribute(directory, name, attribute, value);

    public Errno CopyAttributes(DirectoryHandle from, string name, DirectoryHandle directory, string target) =>
        inner.CopyAttributes(from, name, directory, target);

    public Errno LastChange(Handle handle, out DateTimeOffset time) => inner.LastChange(handle, out time);

    public Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits) => inner.Describe(directory, out traits);

    public void FillRandom(Span<byte> bytes) => inner.FillRandom(bytes);

    private Errno Enter(string verb)
    {
        Calls.Add(verb);
        return Fault(verb);
    }
}
