using System;
using System.IO;

namespace SafeStore.FileSystem;

/// <summary>
/// Writes whole files so that every reader sees either the old or the new content, never a part, and the content is durable when
/// <see cref="Write(string, ReadOnlySpan{byte})"/> returns: a temp file in the same directory, fsync, rename over the target, fsync
/// of the directory.
/// </summary>
/// <remarks>
/// <para>A symbolic link at the target is itself replaced by the file; what it led to stays as it was. A link at the temp file's name is
/// never followed.</para>
/// <para>A file that is replaced keeps its mode, its access list, its label and its attributes of users, and where permitted its owner and
/// group; never setuid, setgid or a capability.</para>
/// <para>A crash may leave a temp file (<c>.ss-</c>, 16 hexadecimal digits, <c>.tmp</c>) behind.</para>
/// </remarks>
/// <param name="fileSystem">Where to write.</param>
/// <example><code>new AtomicFile(new PosixFileSystem()).Write("/var/lib/app/settings.json", bytes);</code></example>
public sealed class AtomicFile(IDurableFileSystem fileSystem)
{
    private const int NameAttempts = 8;

    private readonly NameSource _names = new(fileSystem);
    private readonly IDurableFileSystem _fileSystem = fileSystem ?? throw new ArgumentNullException(nameof(fileSystem));

    internal const UnixFileMode DefaultMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    /// <summary>The permission bits of files that are new, set exactly, whatever the umask. The default is 0640.</summary>
    public UnixFileMode Mode
    {
        get => Permissions.Mode;
        init => Permissions = value;
    }

    /// <summary>The permissions of files that are new.</summary>
    internal FilePermissions Permissions { get; init; } = DefaultMode;

    /// <summary>
    /// Whether the content is durable when the write returns, which is the default. Without, the write is as atomic for all who look,
    /// but after a power loss the old, the new or, on some filesystems, an empty file may be found.
    /// </summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>Writes a file by its absolute path. Symbolic links before the last component are followed.</summary>
    /// <param name="path">The absolute path.</param>
    /// <param name="content">The whole content.</param>
    /// <exception cref="ArgumentException">The path is not the absolute path of a file.</exception>
    /// <exception cref="StorageException">The file could not be written; the old content stands, and the temp file is removed.</exception>
    /// <exception cref="NotDurableException">The new content stands, but may not survive a power loss.</exception>
    public void Write(string path, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(path);
        int slash = path.LastIndexOf('/');
        if (!path.StartsWith('/') || path.Contains('\0', StringComparison.Ordinal) || !IsName(path[(slash + 1)..]))
        {
            throw new ArgumentException("The path must be the absolute path of a file.", nameof(path));
        }

        string parent = slash == 0 ? "/" : path[..slash];
        StorageException.ThrowIfFailed(_fileSystem.OpenRoot(parent, out DirectoryHandle? directory), "open the directory", parent);
        using (directory)
        {
            Write(directory!, path[(slash + 1)..], content);
        }
    }

    /// <summary>Writes a file in an open directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The file's name, a single component.</param>
    /// <param name="content">The whole content.</param>
    /// <exception cref="ArgumentException">The name is empty, "." or "..", or contains '/' or NUL.</exception>
    /// <exception cref="StorageException">The file could not be written; the old content stands, and the temp file is removed.</exception>
    /// <exception cref="NotDurableException">The new content stands, but may not survive a power loss.</exception>
    public void Write(DirectoryHandle directory, string name, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(name);
        if (!IsName(name))
        {
            throw new ArgumentException("The name must be a single component of a path.", nameof(name));
        }

        string path = $"{directory.Path}/{name}";
        bool isReplaced = _fileSystem.Stat(directory, name, out FileStatus old) == Errno.None && old.Kind == FileKind.Regular;
        using (FileHandle file = CreateTemp(directory, name, isReplaced ? FilePermissions.OfSuccessor(old) : Permissions, out string temp))
        {
            // No try and catch: a failure is an errno here, and its cleanup must neither replace it nor follow any other exception.
            string operation = "write the temp file";
            Errno errno = Fill(file, content);
            if (errno == Errno.None && isReplaced)
            {
                operation = "keep the attributes";
                errno = _fileSystem.CopyAttributes(directory, name, directory, temp);
                errno = errno == Errno.NotFound ? Errno.None : errno; // another program has removed the old file meanwhile
            }

            if (errno == Errno.None && IsDurable)
            {
                operation = "sync the temp file";
                errno = _fileSystem.SyncFile(file);
            }

            if (errno == Errno.None)
            {
                operation = "rename the temp file";
                errno = _fileSystem.Rename(directory, temp, directory, name, RenameKind.Replace);
            }

            if (errno != Errno.None)
            {
                _ = _fileSystem.Unlink(directory, temp);
                throw new StorageException(operation, path, errno);
            }
        }

        Errno sync = IsDurable ? _fileSystem.SyncDirectory(directory) : Errno.None;
        if (sync != Errno.None)
        {
            throw new NotDurableException(path, sync);
        }
    }

    /// <summary>The first half of a write: the content in a temp file beside its target, neither synced nor renamed.</summary>
    internal FileHandle WriteTemp(DirectoryHandle directory, string target, ReadOnlySpan<byte> content, out string temp)
    {
        string path = $"{directory.Path}/{target}";
        FileHandle file = CreateTemp(directory, target, Permissions, out temp);
        Errno errno = Fill(file, content);
        if (errno == Errno.None)
        {
            return file;
        }

        file.Dispose();
        _ = _fileSystem.Unlink(directory, temp);
        throw new StorageException("write the temp file", path, errno);
    }

    private static bool IsName(string name) =>
        name is not ("" or "." or "..") && !name.Contains('/', StringComparison.Ordinal) && !name.Contains('\0', StringComparison.Ordinal);

    private FileHandle CreateTemp(DirectoryHandle directory, string target, in FilePermissions permissions, out string name)
    {
        Errno errno = Errno.Exists;
        name = "";
        for (int attempt = 0; errno == Errno.Exists && attempt < NameAttempts; attempt++)
        {
            name = TempName.NewFile(_names);
            errno = _fileSystem.CreateFile(directory, name, permissions, out FileHandle? file);
            if (errno == Errno.None)
            {
                return file!;
            }
        }

        throw new StorageException("create a temp file", $"{directory.Path}/{target}", errno);
    }

    private Errno Fill(FileHandle file, ReadOnlySpan<byte> content)
    {
        for (int written = 0; written < content.Length;)
        {
            Errno errno = _fileSystem.Write(file, content[written..], written, out int count);
            if (errno != Errno.None)
            {
                return errno;
            }

            if (count == 0)
            {
                return Errno.InputOutput; // A device that takes nothing and gives no reason would be asked forever.
            }

            written += count;
        }

        return Errno.None;
    }
}
