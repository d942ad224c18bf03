using System;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

/// <summary>Takes the stamps of a store's roots, directories and documents.</summary>
internal sealed class Stamps(IDurableFileSystem fs, RootSet roots)
{
    /// <summary>The stamp of a root itself; null if it cannot be told.</summary>
    public FileStamp? OfRoot(StoreRoot root) => Of(root, ".");

    /// <summary>The stamp of a sandbox's or container's directory; null if it does not exist.</summary>
    public bool TryOf(StoreRoot root, string sandbox, string? container, out FileStamp? stamp)
    {
        Span<char> path = stackalloc char[DocumentAddress.PathCharactersMax];
        int length = sandbox.Length;
        sandbox.CopyTo(path);
        if (container is not null)
        {
            path[length++] = '/';
            container.CopyTo(path[length..]);
            length += container.Length;
        }

        Errno errno = fs.Stamp(roots[root].Directory, path[..length], out FileStamp found);
        stamp = errno == Errno.None ? found : null;
        return errno is Errno.None or Errno.NotFound;
    }

    /// <summary>The stamp of a document; null if it does not exist, or cannot be told.</summary>
    public FileStamp? Of(DocumentId document)
    {
        Span<char> path = stackalloc char[DocumentAddress.PathCharactersMax];
        return Of(document.Root, path[..document.Address.WritePath(path)]);
    }

    private FileStamp? Of(StoreRoot root, ReadOnlySpan<char> path) =>
        fs.Stamp(roots[root].Directory, path, out FileStamp stamp) == Errno.None ? stamp : null;
}
