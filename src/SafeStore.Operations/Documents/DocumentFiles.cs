using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Operations.Accept;

namespace SafeStore.Operations.Documents;

/// <summary>Finds and reads single documents.</summary>
internal sealed class DocumentFiles(StoreOptions options, ViewedRoot[] roots)
{
    private readonly IDurableFileSystem _fs = options.FileSystemInUse;

    public IReadOnlyList<DocumentId> Find(string sandbox, string? container, string file)
    {
        var found = new List<DocumentId>();
        foreach (ViewedRoot root in roots)
        {
            var document = new DocumentId(sandbox, container, root.Root, file);
            if (root.Directory is not { } directory)
            {
                continue;
            }

            Errno errno = _fs.Stat(directory, document.RelativePath, out FileStatus status);
            if (errno is not (Errno.NotFound or Errno.NotDirectory))
            {
                StorageException.ThrowIfFailed(errno, "look at the document", directory, document.RelativePath);
                found.AddRange(status.Kind == FileKind.Directory ? [] : [document]);
            }
        }

        return found;
    }

    public DocumentContent Read(DocumentId document)
    {
        DirectoryHandle directory = DirectoryOf(document);
        Errno errno = WholeFile.Read(
            _fs, directory, document.RelativePath, options.DocumentBytesMax, out byte[] rented, out int length);
        string path = CheckRead(errno, document, directory);
        byte[] bytes = rented.AsSpan(0, length).ToArray();
        ArrayPool<byte>.Shared.Return(rented);

        // Half of a surrogate pair, which programs may let pass, stands for no text: it cannot be compared, or written as JSON.
        return new DocumentContent(document, bytes, (JsonRules.FindFault(bytes) ?? JsonRules.FindTextFault(bytes)) is { } fault
            ? new DocumentCorruptException(document, path, fault.Position, fault.Reason) : null);
    }

    public StampCondition CheckAcceptance(DocumentId document, bool evenDamaged)
    {
        DirectoryHandle directory = DirectoryOf(document);
        Errno errno = StampedContent.Read(
            _fs, directory, document.RelativePath, options.DocumentBytesMax, out StampedContent content);
        string path = CheckRead(errno, document, directory);
        using (content)
        {
            return Acceptance.Check(document, path, content, evenDamaged);
        }
    }

    private DirectoryHandle DirectoryOf(DocumentId document)
    {
        ViewedRoot root = roots.First(each => each.Root == document.Root);
        return root.Directory ?? throw root.Failure!;
    }

    /// <returns>The document's full path.</returns>
    private string CheckRead(Errno errno, DocumentId document, DirectoryHandle directory)
    {
        string path = $"{directory.Path}/{document.RelativePath}";
        return errno switch
        {
            Errno.None => path,
            Errno.NotFound or Errno.NotDirectory => throw new NotFoundException("document", document.ToString()),
            Errno.FileTooLarge => throw new DocumentTooLargeException(document, path, options.DocumentBytesMax),
            _ => throw new StorageException("read the document", path, errno),
        };
    }
}
