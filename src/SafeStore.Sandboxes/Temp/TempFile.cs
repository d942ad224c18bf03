using System;
using SafeStore.FileSystem;

namespace SafeStore.Sandboxes;

/// <summary>When a temp file goes.</summary>
public enum TempFileLifetime
{
    /// <summary>
    /// When it is disposed, or its process dies (then the next exclusive lock of the sandbox removes it), or the sandbox is removed.
    /// </summary>
    Owner,

    /// <summary>
    /// When the sandbox is removed. For files that outlive the process that made them, a virtual machine's drives for instance; named as
    /// the seed names them.
    /// </summary>
    Sandbox,
}

/// <summary>A file in a sandbox's run directory that is no document. Dispose it to let it go, if its lifetime is its owner's.</summary>
public sealed class TempFile : IDisposable
{
    private readonly IDurableFileSystem _fs;
    private readonly string _name;
    private (DirectoryHandle Directory, FileHandle File)? _owned;

    private TempFile(IDurableFileSystem fs, string name, string path, (DirectoryHandle Directory, FileHandle File)? owned)
    {
        _fs = fs;
        _name = name;
        _owned = owned;
        Path = path;
    }

    /// <summary>The file's full path.</summary>
    public string Path { get; }

    /// <summary>Removes the file, if its lifetime is its owner's and it is still there.</summary>
    /// <exception cref="StorageException">The operating system refused to remove it.</exception>
    public void Dispose()
    {
        if (_owned is not { } owned)
        {
            return;
        }

        _owned = null;
        using (owned.Directory)
        using (owned.File)
        {
            // Under its flock, and only if the name is still this file's: the sandbox may be gone, and its directory with it.
            Errno errno = _fs.Stat(owned.File, out FileStatus own);
            FileStatus named = default;
            errno = errno == Errno.None ? _fs.Stat(owned.Directory, _name, out named) : errno;
            errno = errno == Errno.None && named.IsSameFile(own) ? _fs.Unlink(owned.Directory, _name) : errno;
            StorageException.ThrowIfFailed(
                errno == Errno.NotFound ? Errno.None : errno, "remove the temp file", owned.Directory.Path, _name);
        }
    }

    internal static TempFile OfSandbox(IDurableFileSystem fs, string name, string path) => new(fs, name, path, null);

    internal static TempFile OfOwner(IDurableFileSystem fs, DirectoryHandle directory, string name, FileHandle file) =>
        new(fs, name, $"{directory.Path}/{name}", (directory, file));
}
