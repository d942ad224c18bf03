using System;
using System.Globalization;
using SafeStore.FileSystem;

namespace SafeStore;

/// <summary>
/// A change was made and is visible, but may not survive a power loss: the sync after it failed. Unlike after a
/// <see cref="StorageException"/>, the old content is gone.
/// </summary>
public sealed class NotDurableException : SafeStoreException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">What was changed.</param>
    /// <param name="errno">Why the sync failed.</param>
    /// <param name="innerException">What caused it, if anything did.</param>
    public NotDurableException(string path, Errno errno, Exception? innerException = null)
        : base(Describe(path, errno), innerException)
    {
        Path = path;
        Errno = errno;
        HResult = (int)errno;
    }

    /// <inheritdoc/>
    public override string Code => "not-durable";

    /// <summary>What was changed.</summary>
    public string Path { get; }

    /// <summary>Why the sync failed.</summary>
    public Errno Errno { get; }

    private static string Describe(string path, Errno errno) => string.Create(
        CultureInfo.InvariantCulture,
        $"The new content of '{path}' is visible, but may not be durable: syncing its directory failed with {ErrnoText.Of(errno)}. "
        + $"Look at the kernel log; then write the file again.");
}
