using System;
using System.Buffers;
using SafeStore.FileSystem;

namespace SafeStore.Documents;

/// <summary>
/// A document's content and what its stamp says of it, both of one file. To be disposed when the content is not needed any more.
/// </summary>
/// <param name="Rented">From the shared pool.</param>
/// <param name="Length">How many bytes of it are the document's.</param>
/// <param name="Stamp">The stamp, if there is one that can be read.</param>
/// <param name="State">What it says of the content.</param>
internal readonly record struct StampedContent(byte[] Rented, int Length, DocumentStamp? Stamp, StampState State) : IDisposable
{
    public ReadOnlySpan<byte> Bytes => Rented.AsSpan(0, Length);

    /// <summary>The transaction that wrote the content; null if that is not known.</summary>
    public Lsn? Version => State == StampState.Holds ? Stamp!.Value.Lsn : null;

    /// <summary>Reads a document with its stamp.</summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="root">The document's root.</param>
    /// <param name="path">Its path from there.</param>
    /// <param name="limit">The largest size in bytes; a larger file gives <see cref="Errno.FileTooLarge"/>.</param>
    /// <param name="content">The content; with nothing to dispose unless the result is <see cref="Errno.None"/>.</param>
    public static Errno Read(IDurableFileSystem fs, DirectoryHandle root, string path, int limit, out StampedContent content)
    {
        content = default;
        Errno errno = fs.OpenFile(root, path, FileUse.Read, out FileHandle? file);
        if (errno != Errno.None)
        {
            return errno;
        }

        using (file)
        {
            errno = WholeFile.Read(fs, file!, limit, out byte[] rented, out int length);
            if (errno != Errno.None)
            {
                return errno;
            }

            errno = DocumentStamp.Look(fs, file!, rented.AsSpan(0, length), out DocumentStamp? stamp, out StampState state);
            content = new StampedContent(rented, length, stamp, state);
        }

        if (errno != Errno.None)
        {
            content.Dispose();
            content = default;
        }

        return errno;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(Rented);
}
