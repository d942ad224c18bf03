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

    /// <summary>
    /// EINTR: interrupted by a signal. Implementations of the seam retry it, but for syncs, where it is final like any error.
    /// </summary>
    Interrupted = 4,

    /// <summary>EIO: the device failed.</summary>
    InputOutput = 5,

    /// <summary>ENXIO: no such device or address; a socket that was to be opened.</summary>
    NoSuchDevice = 6,

    /// <summary>E2BIG: a value is longer than the kernel takes.</summary>
    ArgumentTooLong = 7,

    /// <summary>EBADF: the handle is closed, or not open for this.</summary>
    BadHandle = 9,

    /// <summary>EAGAIN: another holder excludes the lock.</summary>
    WouldBlock = 11,

    /// <summary>ENOMEM: the kernel has no memory left.</summary>
    NoMemory = 12,

    /// <summary>EACCES: permission denied.</summary>
    AccessDenied = 13,

    /// <summary>EBUSY: something is mounted there, or the kernel uses it.</summary>
    Busy = 16,

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

    /// <summary>ETXTBSY: the file is a program that is running, or swap space.</summary>
    TextFileBusy = 26,

    /// <summary>EFBIG: the file would be too large.</summary>
    FileTooLarge = 27,

    /// <summary>ENOSPC: the filesystem is full.</summary>
    NoSpace = 28,

    /// <summary>ESPIPE: a pipe or socket, which has no positions.</summary>
    NotSeekable = 29,

    /// <summary>EROFS: the filesystem is read-only.</summary>
    ReadOnly = 30,

    /// <summary>EMLINK: the file or directory has as many names as the filesystem allows.</summary>
    TooManyLinks = 31,

    /// <summary>ERANGE: a value does not fit into what was given for it; a name of an attribute that is too long.</summary>
    OutOfRange = 34,

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

    /// <summary>ENOLINK: the filesystem has lost its server or device.</summary>
    LinkSevered = 67,

    /// <summary>EPROTO: the server of a filesystem answers nonsense.</summary>
    Protocol = 71,

    /// <summary>EBADMSG: a checksum of the filesystem does not fit (XFS, ext4).</summary>
    BadMessage = 74,

    /// <summary>EOVERFLOW: a number of the file is too large for the call.</summary>
    Overflow = 75,

    /// <summary>EILSEQ: the filesystem cannot express the name.</summary>
    IllegalName = 84,

    /// <summary>EOPNOTSUPP: the filesystem does not support the operation.</summary>
    NotSupported = 95,

    /// <summary>ENOTCONN: the server of a filesystem (FUSE) is gone.</summary>
    NotConnected = 107,

    /// <summary>ESHUTDOWN: the filesystem was shut down.</summary>
    ShutDown = 108,

    /// <summary>ETIMEDOUT: the device or server did not answer in time.</summary>
    TimedOut = 110,

    /// <summary>EHOSTDOWN: the server of a filesystem is down.</summary>
    HostDown = 112,

    /// <summary>ESTALE: the file's handle is stale (network filesystems).</summary>
    Stale = 116,

    /// <summary>EUCLEAN: the filesystem has found itself damaged (EFSCORRUPTED in the kernel's filesystems).</summary>
    Damaged = 117,

    /// <summary>EREMOTEIO: the device behind the filesystem failed.</summary>
    RemoteInputOutput = 121,

    /// <summary>EDQUOT: the quota is used up.</summary>
    QuotaExceeded = 122,

    /// <summary>ENOMEDIUM: the device has no medium.</summary>
    NoMedium = 123,

    /// <summary>ENOKEY: the key of an encrypted directory is not there.</summary>
    NoKey = 126,

    /// <summary>EKEYEXPIRED: the key of an encrypted directory has expired.</summary>
    KeyExpired = 127,

    /// <summary>EKEYREVOKED: the key of an encrypted directory was revoked.</summary>
    KeyRevoked = 128,

    /// <summary>EKEYREJECTED: the key of an encrypted directory was rejected.</summary>
    KeyRejected = 129,

    /// <summary>EHWPOISON: the machine's memory that held it has failed.</summary>
    HardwarePoison = 133,
}
