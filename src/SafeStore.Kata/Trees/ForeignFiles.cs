using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Kata;

/// <summary>
/// Reads files of another program below some directories. No symbolic link is followed below them: the owner of a tree could let a
/// privileged process read what is not the owner's. Nothing but a file is read, and none without a limit.
/// </summary>
internal sealed class ForeignFiles(IDurableFileSystem fs, params string[] tops)
{
    /// <summary>What is in a directory, sorted by the bytes of the names; null if it does not exist.</summary>
    /// <remarks>In a name that is not UTF-8, U+FFFD stands for each byte that fits nowhere.</remarks>
    /// <exception cref="StorageException">It cannot be listed.</exception>
    public IReadOnlyList<DirectoryEntry>? List(string path)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = Below(path, (top, inner) => inner.Length == 0 ? fs.List(top, entries) : fs.List(top, inner, entries));
        if (errno == Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "list the directory", path);
        return [.. entries.Select(static entry => entry with { Name = Shown(entry.Name) })
            .OrderBy(static entry => entry.Name, StringComparer.Ordinal)];
    }

    /// <summary>Whether something has this path.</summary>
    public bool Exists(string path) => Look(path, out _) == Errno.None;

    /// <summary>Whether a directory has this path.</summary>
    public bool IsDirectory(string path) => Look(path, out FileStatus status) == Errno.None && status.Kind == FileKind.Directory;

    /// <summary>The size of a file in bytes.</summary>
    /// <exception cref="StorageException">The operating system does not tell.</exception>
    public long SizeOf(string path)
    {
        StorageException.ThrowIfFailed(Look(path, out FileStatus status), "look at the file", path);
        return status.Size;
    }

    /// <summary>All bytes of a file; null if it has more than the limit.</summary>
    /// <exception cref="StorageException">It cannot be read, or is none.</exception>
    public byte[]? TryRead(string path, int limit)
    {
        if (SizeOf(path) > limit)
        {
            return null;
        }

        byte[] rented = [];
        int length = 0;
        Errno errno = Below(path, (top, inner) => WholeFile.Read(fs, top, inner, limit, out rented, out length));
        if (errno == Errno.FileTooLarge)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "read the file", path);
        byte[] bytes = rented.AsSpan(0, length).ToArray();
        ArrayPool<byte>.Shared.Return(rented);
        return bytes;
    }

    private static string Shown(string name) =>
        name.Any(char.IsSurrogate) ? new string([.. name.EnumerateRunes().SelectMany(static rune => rune.ToString())]) : name;

    private Errno Look(string path, out FileStatus status)
    {
        FileStatus found = default;
        Errno errno = Below(path, (top, inner) => inner.Length == 0 ? fs.Stat(top, out found) : fs.Stat(top, inner, out found));
        status = found;
        return errno;
    }

    private Errno Below(string path, Func<DirectoryHandle, string, Errno> call)
    {
        string top = Array.Find(tops, each => path == each || path.StartsWith($"{each.TrimEnd('/')}/", StringComparison.Ordinal))
            ?? throw new ArgumentException($"'{path}' does not lie below {string.Join(" or ", tops)}.", nameof(path));
        Errno errno = fs.OpenRoot(top, out DirectoryHandle? directory);
        using (directory)
        {
            return errno == Errno.None ? call(directory!, path[top.Length..].TrimStart('/')) : errno;
        }
    }
}
