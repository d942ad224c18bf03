using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Operations.Repair;

/// <summary>Mends documents one by one: looks, keeps what is there, and then lets a transaction write or remove it.</summary>
/// <param name="options">How the store is opened.</param>
/// <param name="values">What a document is to have; null if it is to be removed.</param>
/// <param name="keptOf">Where a quarantine has a document; null if none has.</param>
internal sealed class DocumentMender(StoreOptions options, Func<DocumentId, DocumentValue>? values, Func<DocumentId, string?> keptOf)
{
    private readonly IDurableFileSystem _fs = options.FileSystemInUse;

    /// <summary>What is to be done with a document, as it stands.</summary>
    /// <param name="directoryOf">The roots' directories.</param>
    /// <param name="document">Which document.</param>
    public MendedDocument Look(Func<StoreRoot, DirectoryHandle> directoryOf, DocumentId document)
    {
        DirectoryHandle root = directoryOf(document.Root);
        DocumentValue? value = values?.Invoke(document);
        Errno errno = StampedContent.Read(_fs, root, document.RelativePath, options.DocumentBytesMax, out StampedContent content);
        if (errno is Errno.AccessDenied)
        {
            throw new StorageException("read the document", $"{root.Path}/{document.RelativePath}", errno);
        }

        if (errno == Errno.None)
        {
            using (content)
            {
                if (FindGood(content, value) is { } good)
                {
                    return new MendedDocument(document, MendedKind.Good, good);
                }
            }
        }

        if (errno == Errno.NotFound && values is null && keptOf(document) is { } kept)
        {
            return new MendedDocument(document, MendedKind.Good, $"It is removed already, and lies in '{kept}'.");
        }

        string? obstacle = value is { Content: null } ? $"{char.ToUpperInvariant(value.Message[0])}{value.Message[1..]}."
            : FindObstacle(directoryOf, document, value);
        return obstacle is not null ? new MendedDocument(document, MendedKind.NotMended, obstacle)
            : value is null ? new MendedDocument(document, MendedKind.Removed, "It goes to the quarantine.")
            : new MendedDocument(document, MendedKind.Replaced, $"Its value is from {value.Message}.") { Source = value.Lsn };
    }

    /// <summary>Does it, under the sandbox's lock.</summary>
    public async Task<MendedDocument> MendAsync(
        StateStore store, RootSet roots, Func<StoreRoot, Quarantine> quarantines, DocumentId document, CancellationToken cancellation)
    {
        SandboxLock held = await store.LockAsync(document.Sandbox, cancellationToken: cancellation).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            MendedDocument mended = Look(root => roots[root].Directory, document);
            if (mended.Kind is MendedKind.Good or MendedKind.NotMended)
            {
                return mended;
            }

            string? kept = Keep(roots[document.Root], quarantines(document.Root), document);
            SandboxChange change = held.Change();
            change = values?.Invoke(document).Content is { } value
                ? change.PutJson(document.Root, document.Container, document.File, value)
                : change.Remove(document.Root, document.Container, document.File);
            Lsn lsn = await change.CommitAsync(cancellation).ConfigureAwait(false);
            return mended with { Lsn = lsn, Quarantine = kept };
        }
    }

    /// <summary>What a document's place is not to be cleared of, or what a document cannot be put beside.</summary>
    private string? FindObstacle(Func<StoreRoot, DirectoryHandle> directoryOf, DocumentId document, DocumentValue? value)
    {
        FileKind? own = KindOf(directoryOf(document.Root), document.RelativePath);
        if (document.Container is not null || (value is null && own is null))
        {
            return own is null && value is null ? "It does not exist." : null;
        }

        StoreRoot root = document.Root == StoreRoot.Config ? StoreRoot.Run : StoreRoot.Config;
        return own == FileKind.Directory && value is null
                ? $"It is a directory, and so a container: 'safestore rm {document.RelativePath}' removes that."
            : KindOf(directoryOf(root), document.RelativePath) == FileKind.Directory
                ? $"The other root has a container of that name: '{directoryOf(root).Path}/{document.RelativePath}'."
            : null;
    }

    private FileKind? KindOf(DirectoryHandle root, string path)
    {
        Errno errno = _fs.Stat(root, path, out FileStatus status);
        bool isThere = errno is not (Errno.NotFound or Errno.NotDirectory);
        StorageException.ThrowIfFailed(isThere ? errno : Errno.None, "look at the document", root, path);
        return isThere ? status.Kind : null;
    }

    /// <summary>Why a document is left alone.</summary>
    private static string? FindGood(in StampedContent content, DocumentValue? value)
    {
        bool isJson = JsonRules.FindFault(content.Bytes) is null;
        return content.State == StampState.Holds && isJson ? "Its stamp holds: it is what a transaction wrote."
            : value is not null && content.State == StampState.None && content.Bytes.SequenceEqual(value.Content) ? "It has this value."
            : value is null && isJson && content.State is StampState.None or StampState.Unknown
                ? "Nothing tells of damage. 'safestore rm' removes a document."
            : null;
    }

    /// <summary>Copies what is there; what is no file, or cannot be read, is moved. Durable on return.</summary>
    private string? Keep(RootDirectory root, Quarantine quarantine, DocumentId document)
    {
        if (KindOf(root.Directory, document.RelativePath) is not { } kind)
        {
            return null;
        }

        string place = LinuxPath.GetDirectoryName(document.RelativePath)!;
        string target = $"documents/{place}";
        StorageException.ThrowIfFailed(
            _fs.OpenDirectory(root.Directory, place, out DirectoryHandle? directory), "open the directory", root.Directory, place);
        using (directory)
        {
            bool isCopied = quarantine.TryCopy(directory!, document.File, target);
            if (!isCopied)
            {
                quarantine.Note(document.File, target, $"to be moved: {kind}");
            }

            quarantine.Complete("repair of documents", []);
            if (!isCopied)
            {
                quarantine.Move(directory!, document.File, target);
            }
        }

        return $"{quarantine.Directory.Path}/{target}/{document.File}";
    }
}
