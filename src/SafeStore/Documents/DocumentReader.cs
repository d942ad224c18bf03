using System;
using System.Collections.Generic;
using System.Text.Json;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Documents;

/// <summary>Reads documents and lists what there is. Takes no lock: a document's file is always whole.</summary>
internal sealed class DocumentReader(IDurableFileSystem fs, RootSet roots, StoreOptions options)
{
    /// <summary>Reads a document; false if it does not exist, which for a value type the value cannot tell.</summary>
    public bool TryRead<T>(in DocumentAddress document, DocumentKind<T> kind, out T? value)
    {
        value = default;
        if (Load(document) is not { } content)
        {
            return false;
        }

        using (content)
        {
            value = Parse(document, kind, content.Bytes);
            return value is not null;
        }
    }

    /// <summary>A document's bytes, checked to be JSON; null if it does not exist.</summary>
    public byte[]? ReadJson(in DocumentAddress document) => Load(document) is { } content ? CheckJson(document, content) : null;

    /// <summary>A document's bytes, checked to be JSON, and its version; null if it does not exist.</summary>
    public DocumentResult<byte[]>? ReadVersioned(DocumentId document) => LoadStamped(document.Address) is { } content
        ? new DocumentResult<byte[]>(document, CheckJson(document.Address, content), null) { Version = content.Version } : null;

    /// <summary>A document and its version; null if it does not exist.</summary>
    public DocumentResult<T>? ReadVersioned<T>(in DocumentAddress document, DocumentKind<T> kind)
    {
        if (LoadStamped(document) is not { } content)
        {
            return null;
        }

        using (content)
        {
            T? value = Parse(document, kind, content.Bytes);
            return value is null ? null : new DocumentResult<T>(document.Id, value, null) { Version = content.Version };
        }
    }

    /// <summary>A document as it stands, whatever its stamp says of it; null if it does not exist.</summary>
    public StampedContent? LookAt(in DocumentAddress document)
    {
        Errno errno = StampedContent.Read(
            fs, roots[document.Root].Directory, document.Id.RelativePath, options.DocumentBytesMax, out StampedContent content);
        return IsThere(document, errno) ? content : null;
    }

    /// <summary>The full path of a document's file.</summary>
    public string PathOf(in DocumentAddress document) => $"{roots[document.Root].Directory.Path}/{document.Id.RelativePath}";

    /// <summary>A document's bytes or what is wrong with it; null if it does not exist (any more).</summary>
    public DocumentResult<byte[]>? ReadJsonOrError(DocumentId document)
    {
        try
        {
            if (options.CheckStamps)
            {
                return ReadVersioned(document);
            }

            return ReadJson(document.Address) is { } json ? new DocumentResult<byte[]>(document, json, null) : null;
        }
        catch (SafeStoreException failure)
        {
            return new DocumentResult<byte[]>(document, null, failure);
        }
    }

    /// <summary>A document or what is wrong with it; null if it does not exist (any more).</summary>
    public DocumentResult<T>? ReadOrError<T>(DocumentId document, DocumentKind<T> kind)
    {
        try
        {
            if (options.CheckStamps)
            {
                return ReadVersioned(document.Address, kind);
            }

            return TryRead(document.Address, kind, out T? value) ? new DocumentResult<T>(document, value, null) : null;
        }
        catch (SafeStoreException failure)
        {
            return new DocumentResult<T>(document, default, failure);
        }
    }

    /// <summary>Whether a path is a directory in any root: a sandbox's or a container's.</summary>
    public bool HasDirectory(string path)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            Errno errno = fs.Stat(root.Directory, path, out FileStatus status);
            if (errno == Errno.None && status.Kind == FileKind.Directory)
            {
                return true;
            }

            errno = errno is Errno.NotFound or Errno.NotDirectory ? Errno.None : errno;
            StorageException.ThrowIfFailed(errno, "look for the directory", root.Directory, path);
        }

        return false;
    }

    public List<string> ListSandboxes()
    {
        var sandboxes = new List<string>();
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            AddDirectories(List(root.Directory), sandboxes);
        }

        return Sorted(sandboxes);
    }

    public List<string> ListContainers(string sandbox)
    {
        var containers = new List<string>();
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            AddDirectories(List(root, sandbox), containers);
        }

        containers.RemoveAll(static name => !Identifier.IsFree(name));
        return Sorted(containers);
    }

    public List<DocumentId> ListDocuments(string sandbox)
    {
        var documents = new List<DocumentId>();
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            foreach (DirectoryEntry entry in List(root, sandbox))
            {
                if (IsDocument(entry))
                {
                    documents.Add(DocumentId.Trusted(sandbox, null, root.Root, entry.Name));
                }
                else if (entry.Kind == FileKind.Directory && Identifier.IsFree(entry.Name))
                {
                    AddDocuments(root, sandbox, entry.Name, documents);
                }
            }
        }

        documents.Sort();
        return documents;
    }

    private void AddDocuments(RootDirectory root, string sandbox, string container, List<DocumentId> documents)
    {
        foreach (DirectoryEntry entry in List(root, $"{sandbox}/{container}"))
        {
            if (IsDocument(entry))
            {
                documents.Add(DocumentId.Trusted(sandbox, container, root.Root, entry.Name));
            }
        }
    }

    public static bool IsDocument(DirectoryEntry entry) =>
        // A link is listed so that the caller hears of it: reading it is refused.
        (entry.Kind is FileKind.Regular or FileKind.SymbolicLink) && Identifier.IsFree(entry.Name);

    private static void AddDirectories(List<DirectoryEntry> entries, List<string> names)
    {
        foreach (DirectoryEntry entry in entries)
        {
            if (entry.Kind == FileKind.Directory && Identifier.IsValid(entry.Name))
            {
                names.Add(entry.Name);
            }
        }
    }

    /// <summary>Sorted, each once.</summary>
    private static List<string> Sorted(List<string> names)
    {
        names.Sort(StringComparer.Ordinal);
        int kept = 0;
        for (int i = 0; i < names.Count; i++)
        {
            if (kept == 0 || names[kept - 1] != names[i])
            {
                names[kept++] = names[i];
            }
        }

        names.RemoveRange(kept, names.Count - kept);
        return names;
    }

    private List<DirectoryEntry> List(RootDirectory root, string path)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = fs.List(root.Directory, path, entries);
        if (errno == Errno.NotFound)
        {
            return [];
        }

        StorageException.ThrowIfFailed(errno, "list the directory", root.Directory, path);
        return entries;
    }

    private List<DirectoryEntry> List(DirectoryHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list the directory", directory.Path);
        return entries;
    }

    /// <summary>A document, compared with its stamp if the store does that; null if it does not exist.</summary>
    private StampedContent? Load(in DocumentAddress document)
    {
        if (options.CheckStamps)
        {
            return LoadStamped(document);
        }

        Span<char> path = stackalloc char[DocumentAddress.PathCharactersMax];
        path = path[..document.WritePath(path)];
        Errno errno = WholeFile.Read(
            fs, roots[document.Root].Directory, path, options.DocumentBytesMax, out byte[] rented, out int length);
        return IsThere(document, errno) ? new StampedContent(rented, length, null, StampState.None) : null;
    }

    /// <exception cref="DocumentStampException">Its stamp does not hold, and the store compares them.</exception>
    private StampedContent? LoadStamped(in DocumentAddress document)
    {
        if (LookAt(document) is not { } content)
        {
            return null;
        }

        if (options.CheckStamps && content.State is StampState.Edited or StampState.Damaged)
        {
            content.Dispose();
            throw new DocumentStampException(
                document.Id, PathOf(document), content.Stamp!.Value.Lsn, content.State == StampState.Edited);
        }

        return content;
    }

    private bool IsThere(in DocumentAddress document, Errno errno) => errno switch
    {
        Errno.None => true,
        Errno.NotFound or Errno.NotDirectory => false, // the container's name is a document's
        Errno.FileTooLarge => throw new DocumentTooLargeException(document.Id, PathOf(document), options.DocumentBytesMax),
        _ => throw new StorageException("read the document", PathOf(document), errno),
    };

    private byte[] CheckJson(in DocumentAddress document, StampedContent content)
    {
        using (content)
        {
            return JsonRules.FindFault(content.Bytes) is { } fault ? throw Corrupt(document, fault) : content.Bytes.ToArray();
        }
    }

    private T? Parse<T>(in DocumentAddress document, DocumentKind<T> kind, ReadOnlySpan<byte> json) => kind.Upcasting is { } upcasting
        ? ParseAnyVersion(document, kind, upcasting, json) : ParseCurrent(document, kind, json);

    private T? ParseAnyVersion<T>(in DocumentAddress document, DocumentKind<T> kind, Upcasting upcasting, ReadOnlySpan<byte> json)
    {
        byte[]? upcast;
        int version;
        try
        {
            upcast = upcasting.Upcast(json, out version);
        }
        catch (Exception failure) when (failure is JsonException or FormatException or ArgumentException)
        {
            string reason = failure is FormatException ? failure.Message : $"it cannot be brought to a version ({failure.GetType().Name})";
            throw Corrupt(document, json, new JsonFault(0, reason), failure);
        }

        if (version > upcasting.Current)
        {
            throw new DocumentVersionException(document.Id, PathOf(document), version, upcasting.Current);
        }

        try
        {
            return ParseCurrent(document, kind, upcast ?? json);
        }
        catch (DocumentCorruptException failure) when (upcast is not null)
        {
            throw Corrupt(document, new JsonFault(0, $"brought to version {upcasting.Current}, {failure.Reason}"), failure);
        }
    }

    private T? ParseCurrent<T>(in DocumentAddress document, DocumentKind<T> kind, ReadOnlySpan<byte> json)
    {
        if (JsonRules.FindEncodingFault(json) is { } fault)
        {
            throw Corrupt(document, fault);
        }

        try
        {
            return JsonSerializer.Deserialize(json, kind.Json);
        }
        catch (JsonException failure)
        {
            throw Corrupt(
                document, json, new JsonFault(
                    JsonRules.PositionOf(json, failure), $"it is not a {typeof(T).Name} ({JsonRules.FirstSentence(failure.Message)})"),
                failure);
        }
        catch (Exception failure)
            when (failure is InvalidOperationException or NotSupportedException or FormatException or OverflowException
            or ArgumentException)
        {
            throw Corrupt(document, json, new JsonFault(0, $"it is not a {typeof(T).Name} ({failure.GetType().Name})"), failure);
        }
    }

    /// <summary>
    /// What is wrong with the text comes before what is wrong with the type, and has no cause: the reader's exception quotes the document.
    /// </summary>
    private DocumentCorruptException Corrupt(in DocumentAddress document, ReadOnlySpan<byte> json, JsonFault ofType, Exception failure) =>
        (JsonRules.FindEncodingFault(json) ?? JsonRules.FindFault(json)) is { } fault ? Corrupt(document, fault)
        : Corrupt(document, ofType, failure);

    private DocumentCorruptException Corrupt(in DocumentAddress document, JsonFault fault, Exception? failure = null) =>
        new(document.Id, PathOf(document), fault.Position, fault.Reason, failure);
}
