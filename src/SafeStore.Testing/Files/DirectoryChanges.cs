using System;
using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>Makes, moves and removes directories by absolute paths, by the system calls of .NET on Linux in their order.</summary>
internal sealed class DirectoryChanges(SimulatedFiles files)
{
    internal const UnixFileMode DefaultMode = (UnixFileMode)0x1FF;

    private const UnixFileMode KnownModes = (UnixFileMode)0xFFF;

    private IPathCalls Calls => files.Calls;

    /// <summary>
    /// Makes a directory and what is missing above it. That gets the usual mode, only the directory itself the one asked for.
    /// </summary>
    internal void Create(string path, UnixFileMode mode = DefaultMode)
    {
        if ((mode & ~KnownModes) != 0)
        {
            throw new ArgumentException("Invalid UnixFileMode value.", nameof(mode));
        }

        string created = LinuxPath.TrimEndingDirectorySeparator(path);
        if (created == "/")
        {
            return;
        }

        Errno errno = Calls.MakeDirectory(created, SimulatedFiles.Masked(mode));
        if (errno == Errno.NotFound)
        {
            CreateParents(created);
            errno = Calls.MakeDirectory(created, SimulatedFiles.Masked(mode));
        }

        if (errno != Errno.None && !(errno == Errno.Exists && files.IsDirectory(path)))
        {
            throw files.Error(errno, path, isDirectory: true);
        }
    }

    internal void Move(string source, string target)
    {
        string from = LinuxPath.TrimEndingDirectorySeparator(source);
        string to = LinuxPath.TrimEndingDirectorySeparator(target);
        if (from == to)
        {
            throw MustDiffer();
        }

        if (Calls.Stat(to, follow: false, out NodeStatus taken) == Errno.None)
        {
            throw WhyNotOnto(source, from, target, to, taken);
        }

        Errno errno = Calls.Rename(source, to);
        if (errno != Errno.None)
        {
            throw errno switch
            {
                Errno.AccessDenied => new IOException($"Access to the path '{source}' is denied.", (int)errno),
                Errno.NotFound => IoError.DirectoryNotFound(source),
                Errno.NotDirectory => new IOException($"Could not find a part of the path '{source}'."),
                _ => files.Error(errno, path: null, isDirectory: true),
            };
        }
    }

    internal void Delete(string path, bool recursive)
    {
        if (!TryDelete(path, isTop: true, keepFilled: recursive))
        {
            DeleteFilled(path);
        }
    }

    private void CreateParents(string path)
    {
        Stack<string> missing = new();
        string? parent = LinuxPath.GetDirectoryName(path);
        while (parent is { Length: > 1 } && Make(parent, Errno.NotFound) == Errno.NotFound)
        {
            missing.Push(parent);
            parent = LinuxPath.GetDirectoryName(parent);
        }

        while (missing.TryPop(out string? next))
        {
            _ = Make(next);
        }

        // Whatever else already has the name is found out below it.
        Errno Make(string directory, Errno tolerated = Errno.None)
        {
            Errno errno = Calls.MakeDirectory(directory, SimulatedFiles.Masked(DefaultMode));
            files.ThrowIfFailed(errno == tolerated || errno == Errno.Exists ? Errno.None : errno, directory, isDirectory: true);
            return errno;
        }
    }

    private Exception WhyNotOnto(string source, string from, string target, string to, NodeStatus taken)
    {
        if (Calls.Stat(from, follow: false, out NodeStatus moved) != Errno.None)
        {
            return IoError.DirectoryNotFound(source);
        }

        if (moved.Status.IsSameFile(taken.Status) && LinuxPath.GetFileName(from) == LinuxPath.GetFileName(to))
        {
            return MustDiffer();
        }

        return moved.Status.Kind != FileKind.Directory && LinuxPath.EndsInDirectorySeparator(source)
            ? new IOException($"Could not find a part of the path '{source}'.")
            : IoError.AlreadyExists(target);
    }

    /// <summary>Removes what is in a directory as far as it goes, then the directory; the first failure is the one that is told.</summary>
    private void DeleteFilled(string path)
    {
        List<DirectoryEntry> entries = [];
        files.ThrowIfFailed(Calls.List(path, entries), path, isDirectory: true);
        List<Exception> failures = [];
        foreach (DirectoryEntry entry in entries)
        {
            string child = LinuxPath.Join(path, entry.Name);
            try
            {
                if (entry.Kind == FileKind.Directory)
                {
                    DeleteFilled(child);
                }
                else
                {
                    files.Changes.Delete(child);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                failures.Add(exception);
            }
        }

        if (failures.Count > 0)
        {
            throw failures[0];
        }

        _ = TryDelete(path, isTop: false, keepFilled: false);
    }

    /// <summary>False if the directory is not empty and that is to be no error.</summary>
    private bool TryDelete(string path, bool isTop, bool keepFilled)
    {
        Errno errno = Calls.RemoveDirectory(path);
        switch (errno)
        {
            case Errno.None:
                return true;
            case Errno.NotEmpty when keepFilled:
                return false;
            case Errno.NotFound when !isTop:
                return true;
            case Errno.NotDirectory when isTop && files.IsDirectory(path):
                files.Changes.Delete(path);
                return true;
            case Errno.AccessDenied or Errno.NotPermitted or Errno.ReadOnly when files.IsDirectory(path):
                throw new IOException($"Access to the path '{path}' is denied.");
            default:
                throw files.Error(errno, path, isDirectory: true);
        }
    }

    private static IOException MustDiffer() => new("Source and destination path must be different.");
}
