using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Repair;

/// <summary>A document as it stands.</summary>
/// <param name="Key">Which document.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="Version">The transaction that wrote it; null if its stamp does not tell.</param>
internal sealed record StandingDocument(DocumentKey Key, byte[] Content, Lsn? Version);

/// <summary>Reads the documents of a sandbox and their versions, for a repair. What is no file that can be read is left out.</summary>
internal sealed class StampReader(IDurableFileSystem fs, ViewedRoot[] roots)
{
    /// <exception cref="StorageException">Something may not be read, or not now.</exception>
    public IEnumerable<StandingDocument> Read(string sandbox)
    {
        foreach (ViewedRoot root in roots)
        {
            if (root.Directory is not { } directory)
            {
                continue;
            }

            List<DirectoryEntry> entries = List(directory, sandbox);
            string?[] places = [null, .. entries.Where(IsContainer).Select(static entry => entry.Name)];
            foreach (string? container in places)
            {
                List<DirectoryEntry> inner = container is null ? entries : List(directory, $"{sandbox}/{container}");
                foreach (DirectoryEntry entry in inner.Where(DocumentReader.IsDocument))
                {
                    if (Read(directory, sandbox, new DocumentKey(root.Root, container, entry.Name)) is { } document)
                    {
                        yield return document;
                    }
                }
            }
        }
    }

    private static bool IsContainer(DirectoryEntry entry) => entry.Kind == FileKind.Directory && Identifier.IsFree(entry.Name);

    private List<DirectoryEntry> List(DirectoryHandle root, string path)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = fs.List(root, path, entries);
        StorageException.ThrowIfFailed(IsOfNoUse(errno) ? Errno.None : errno, "list the directory", root, path);
        return entries;
    }

    private StandingDocument? Read(DirectoryHandle root, string sandbox, DocumentKey key)
    {
        string path = DocumentId.Trusted(sandbox, key.Container, key.Root, key.File).RelativePath;
        Errno errno = StampedContent.Read(fs, root, path, RecordFormat.PayloadBytesMax, out StampedContent content);
        if (IsOfNoUse(errno))
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "read the document", root, path);
        using (content)
        {
            return new StandingDocument(key, content.Bytes.ToArray(), content.Version);
        }
    }

    /// <summary>Recovery could not read it either.</summary>
    private static bool IsOfNoUse(Errno errno) =>
        errno is Errno.NotFound or Errno.InputOutput or Errno.Damaged || StoreSurvey.IsOfOtherKind(errno);
}
