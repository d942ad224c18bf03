using System;
using System.Collections.Generic;
using System.IO;
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

    public Errno OpenDirectory(DirectoryHandle parent, string path, out DirectoryHandle? directory) => inner.OpenDirectory(parent, path, out directory);

    public Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode)
    {
        Step("mkdir", parent.Path, name);
        return inner.MakeDirectory(parent, name, mode);
    }

    public Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode, out DirectoryHandle? directory)
    {
        Step("mkdir", parent.Path, name);
        return inner.MakeDirectory(parent, name, mode, out directory);
    }

    public Errno List(DirectoryHandle directory, ICollection<DirectoryEntry> entries) => inner.List(directory, entries);

    public Errno Stat(DirectoryHandle directory, string name, out FileStatus status) => inner.Stat(directory, name, out status);

    public Errno Stat(DirectoryHandle directory, out FileStatus status) => inner.Stat(directory, out status);

    public Errno Stat(FileHandle file, out FileStatus status) => inner.Stat(file, out status);

    public Errno CreateFile(DirectoryHandle directory, string name, UnixFileMode mode, out FileHandle? file)
    {
        Step("create", directory.Path, name);
        return inner.CreateFile(directory, name, mode, out file);
    }

    public Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file) => inner.OpenFile(directory, path, use, out file);

    public Errno IsNameOf(DirectoryHandle directory, string path, FileHandle file, out bool same) => inner.IsNameOf(directory, path, file, out same);

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

    public Errno Rename(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target)
    {
        Step("rename", targetDirectory.Path, target);
        return inner.Rename(sourceDirectory, source, targetDirectory, target);
    }

    public Errno RenameNoReplace(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target)
    {
        Step("rename", targetDirectory.Path, target);
        return inner.RenameNoReplace(sourceDirectory, source, targetDirectory, target);
    }

    public Errno Exchange(DirectoryHandle directory, string first, string second)
    {
        Step("exchange", directory.Path, second);
        return inner.Exchange(directory, first, second);
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

    public Errno TryLock(FileHandle file, LockMode mode) => inner.TryLock(file, mode);

    public Errno Unlock(FileHandle file) => inner.Unlock(file);

    public IReadOnlyList<LockHolder> LockHolders(FileHandle file) => inner.LockHolders(file);

    public Errno MapWords(FileHandle file, out SharedWords? words) => inner.MapWords(file, out words);

    public Errno GetAttribute(FileHandle file, string name, out byte[] value) => inner.GetAttribute(file, name, out value);

    public Errno SetAttribute(FileHandle file, string name, ReadOnlySpan<byte> value)
    {
        Step("setxattr", file.Path, name);
        return inner.SetAttribute(file, name, value);
    }

    public Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits) => inner.Describe(directory, out traits);

    public void FillRandom(Span<byte> bytes) => inner.FillRandom(bytes);

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
