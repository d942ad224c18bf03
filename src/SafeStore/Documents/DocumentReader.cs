using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Documents;

/// <summary>Reads documents and lists what there is. Takes no lock: a document's file is always whole.</summary>
internal sealed class DocumentReader(IDurableFileSystem fs, RootSet roots, int documentBytesMax)
{
    /// <summary>Reads a document; false if it does not exist, which for a value type the value cannot tell.</summary>
    public bool TryRead<T>(in DocumentAddress document, DocumentKind<T> kind, out T? value)
    {
        value = default;
        byte[]? rented = Load(document, out int length);
        if (rented is null)
        {
            return false;
        }

        try
        {
            value = Parse(document, kind, rented.AsSpan(0, length));
            return value is not null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>A document's bytes, checked to be JSON; null if it does not exist.</summary>
    public byte[]? ReadJson(in DocumentAddress document)
    {
        byte[]? rented = Load(document, out int length);
        if (rented is null)
        {
            return null;
        }

        try
        {
            ReadOnlySpan<byte> json = rented.AsSpan(0, length);
            return JsonRules.FindFault(json) is { } fault ? throw Corrupt(document, fault) : json.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>A document's bytes or what is wrong with it; null if it does not exist (any more).</summary>
    public DocumentResult<byte[]>? ReadJsonOrError(DocumentId document)
    {
        try
        {
            return ReadJson(document.Address) is { } json ? new DocumentResult<byte[]>(document, json, null) : null;
        }
        catch (SafeStoreException failure)
        {
            return new DocumentResult<byte[]>(document, null, failure);
        }
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

    private byte[]? Load(in DocumentAddress document, out int length)
    {
        Span<char> path = stackalloc char[DocumentAddress.PathCharactersMax];
        path = path[..document.WritePath(path)];
        Errno errno = WholeFile.Read(fs, roots[document.Root].Directory, path, documentBytesMax, out byte[] rented, out length);
        switch (errno)
        {
            case Errno.None:
                return rented;
            case Errno.NotFound or Errno.NotDirectory: // the container's name is a document's
                return null;
            case Errno.FileTooLarge:
                throw new DocumentTooLargeException(document.Id, PathOf(document), documentBytesMax);
            default:
                throw new StorageException("read the document", PathOf(document), errno);
        }
    }

    private T? Parse<T>(in DocumentAddress document, DocumentKind<T> kind, ReadOnlySpan<byte> json)
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
            // What is wrong with the text comes before what is wrong with the type.
            throw Corrupt(
                document,
                JsonRules.FindFault(json)
                ?? new JsonFault(
                JsonRules.PositionOf(json, failure), $"it is not a {typeof(T).Name} ({JsonRules.FirstSentence(failure.Message)})"),
                failure);
        }
        catch (Exception failure)
            when (failure is InvalidOperationException or NotSupportedException or FormatException or OverflowException
            or ArgumentException)
        {
            throw Corrupt(
                document, JsonRules.FindFault(json) ?? new JsonFault(0, $"it is not a {typeof(T).Name} ({failure.Message})"), failure);
        }
    }

    private DocumentCorruptException Corrupt(in DocumentAddress document, JsonFault fault, Exception? failure = null) =>
        new(document.Id, PathOf(document), fault.Position, fault.Reason, failure);

    private string PathOf(in DocumentAddress document) => $"{roots[document.Root].Directory.Path}/{document.Id.RelativePath}";
}
