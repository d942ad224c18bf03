using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>A document that must be as a transaction wrote it.</summary>
internal readonly record struct RequiredDocument(DocumentId Document, Lsn Version);

/// <summary>What a change may require of single documents: their stamps tell, under the sandbox's lock.</summary>
internal sealed class DocumentRules(RootSet roots)
{
    private const int LargestDocument = 64 * 1024 * 1024; // of any store's options

    /// <exception cref="VersionConflictException">It is not at this version, or that is not known.</exception>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public void Check(RequiredDocument required)
    {
        (DocumentId document, Lsn version) = required;
        DirectoryHandle root = roots[document.Root].Directory;
        Errno errno = StampedContent.Read(roots.FileSystem, root, document.RelativePath, LargestDocument, out StampedContent content);
        if (errno is Errno.NotFound or Errno.NotDirectory)
        {
            throw new VersionConflictException(document, version, default, "it does not exist");
        }

        StorageException.ThrowIfFailed(errno, "look at a document's version", root, document.RelativePath);
        using (content)
        {
            if (content.Version == version)
            {
                return;
            }

            Lsn actual = content.Stamp?.Lsn ?? default;
            throw new VersionConflictException(document, version, actual, content.State switch
            {
                StampState.Holds => $"it is at version {actual}",
                StampState.Edited => $"another program has edited it since version {actual}",
                StampState.Damaged => $"it is damaged: its content does not fit its stamp of version {actual}",
                StampState.Unknown => "its stamp is of another version of SafeStore",
                _ => "it has no stamp, so its version is not known",
            });
        }
    }
}
