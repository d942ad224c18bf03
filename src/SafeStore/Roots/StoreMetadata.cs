using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Roots;

/// <summary>store.json: the format of a store, its id, and the roots that it had when it was last opened first.</summary>
internal sealed record StoreDocument(int Format, Guid Store, Guid ConfigRoot, Guid RunRoot)
{
    public const string FileName = "store.json";
}

/// <summary>root.json: the store that a root belongs to, and the root's own id. A new id is a new, empty root.</summary>
internal sealed record RootDocument(int Format, Guid Store, Guid Root)
{
    public const string FileName = "root.json";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false, RespectRequiredConstructorParameters = true, WriteIndented = true)]
[JsonSerializable(typeof(StoreDocument))]
[JsonSerializable(typeof(RootDocument))]
internal sealed partial class MetadataJson : JsonSerializerContext;

/// <summary>Reads and writes the identity of a store and of its roots.</summary>
internal sealed class StoreMetadata(IDurableFileSystem fs, RootSet roots)
{
    public const int Format = StoreIdentity.Format;

    private const int FirstFormat = 1;
    private const int BytesMax = 64 * 1024;

    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    private readonly AtomicFile _atomic = new(fs);

    /// <summary>Refuses a store of a newer version before anything of it is touched.</summary>
    /// <exception cref="StoreFormatException">It is of a newer version.</exception>
    /// <exception cref="StoreMetadataException">Its document is damaged.</exception>
    public static void CheckFormat(IDurableFileSystem fs, StoreLayout layout)
    {
        Errno errno = fs.OpenRoot(layout.ConfigMetadata, out DirectoryHandle? metadata);
        if (errno == Errno.NotFound)
        {
            return;
        }

        StorageException.ThrowIfFailed(errno, "open the directory", layout.ConfigMetadata);
        using (metadata)
        {
            _ = ReadStore(fs, metadata!);
        }
    }

    /// <summary>The store's document, or null when there is none yet.</summary>
    /// <exception cref="StoreMetadataException">It is damaged.</exception>
    /// <exception cref="StoreFormatException">It is of a newer version.</exception>
    public static StoreDocument? ReadStore(IDurableFileSystem fs, DirectoryHandle metadata)
    {
        return Read(fs, metadata, StoreDocument.FileName) is { } json
            ? Parse(json, $"{metadata.Path}/{StoreDocument.FileName}", static (format, document) => new StoreDocument(format, IdIn(document, "store"), IdIn(document, "configRoot"), IdIn(document, "runRoot")))
            : null;
    }

    /// <summary>Gives the store and every root that has none an identity; only while no other process has the store open.</summary>
    public StoreIdentity Establish()
    {
        StoreDocument? found = ReadStore(fs, roots.Config.Metadata);
        Guid store = found?.Store ?? NewId();
        (Guid config, bool isConfigNew) = IdentityOf(roots.Config, store);
        (Guid run, bool isRunNew) = IdentityOf(roots.Run, store);

        if (isConfigNew || isRunNew)
        {
            SyncAncestors();
        }

        // The store's document first: a root that names a store which does not exist would be refused for ever.
        var document = new StoreDocument(Format, store, config, run);
        if (document != found)
        {
            _atomic.Write(roots.Config.Metadata, StoreDocument.FileName, JsonSerializer.SerializeToUtf8Bytes(document, MetadataJson.Default.StoreDocument));
        }

        WriteIfNew(roots.Config, store, config, isConfigNew);
        WriteIfNew(roots.Run, store, run, isRunNew);
        return new StoreIdentity(store, config, run);
    }

    /// <summary>The identity that the first opener has established.</summary>
    public StoreIdentity Join()
    {
        StoreDocument store = ReadStore(fs, roots.Config.Metadata) ?? throw new StoreMetadataException($"{roots.Config.Metadata.Path}/{StoreDocument.FileName}", "it is missing although the store is open");
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            if (ReadRoot(root) is not { } document || document.Store != store.Store)
            {
                throw Foreign(root);
            }
        }

        return new StoreIdentity(store.Store, store.ConfigRoot, store.RunRoot);
    }

    /// <summary>
    /// Makes the roots' own names durable, up to the top: a dead process may have made any of them. Once a root has its identity, they are.
    /// </summary>
    private void SyncAncestors()
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            foreach (string start in new[] { root.Directory.Path, root.Metadata.Path })
            {
                for (string? path = System.IO.Path.GetDirectoryName(start); path is not null; path = System.IO.Path.GetDirectoryName(path))
                {
                    Errno errno = fs.OpenRoot(path, out DirectoryHandle? ancestor);
                    using (ancestor)
                    {
                        errno = errno == Errno.None ? fs.SyncDirectory(ancestor!) : errno;
                    }

                    // Directories that we may not read were not made by us; read-only and odd filesystems (EINVAL) have nothing to sync.
                    if (errno is not (Errno.AccessDenied or Errno.NotPermitted or Errno.ReadOnly or Errno.Invalid))
                    {
                        StorageException.ThrowIfFailed(errno, "sync the directory", path);
                    }
                }
            }
        }
    }

    private (Guid Id, bool IsNew) IdentityOf(RootDirectory root, Guid store)
    {
        RootDocument? document = ReadRoot(root);
        return document is null ? (NewId(), true)
            : document.Store == store ? (document.Root, false)
            : throw Foreign(root);
    }

    private void WriteIfNew(RootDirectory root, Guid store, Guid id, bool isNew)
    {
        if (isNew)
        {
            _atomic.Write(root.Metadata, RootDocument.FileName, JsonSerializer.SerializeToUtf8Bytes(new RootDocument(Format, store, id), MetadataJson.Default.RootDocument));
        }
    }

    private RootDocument? ReadRoot(RootDirectory root)
    {
        return Read(fs, root.Metadata, RootDocument.FileName) is { } json
            ? Parse(json, $"{root.Metadata.Path}/{RootDocument.FileName}", static (format, document) => new RootDocument(format, IdIn(document, "store"), IdIn(document, "root")))
            : null;
    }

    private static byte[]? Read(IDurableFileSystem fs, DirectoryHandle metadata, string name)
    {
        Errno errno = WholeFile.Read(fs, metadata, name, BytesMax, out byte[] rented, out int length);
        if (errno == Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "read", metadata.Path, name);
        byte[] json = rented.AsSpan(0, length).ToArray();
        System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        return json;
    }

    /// <summary>
    /// Reads a document member by member: its version first, since a newer one may have other members. (Not by the serializer, which takes tens of milliseconds of a
    /// process's first opening to get ready for three ids.)
    /// </summary>
    private static T Parse<T>(byte[] json, string path, Func<int, JsonElement, T> make)
        where T : class
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, s_strict);
            int format = document.RootElement.GetProperty("format").GetInt32();
            return format > Format ? throw new StoreFormatException(path, format)
                : format < FirstFormat ? throw new StoreMetadataException(path, $"it is damaged, there was never a format {format}; restore it from a backup")
                : make(format, document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new StoreMetadataException(path, "it is damaged; restore it from a backup", failure);
        }
    }

    private static Guid IdIn(JsonElement document, string member) => document.GetProperty(member).GetGuid();

    private static StoreMetadataException Foreign(RootDirectory root) =>
        new(root.Metadata.Path, $"the root '{root.Directory.Path}' belongs to another store; check the layout");

    private Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        fs.FillRandom(bytes);
        return new Guid(bytes);
    }
}
