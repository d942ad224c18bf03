using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using System.Threading;
using SafeStore.FileSystem;

namespace SafeStore.CrashTests.Child;

/// <summary>
/// The real filesystem, which counts the calls that change something and, at one of them, says so and never returns: there the test
/// kills the process. Stopping before call N + 1 is stopping after call N, since nothing between them changes anything that outlives
/// the process. A write can also be stopped in its middle, with half of its bytes written.
/// </summary>
internal sealed class SteppingFileSystem(IDurableFileSystem inner, Action<string> say) : IDurableFileSystem
{
    private readonly Lock _gate = new();
    private int _stopAt = int.MaxValue;
    private bool _inTheMiddle;
    private bool _isArmed;
    private readonly List<string> _steps = [];

    public IFileSystem Files => inner.Files;

    /// <summary>Counts from here.</summary>
    /// <param name="stopAt">The call to stop at, from 1.</param>
    /// <param name="inTheMiddle">Only for writes: after half of the bytes.</param>
    public void Arm(int stopAt, bool inTheMiddle)
    {
        lock (_gate)
        {
            _steps.Clear();
            (_stopAt, _inTheMiddle, _isArmed) = (stopAt, inTheMiddle, true);
        }
    }

    /// <summary>Ends the counting.</summary>
    /// <returns>The calls that there were.</returns>
    public IReadOnlyList<string> Disarm()
    {
        lock (_gate)
        {
            _isArmed = false;
            return [.. _steps];
        }
    }

    public Errno OpenRoot(string path, out DirectoryHandle? directory) => inner.OpenRoot(path, out directory);

    public Errno OpenDirectory(DirectoryHandle parent, string path, out DirectoryHandle? directory) =>
        inner.OpenDirectory(parent, path, out directory);

    public Errno MakeDirectory(DirectoryHandle parent, string name, in FilePermissions permissions, out DirectoryHandle? directory)
    {
        Step("mkdir", parent.Path, name);
        return inner.MakeDirectory(parent, name, permissions, out directory);
    }

    public Errno List(DirectoryHandle directory, ICollection<DirectoryEntry> entries) => inner.List(directory, entries);

    public Errno Stat(DirectoryHandle parent, string path, out FileStatus status) => inner.Stat(parent, path, out status);

    public Errno Stat(Handle handle, out FileStatus status) => inner.Stat(handle, out status);

    public Errno CreateFile(DirectoryHandle directory, string name, in FilePermissions permissions, out FileHandle? file)
    {
        Step("create", directory.Path, name);
        return inner.CreateFile(directory, name, permissions, out file);
    }

    public Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file) =>
        inner.OpenFile(directory, path, use, out file);

    public Errno Read(FileHandle file, Span<byte> buffer, long offset, out int count) => inner.Read(file, buffer, offset, out count);

    public Errno Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset, out int count)
    {
        if (IsStop("write", out int step))
        {
            if (_inTheMiddle)
            {
                // The padding of a log record does not count: half of it with the padding could be all of the record.
                int end = bytes.LastIndexOfAnyExcept((byte)0) + 1;
                _ = inner.Write(file, bytes[..((end == 0 ? bytes.Length : end) / 2)], offset, out _);
            }

            Stop(step, "write", file.Path, _inTheMiddle ? $"half of {bytes.Length} bytes" : "");
        }

        return inner.Write(file, bytes, offset, out count);
    }

    public Errno Allocate(FileHandle file, long size)
    {
        Step("allocate", file.Path);
        return inner.Allocate(file, size);
    }

    public Errno SyncFile(FileHandle file)
    {
        Step("fsync", file.Path);
        return inner.SyncFile(file);
    }

    public Errno SyncData(FileHandle file)
    {
        Step("fdatasync", file.Path);
        return inner.SyncData(file);
    }

    public Errno StartWriteBack(FileHandle file) => inner.StartWriteBack(file);

    public Errno SyncDirectory(DirectoryHandle directory)
    {
        Step("fsync", directory.Path);
        return inner.SyncDirectory(directory);
    }

    public Errno Rename(
        DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target, RenameKind kind)
    {
        Step(kind == RenameKind.Exchange ? "exchange" : "rename", targetDirectory.Path, target);
        return inner.Rename(sourceDirectory, source, targetDirectory, target, kind);
    }

    public Errno Unlink(DirectoryHandle directory, string name)
    {
        Step("unlink", directory.Path, name);
        return inner.Unlink(directory, name);
    }

    public Errno RemoveDirectory(DirectoryHandle parent, string name)
    {
        Step("rmdir", parent.Path, name);
        return inner.RemoveDirectory(parent, name);
    }

    public Errno TryLock(Handle handle, LockRange range, LockMode mode) => inner.TryLock(handle, range, mode);

    public Errno TestLock(Handle handle, LockRange range, LockMode mode) => inner.TestLock(handle, range, mode);

    public Errno Unlock(Handle handle, LockRange range) => inner.Unlock(handle, range);

    public IReadOnlyList<LockHolder> LockHolders(Handle handle) => inner.LockHolders(handle);

    public Errno MapWords(FileHandle file, out SharedWords? words) => inner.MapWords(file, out words);

    public Errno GetAttribute(Handle handle, string name, out byte[] value) => inner.GetAttribute(handle, name, out value);

    public Errno SetAttribute(DirectoryHandle directory, string name, string attribute, ReadOnlySpan<byte> value)
    {
        Step("setxattr", $"{directory.Path}/{name}", attribute);
        return inner.SetAttribute(directory, name, attribute, value);
    }

    public Errno CopyAttributes(DirectoryHandle from, string name, DirectoryHandle directory, string target)
    {
        Step("setxattr", $"{directory.Path}/{target}", "as " + name);
        return inner.CopyAttributes(from, name, directory, target);
    }

    public Errno LastChange(Handle handle, out DateTimeOffset time) => inner.LastChange(handle, out time);

    public Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits) => inner.Describe(directory, out traits);

    public void FillRandom(Span<byte> bytes) => inner.FillRandom(bytes);

    public bool IsPrivileged => inner.IsPrivileged;

    public (uint Id, bool IsHandedDown) ProjectOf(DirectoryHandle directory) => inner.ProjectOf(directory);

    public string CommandOf(int processId) => inner.CommandOf(processId);

    private void Step(string verb, string path, string name = "")
    {
        if (IsStop(verb, out int step))
        {
            Stop(step, verb, path, name);
        }
    }

    private bool IsStop(string verb, out int step)
    {
        lock (_gate)
        {
            step = 0;
            if (!_isArmed)
            {
                return false;
            }

            _steps.Add(verb);
            step = _steps.Count;
            return step == _stopAt && (!_inTheMiddle || verb == "write");
        }
    }

    private void Stop(int step, string verb, string path, string name)
    {
        say($"stopped {step} {verb} {path} {name}");
        Thread.Sleep(Timeout.Infinite); // until the kill
    }
}
