using System;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>Opens streams as .NET does on Linux: FileShare is a flock, and a file is emptied only once that is held.</summary>
internal sealed class FileOpening(SimulatedFiles files)
{
    /// <summary>What a file gets that was given no mode: 0666, less the umask.</summary>
    internal const UnixFileMode DefaultMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private const FileOptions KnownOptions = FileOptions.WriteThrough | FileOptions.Asynchronous | FileOptions.RandomAccess
        | FileOptions.DeleteOnClose | FileOptions.SequentialScan | FileOptions.Encrypted | (FileOptions)0x20000000;

    private IPathCalls Calls => files.Calls;

    internal SimulatedStream Open(
        string path, FileMode mode, FileAccess access, FileShare share, int bufferSize = 4096, FileOptions options = FileOptions.None)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ThrowIfUnknown(mode, access, share, options);
        ArgumentOutOfRangeException.ThrowIfNegative(bufferSize);
        ThrowIfContradictory(mode, access, nameof(access));
        return OpenAt(files.Absolute(path), mode, access, share, options, DefaultMode);
    }

    internal SimulatedStream Open(string path, FileStreamOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        ThrowIfContradictory(options.Mode, options.Access, nameof(options));
        bool creates = options.Mode is FileMode.Create or FileMode.CreateNew;
        if (options.PreallocationSize > 0 && (!creates || (options.Access & FileAccess.Write) == 0))
        {
            throw new ArgumentException("Preallocation needs a new file that is opened for writing.", nameof(options));
        }

        UnixFileMode created = options.UnixCreateMode ?? DefaultMode;
        SimulatedStream stream = OpenAt(files.Absolute(path), options.Mode, options.Access, options.Share, options.Options, created);
        if (options.PreallocationSize > 0)
        {
            Preallocate(stream, options.PreallocationSize);
        }

        return stream;
    }

    /// <summary>Opens an absolute path with arguments that are valid.</summary>
    internal SimulatedStream OpenAt(
        string path, FileMode mode, FileAccess access, FileShare share, FileOptions options, UnixFileMode created)
    {
        OpenFlags flags = Flags(mode, access);
        Errno errno = Calls.Open(path, flags, SimulatedFiles.Masked(created), out FileHandle? file);
        if (errno != Errno.None)
        {
            throw files.Error(errno == Errno.IsDirectory ? Errno.AccessDenied : errno, path);
        }

        try
        {
            return Begin(file!, path, mode, access, share, options);
        }
        catch
        {
            file!.Dispose();
            throw;
        }
    }

    private SimulatedStream Begin(FileHandle file, string path, FileMode mode, FileAccess access, FileShare share, FileOptions options)
    {
        files.ThrowIfFailed(Calls.Stat(file, out NodeStatus node), path);
        if (node.Status.Kind == FileKind.Directory)
        {
            throw files.Error(Errno.AccessDenied, path);
        }

        // A filesystem without locks is no reason not to open a file; only another's lock is.
        LockMode held = share == FileShare.None ? LockMode.Exclusive : LockMode.Shared;
        if (Calls.Handles.TryLock(file, LockRange.Whole, held) == Errno.WouldBlock)
        {
            throw files.Error(Errno.WouldBlock, path);
        }

        if (mode is FileMode.Create or FileMode.Truncate)
        {
            files.ThrowIfFailed(Calls.Truncate(file, 0), path);
        }

        return new SimulatedStream(Calls, file, path, access, options, append: mode == FileMode.Append ? node.Status.Size : null);
    }

    /// <summary>Reserves the space and leaves the size alone, as fallocate(2) does with FALLOC_FL_KEEP_SIZE.</summary>
    private void Preallocate(SimulatedStream stream, long size)
    {
        Errno errno = Calls.Handles.Allocate(stream.File, size);
        if (errno is Errno.NoSpace or Errno.FileTooLarge)
        {
            stream.Dispose();
            _ = Calls.Unlink(stream.Path);
            throw new IOException($"Failed to create '{stream.Path}' with allocation size '{size}': {errno}.");
        }

        files.ThrowIfFailed(Calls.Truncate(stream.File, 0), stream.Path);
    }

    private static OpenFlags Flags(FileMode mode, FileAccess access)
    {
        OpenFlags flags = access == FileAccess.Read ? OpenFlags.Read : OpenFlags.Write;
        return mode switch
        {
            FileMode.Append or FileMode.OpenOrCreate or FileMode.Create => flags | OpenFlags.Create,
            FileMode.CreateNew => flags | OpenFlags.Create | OpenFlags.Exclusive,
            _ => flags,
        };
    }

    private static void ThrowIfUnknown(FileMode mode, FileAccess access, FileShare share, FileOptions options)
    {
        string? bad = mode is < FileMode.CreateNew or > FileMode.Append ? nameof(mode)
            : access is < FileAccess.Read or > FileAccess.ReadWrite ? nameof(access)
            : (share & ~FileShare.Inheritable) is < FileShare.None or > (FileShare.ReadWrite | FileShare.Delete) ? nameof(share)
            : (options & ~KnownOptions) != 0 ? nameof(options)
            : null;
        if (bad is not null)
        {
            throw new ArgumentOutOfRangeException(bad, "Enum value was out of legal range.");
        }
    }

    private static void ThrowIfContradictory(FileMode mode, FileAccess access, string parameter)
    {
        if ((access & FileAccess.Write) == 0 && (mode is FileMode.Truncate or FileMode.CreateNew or FileMode.Create or FileMode.Append))
        {
            throw new ArgumentException($"Combining FileMode: {mode} with FileAccess: {access} is invalid.", parameter);
        }

        if ((access & FileAccess.Read) != 0 && mode == FileMode.Append)
        {
            throw new ArgumentException("Append access can be requested only in write-only mode.", parameter);
        }
    }
}
