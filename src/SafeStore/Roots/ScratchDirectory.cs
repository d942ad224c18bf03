using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>
/// A store object's own directory, <c>(metadata)/scratch/(owner)</c>, locked as long as the object is open. Whatever is not published yet,
/// or no more, lies in it: so nothing but documents ever lies in a sandbox.
/// </summary>
internal sealed class ScratchDirectory : IDisposable
{
    private readonly IDurableFileSystem _fs;
    private readonly ConcurrentStack<string> _free = new();
    private readonly NameSource _names;

    private ScratchDirectory(IDurableFileSystem fs, DirectoryHandle directory)
    {
        _fs = fs;
        _names = new NameSource(fs);
        Directory = directory;
    }

    public DirectoryHandle Directory { get; }

    /// <summary>
    /// Takes a free scratch directory, or makes one, and empties it; removes the other free ones. (An opener that holds the lock on one,
    /// and finds it under its name, is its only user.)
    /// </summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="parent">The directory of all scratch directories.</param>
    /// <param name="permissions">Of a new one.</param>
    /// <param name="left">Receives what could not be emptied.</param>
    /// <exception cref="StorageException">There is none, and none can be made.</exception>
    public static ScratchDirectory Acquire(
        IDurableFileSystem fs, DirectoryHandle parent, in FilePermissions permissions, ICollection<FileStatus> left)
    {
        ScratchDirectory? own = null;
        try
        {
            foreach (string name in NamesIn(fs, parent))
            {
                if (TryTake(fs, parent, name) is { } free)
                {
                    own = free.EmptiedFor(own, parent, name, permissions, left);
                }
            }

            return own ?? Make(fs, parent, permissions);
        }
        catch
        {
            own?.Dispose();
            throw;
        }
    }

    /// <summary>A name that nothing in the directory has.</summary>
    public string NewName() => _names.Next().ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>
    /// A name for something that will be gone soon; to be given back when it is. Names are used again: the kernel remembers each name that
    /// it has seen, also when it is gone.
    /// </summary>
    public string Take() => _free.TryPop(out string? name) ? name : NewName();

    public void GiveBack(string name) => _free.Push(name);

    /// <summary>Closes and unlocks it. It stays for the next opener, which then needs no inode for its own.</summary>
    public void Dispose() => Directory.Dispose();

    private static ScratchDirectory? TryTake(IDurableFileSystem fs, DirectoryHandle parent, string name) =>
        fs.OpenDirectory(parent, name, out DirectoryHandle? directory) == Errno.None ? TryLock(fs, parent, name, directory!) : null;

    /// <summary>Null if another opener has it, or has removed it.</summary>
    private static ScratchDirectory? TryLock(IDurableFileSystem fs, DirectoryHandle parent, string name, DirectoryHandle directory)
    {
        using var owned = new OwnedParts();
        owned.Add(directory);
        Errno errno = fs.TryLock(directory, LockRange.Whole, LockMode.Exclusive);
        if (errno == Errno.WouldBlock)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "lock the scratch directory", parent, name);
        StorageException.ThrowIfFailed(fs.Stat(directory, out FileStatus locked), "look at the scratch directory", parent, name);
        errno = fs.Stat(parent, name, out FileStatus named);
        if (errno == Errno.NotFound || (errno == Errno.None && !locked.IsSameFile(named)))
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "look at the scratch directory", parent, name);
        owned.Disown();
        return new ScratchDirectory(fs, directory);
    }

    private static ScratchDirectory Make(IDurableFileSystem fs, DirectoryHandle parent, in FilePermissions permissions)
    {
        Span<byte> random = stackalloc byte[8];
        while (true)
        {
            fs.FillRandom(random);
            string name = Convert.ToHexStringLower(random);
            Errno errno = fs.MakeDirectory(parent, name, permissions, out DirectoryHandle? made);
            if (errno == Errno.Exists)
            {
                continue;
            }

            StorageException.ThrowIfFailed(errno, "make the scratch directory", parent, name);
            if (TryLock(fs, parent, name, made!) is { } own)
            {
                return own; // else another opener has taken it for a free one
            }
        }
    }

    private static List<string> NamesIn(IDurableFileSystem fs, DirectoryHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list the directory", directory);
        return entries.ConvertAll(static entry => entry.Name);
    }

    /// <summary>Whether names can be made and removed in it: another program may have made it immutable, or append-only.</summary>
    private bool IsUsable(in FilePermissions permissions)
    {
        string name = NewName();
        Errno errno = _fs.CreateFile(Directory, name, permissions, ReadOnlySpan<byte>.Empty, out _);
        errno = errno == Errno.None ? _fs.Unlink(Directory, name) : errno;
        return errno is not (Errno.NotPermitted or Errno.AccessDenied);
    }

    /// <summary>Empties it. Returns it if it is the first that can be used; else removes it, and returns the first.</summary>
    private ScratchDirectory? EmptiedFor(
        ScratchDirectory? own, DirectoryHandle parent, string name, in FilePermissions permissions, ICollection<FileStatus> left)
    {
        using var owned = new OwnedParts();
        owned.Add(this);
        Empty(left);
        if (own is null && IsUsable(permissions))
        {
            owned.Disown();
            return this;
        }

        _ = _fs.RemoveDirectory(parent, name); // what it could not lose keeps it
        return own;
    }

    private void Empty(ICollection<FileStatus> left)
    {
        foreach (string name in NamesIn(_fs, Directory))
        {
            _ = RemovedTree.TryRemove(_fs, this, name);
        }

        foreach (string name in NamesIn(_fs, Directory))
        {
            // Directories that were in it have been moved up: what is left of any of them is here.
            if (_fs.Stat(Directory, name, out FileStatus status) == Errno.None)
            {
                left.Add(status);
            }
        }
    }
}
