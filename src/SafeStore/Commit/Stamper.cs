using System;
using SafeStore.Diagnostics;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>
/// Stamps documents where no reader looks, before they get their names: then no document ever has a stamp of another content. One without
/// a stamp is as good as the filesystem lets it be.
/// </summary>
internal sealed class Stamper(RootSet roots, EngineEvents events)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;

    /// <summary>Stamps a document, or tells that it cannot be.</summary>
    /// <param name="directory">Where it lies.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="lsn">The transaction that writes it.</param>
    /// <param name="content">What it has.</param>
    public void Stamp(DirectoryHandle directory, string name, Lsn lsn, ReadOnlySpan<byte> content)
    {
        Span<byte> value = stackalloc byte[DocumentStamp.Bytes];
        DocumentStamp.Of(lsn, roots.Clock.GetUtcNow(), content).Write(value);
        Errno errno = _fs.SetAttribute(directory, name, StampAttribute.Name, value);
        if (IsForLackOfAttributes(errno))
        {
            events.NotStamped(directory.Path, errno);
            return;
        }

        StorageException.ThrowIfFailed(errno, "stamp a document", directory, name);
    }

    /// <summary>The filesystem, or a filter of calls, has no attributes of users, no room for one, or not for this process.</summary>
    private static bool IsForLackOfAttributes(Errno errno) => errno is Errno.NotSupported or Errno.NotImplemented
        or Errno.NoSpace or Errno.QuotaExceeded or Errno.OutOfRange or Errno.ArgumentTooLong or Errno.NotPermitted or Errno.AccessDenied;
}
