using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Sandboxes;

/// <summary>What lies in a sandbox or container and is neither a document nor the store's; its removal takes that too.</summary>
internal sealed class ForeignEntries(IDurableFileSystem fs)
{
    /// <summary>The paths in the root, sorted; a directory stands for all that is in it.</summary>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    public IEnumerable<string> Find(DirectoryHandle root, StoreRoot which, string sandbox, string? container)
    {
        string path = container is null ? sandbox : $"{sandbox}/{container}";
        var entries = new List<DirectoryEntry>();
        Errno errno = fs.List(root, path, entries);
        if (errno is not (Errno.NotFound or Errno.NotDirectory))
        {
            StorageException.ThrowIfFailed(errno, "list the directory", root, path);
        }

        return entries.OrderBy(static each => each.Name, System.StringComparer.Ordinal).SelectMany(each => each switch
        {
            { Kind: FileKind.Directory } when container is null && Identifier.IsFree(each.Name) => Find(root, which, sandbox, each.Name),
            { Kind: FileKind.Directory, Name: Identifier.TempDirectory } when container is null && which == StoreRoot.Run => [],
            { Kind: FileKind.Regular, Name: Identifier.LockFile } when container is null && which == StoreRoot.Run => [],
            { Kind: FileKind.Regular } when Identifier.IsFree(each.Name) => [],
            _ => [$"{path}/{each.Name}"],
        });
    }
}
