using System;
using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>
/// What ordinary programs ask of a kernel: calls on absolute paths that follow symbolic links, as open(2) and its like do. The
/// System.IO.Abstractions view of a simulated process is built on these and on the handles of the seam.
/// </summary>
internal interface IPathCalls
{
    /// <summary>The virtual time.</summary>
    DateTimeOffset Now { get; }

    /// <summary>The seam of the same process: reads, writes and syncs of the handles that <see cref="Open"/> gives.</summary>
    IDurableFileSystem Handles { get; }

    /// <summary>open(2). The permission bits count when the file is created; there is no umask.</summary>
    Errno Open(string path, OpenFlags flags, UnixFileMode mode, out FileHandle? file);

    /// <summary>ftruncate(2): sets the size, down or up.</summary>
    Errno Truncate(FileHandle file, long size);

    /// <summary>stat(2), or lstat(2) when the last component is not to be followed.</summary>
    Errno Stat(string path, bool follow, out NodeStatus status);

    /// <summary>fstat(2).</summary>
    Errno Stat(FileHandle file, out NodeStatus status);

    /// <summary>mkdir(2).</summary>
    Errno MakeDirectory(string path, UnixFileMode mode);

    /// <summary>rmdir(2).</summary>
    Errno RemoveDirectory(string path);

    /// <summary>unlink(2).</summary>
    Errno Unlink(string path);

    /// <summary>rename(2); the target is replaced.</summary>
    Errno Rename(string source, string target);

    /// <summary>renameat2(2) with RENAME_NOREPLACE.</summary>
    Errno RenameNoReplace(string source, string target);

    /// <summary>link(2).</summary>
    Errno Link(string existing, string created);

    /// <summary>symlink(2).</summary>
    Errno SymbolicLink(string target, string created);

    /// <summary>readlink(2).</summary>
    Errno ReadLink(string path, out string target);

    /// <summary>chmod(2).</summary>
    Errno SetMode(string path, UnixFileMode mode);

    /// <summary>chown(2).</summary>
    Errno SetOwner(string path, FileOwner owner);

    /// <summary>Sets all extended attributes that another file or directory has.</summary>
    Errno CopyAttributes(string source, string target);

    /// <summary>utimensat(2); null leaves a time as it is.</summary>
    Errno SetTimes(string path, DateTimeOffset? accessed, DateTimeOffset? written);

    /// <summary>Every name in a directory but "." and "..", in no particular order.</summary>
    Errno List(string path, ICollection<DirectoryEntry> entries);
}

/// <summary>How a file is opened (open(2)).</summary>
[Flags]
internal enum OpenFlags
{
    /// <summary>O_RDONLY.</summary>
    Read = 0,

    /// <summary>O_RDWR, or O_WRONLY: reading is then simply not used.</summary>
    Write = 1,

    /// <summary>O_CREAT.</summary>
    Create = 2,

    /// <summary>O_EXCL.</summary>
    Exclusive = 4,

    /// <summary>O_TRUNC.</summary>
    Truncate = 8,
}

/// <summary>What stat(2) tells, with the times.</summary>
internal readonly record struct NodeStatus(FileStatus Status, DateTimeOffset Created, DateTimeOffset Accessed, DateTimeOffset Written);
