namespace SafeStore.FileSystem;

/// <summary>
/// The result of a call into the operating system: zero, or the error number that Linux gave (errno(3), generic numbering of
/// x86-64 and arm64). Numbers without a name here are valid values too.
/// </summary>
public enum Errno
{
    /// <summary>The call succeeded.</summary>
    None = 0,

    /// <summary>EPERM: operation not permitted.</summary>
    NotPermitted = 1,

    /// <summary>ENOENT: no such file or directory.</summary>
    NotFound = 2,

    /// <summary>EINTR: interrupted by a signal. Implementations of the seam retry it, but for syncs, where it is final like any error.</summary>
    Interrupted = 4,

    /// <summary>EIO: the device failed.</summary>
    InputOutput = 5,

    /// <summary>EBADF: the handle is closed, or not open for this.</summary>
    BadHandle = 9,

    /// <summary>EAGAIN: somebody else holds the lock.</summary>
    WouldBlock = 11,

    /// <summary>ENOMEM: the kernel has no memory left.</summary>
    NoMemory = 12,

    /// <summary>EACCES: permission denied.</summary>
    AccessDenied = 13,

    /// <summary>EEXIST: the name is taken.</summary>
    Exists = 17,

    /// <summary>EXDEV: source and target lie on different filesystems.</summary>
    CrossDevice = 18,

    /// <summary>ENODEV: the filesystem cannot do this (map a file, for instance).</summary>
    NoDevice = 19,

    /// <summary>ENOTDIR: a component of the path is not a directory.</summary>
    NotDirectory = 20,

    /// <summary>EISDIR: the path is a directory.</summary>
    IsDirectory = 21,

    /// <summary>EINVAL: an argument, or a flag that this filesystem does not know.</summary>
    Invalid = 22,

    /// <summary>ENFILE: the machine has no file handle left.</summary>
    SystemFileLimit = 23,

    /// <summary>EMFILE: the process has no file handle left.</summary>
    ProcessFileLimit = 24,

    /// <summary>EFBIG: the file would be too large.</summary>
    FileTooLarge = 27,

    /// <summary>ENOSPC: the filesystem is full.</summary>
    NoSpace = 28,

    /// <summary>EROFS: the filesystem is read-only.</summary>
    ReadOnly = 30,

    /// <summary>ENAMETOOLONG: a name or path is too long.</summary>
    NameTooLong = 36,

    /// <summary>ENOLCK: the filesystem has no locks, or none left.</summary>
    NoLocks = 37,

    /// <summary>ENOSYS: the kernel does not know the call.</summary>
    NotImplemented = 38,

    /// <summary>ENOTEMPTY: the directory is not empty.</summary>
    NotEmpty = 39,

    /// <summary>ELOOP: a symbolic link, where none is allowed.</summary>
    SymbolicLink = 40,

    /// <summary>ENODATA: the extended attribute does not exist.</summary>
    NoData = 61,

    /// <summary>EOPNOTSUPP: the filesystem does not support the operation.</summary>
    NotSupported = 95,

    /// <summary>ESTALE: the file's handle is stale (network filesystems).</summary>
    Stale = 116,

    /// <summary>EUCLEAN: the filesystem has found itself damaged (EFSCORRUPTED in the kernel's filesystems).</summary>
    Damaged = 117,

    /// <summary>EDQUOT: the quota is used up.</summary>
    QuotaExceeded = 122,
}
