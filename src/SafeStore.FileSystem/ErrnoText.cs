using System.Globalization;

namespace SafeStore.FileSystem;

/// <summary>Errors as the manual pages and other programs call them.</summary>
internal static class ErrnoText
{
    /// <summary>The name and the number, "EBUSY (16)"; "errno 200" where there is no name.</summary>
    public static string Of(Errno errno)
    {
        string number = ((int)errno).ToString(CultureInfo.InvariantCulture);
        return NameOf(errno) is { } name ? $"{name} ({number})" : $"errno {number}";
    }

    private static string? NameOf(Errno errno) => errno switch
    {
        Errno.NotPermitted => "EPERM",
        Errno.NotFound => "ENOENT",
        Errno.Interrupted => "EINTR",
        Errno.InputOutput => "EIO",
        Errno.NoSuchDevice => "ENXIO",
        Errno.ArgumentTooLong => "E2BIG",
        Errno.BadHandle => "EBADF",
        Errno.WouldBlock => "EAGAIN",
        Errno.NoMemory => "ENOMEM",
        Errno.AccessDenied => "EACCES",
        Errno.Busy => "EBUSY",
        Errno.Exists => "EEXIST",
        Errno.CrossDevice => "EXDEV",
        Errno.NoDevice => "ENODEV",
        Errno.NotDirectory => "ENOTDIR",
        Errno.IsDirectory => "EISDIR",
        Errno.Invalid => "EINVAL",
        Errno.SystemFileLimit => "ENFILE",
        Errno.ProcessFileLimit => "EMFILE",
        Errno.TextFileBusy => "ETXTBSY",
        Errno.FileTooLarge => "EFBIG",
        Errno.NoSpace => "ENOSPC",
        Errno.NotSeekable => "ESPIPE",
        Errno.ReadOnly => "EROFS",
        Errno.TooManyLinks => "EMLINK",
        Errno.OutOfRange => "ERANGE",
        Errno.NameTooLong => "ENAMETOOLONG",
        Errno.NoLocks => "ENOLCK",
        Errno.NotImplemented => "ENOSYS",
        Errno.NotEmpty => "ENOTEMPTY",
        Errno.SymbolicLink => "ELOOP",
        Errno.NoData => "ENODATA",
        Errno.LinkSevered => "ENOLINK",
        Errno.Protocol => "EPROTO",
        Errno.BadMessage => "EBADMSG",
        Errno.Overflow => "EOVERFLOW",
        Errno.IllegalName => "EILSEQ",
        Errno.NotSupported => "EOPNOTSUPP",
        Errno.NotConnected => "ENOTCONN",
        Errno.ShutDown => "ESHUTDOWN",
        Errno.TimedOut => "ETIMEDOUT",
        Errno.HostDown => "EHOSTDOWN",
        Errno.Stale => "ESTALE",
        Errno.Damaged => "EUCLEAN",
        Errno.RemoteInputOutput => "EREMOTEIO",
        Errno.QuotaExceeded => "EDQUOT",
        Errno.NoMedium => "ENOMEDIUM",
        Errno.NoKey => "ENOKEY",
        _ => null,
    };
}
