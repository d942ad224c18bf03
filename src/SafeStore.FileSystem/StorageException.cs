using System;
using SafeStore.FileSystem;

namespace SafeStore;

/// <summary>
/// The operating system refused a call: the disk is full, failing, read-only, the path is not allowed. Unless a type derived from
/// this says otherwise, nothing was changed.
/// </summary>
public sealed class StorageException : SafeStoreException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="operation">What was tried, as a verb and object: "create a temp file".</param>
    /// <param name="path">On which path.</param>
    /// <param name="errno">What the operating system said.</param>
    /// <param name="innerException">What caused it, if anything did.</param>
    public StorageException(string operation, string path, Errno errno, Exception? innerException = null)
        : base(Describe(operation, path, errno), innerException)
    {
        Operation = operation;
        Path = path;
        Errno = errno;
        HResult = (int)errno;
    }

    /// <inheritdoc/>
    public override string Code => Errno switch
    {
        Errno.NoSpace or Errno.QuotaExceeded => "no-space",
        Errno.SymbolicLink => "symbolic-link",
        _ => "storage",
    };

    /// <summary>What was tried.</summary>
    public string Operation { get; }

    /// <summary>On which path.</summary>
    public string Path { get; }

    /// <summary>What the operating system said.</summary>
    public Errno Errno { get; }

    private StorageException(StorageException of, string advice)
        : base($"{Told(of.Operation, of.Path, of.Errno)} {advice}", of)
    {
        Operation = of.Operation;
        Path = of.Path;
        Errno = of.Errno;
        HResult = (int)of.Errno;
    }

    /// <summary>Throws unless a call succeeded.</summary>
    internal static void ThrowIfFailed(Errno errno, string operation, string path)
    {
        if (errno != Errno.None)
        {
            throw new StorageException(operation, path, errno);
        }
    }

    /// <summary>Throws unless a call succeeded; the path is formed only then.</summary>
    internal static void ThrowIfFailed(Errno errno, string operation, FileHandle file)
    {
        if (errno != Errno.None)
        {
            throw new StorageException(operation, file.Path, errno);
        }
    }

    /// <summary>Throws unless a call succeeded; the path is formed only then.</summary>
    internal static void ThrowIfFailed(Errno errno, string operation, DirectoryHandle directory)
    {
        if (errno != Errno.None)
        {
            throw new StorageException(operation, directory.Path, errno);
        }
    }

    /// <summary>Throws unless a call succeeded; the path is formed only then.</summary>
    internal static void ThrowIfFailed(Errno errno, string operation, DirectoryHandle directory, string name)
    {
        if (errno != Errno.None)
        {
            throw new StorageException(operation, $"{directory.Path}/{name}", errno);
        }
    }

    /// <summary>Throws unless a call succeeded; the path is joined only then.</summary>
    internal static void ThrowIfFailed(Errno errno, string operation, string directory, string name)
    {
        if (errno != Errno.None)
        {
            throw new StorageException(operation, $"{directory}/{name}", errno);
        }
    }

    /// <summary>The same with other advice, where the usual one does not fit.</summary>
    internal StorageException WithAdvice(string advice) => new(this, advice);

    private static string Describe(string operation, string path, Errno errno) => $"{Told(operation, path, errno)} {Advice(errno)}";

    private static string Told(string operation, string path, Errno errno) =>
        $"Could not {operation}{(NeedsObject(operation) ? "" : " at")} '{path}': {ErrnoText.Of(errno)}.";

    /// <summary>"read", "look at": the path itself is what it was tried on.</summary>
    private static bool NeedsObject(string operation) =>
        !operation.Contains(' ', StringComparison.Ordinal) || operation.EndsWith(" at", StringComparison.Ordinal)
        || operation.EndsWith(" by", StringComparison.Ordinal);

    private static string Advice(Errno errno) => errno switch
    {
        Errno.NoSpace => "The filesystem is full: free some space and try again.",
        Errno.QuotaExceeded => "The quota is used up: free some space or raise the quota, then try again.",
        Errno.InputOutput => "The device failed: look at the kernel log before trying again.",
        Errno.Damaged => "The filesystem has met an error of its own: look at the kernel log, and check it (fsck).",
        Errno.ReadOnly => "The filesystem is read-only: remount it writable, after a look at the kernel log.",
        Errno.AccessDenied or Errno.NotPermitted => "Check the owner and the permissions of the path and of the directories above it.",
        Errno.ProcessFileLimit => "The process has too many open files: raise its limit (ulimit -n) or find the leak.",
        Errno.SystemFileLimit => "The machine has too many open files: raise fs.file-max or find the leak.",
        Errno.SymbolicLink =>
        "A symbolic link is in the way; SafeStore follows none inside a root. Find out where it comes from, and remove it.",
        Errno.Busy => "Something is mounted there, or the kernel uses it: unmount it (findmnt shows what) and try again.",
        Errno.CrossDevice => "It would have to move to another filesystem, mount or project: bring both to the same one.",
        Errno.TooManyLinks => "It has more names than is allowed: remove some of the directories or links.",
        Errno.FileTooLarge => "The file is or would become larger than its kind, the filesystem or the process (ulimit -f) may have it.",
        Errno.BadMessage or Errno.Stale or Errno.NotConnected or Errno.ShutDown or Errno.NoMedium or Errno.RemoteInputOutput
            or Errno.LinkSevered or Errno.Protocol or Errno.TimedOut or Errno.HostDown =>
            "The filesystem has failed: look at the kernel log, and mount it anew when it is whole.",
        Errno.HardwarePoison => "The memory that held it has failed: look at the kernel log, and let the machine be checked.",
        Errno.TextFileBusy => "The file is a program that runs, or swap space: stop that and try again.",
        Errno.NameTooLong or Errno.IllegalName => "The filesystem cannot have such a name: choose a shorter or simpler one.",
        Errno.NotDirectory or Errno.IsDirectory or Errno.NotSeekable or Errno.NoSuchDevice =>
            "Another program has put something else there: find out what, and move it away.",
        Errno.NotImplemented => "The kernel does not know the call, or a seccomp filter refuses it: allow it there.",
        Errno.NotSupported or Errno.Invalid => "The filesystem does not support this: put it on ext4, XFS, btrfs or tmpfs.",
        Errno.NoMemory => "The kernel has no memory left: free some and try again.",
        Errno.NoKey or Errno.KeyExpired or Errno.KeyRevoked or Errno.KeyRejected =>
            "The directory is encrypted and its key is missing: add the key and try again.",
        Errno.NotEmpty => "The directory is not empty: was something put into it by another program?",
        Errno.NoLocks => "The filesystem has no usable locks: put the roots on a local filesystem.",
        Errno.NotFound => "Check the path: what should be there never was, or is gone.",
        _ => "Check the path and the kernel log.",
    };
}
