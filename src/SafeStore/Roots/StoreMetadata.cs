using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Roots;

/// <summary>store.json: the format of a store and its id. Written once.</summary>
internal sealed record StoreDocument(int Format, Guid Store)
{
    public const string FileName = "store.json";
}

/// <summary>
/// root.json: the store that a root belongs to, and the root's own id. A new id is a new, empty root; the one before it is named.
/// </summary>
internal sealed record RootDocument(int Format, Guid Store, Guid Root, Guid Former)
{
    public const string FileName = "root.json";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(StoreDocument))]
[JsonSerializable(typeof(RootDocument))]
internal sealed partial class MetadataJson : JsonSerializerContext;

/// <summary>
/// The identity of a store and of its roots. It stands in three places: in the store's document, in each root's (and on the root's
/// directory itself, where the filesystem has attributes), and in the header of each segment. Where they disagree, or one is missing, the
/// store is not opened.
/// </summary>
internal sealed class StoreMetadata(RootSet roots)
{
    /// <summary>Of a root's directory: the store that it belongs to.</summary>
    public const string Attribute = "user.safestore.store";

    private const int BytesMax = 64 * 1024;

    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    private readonly IDurableFileSystem _fs = roots.FileSystem;

    /// <summary>Whether there is a store; refuses one of another format, and another store's roots, before anything is made.</summary>
    /// <exception cref="StoreFormatException">It is of another format.</exception>
    /// <exception cref="StoreMetadataException">Its document is damaged, or a root has its metadata elsewhere.</exception>
    public static bool Exists(IDurableFileSystem fs, StoreLayout layout)
    {
        Errno errno = fs.OpenRoot(layout.ConfigMetadata, out DirectoryHandle? metadata);
        using (metadata)
        {
            StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "open the directory", layout.ConfigMetadata);
            StoreDocument? found = metadata is null ? null : ReadStore(fs, metadata);
            RefuseOwned(fs, layout, StoreRoot.Run, found);
            RefuseOwned(fs, layout, StoreRoot.Config, found);
            return found is not null;
        }
    }

    /// <summary>The store's document, or null when there is none.</summary>
    /// <exception cref="StoreMetadataException">It is damaged.</exception>
    /// <exception cref="StoreFormatException">It is of another format.</exception>
    public static StoreDocument? ReadStore(IDurableFileSystem fs, DirectoryHandle metadata) =>
        Read(fs, metadata, StoreDocument.FileName) is { } json
            ? Parse(json, $"{metadata.Path}/{StoreDocument.FileName}",
                static (format, document) => new StoreDocument(format, IdIn(document, "store")))
            : null;

    /// <summary>A root's document, or null when there is none.</summary>
    /// <exception cref="StoreMetadataException">It is damaged.</exception>
    /// <exception cref="StoreFormatException">It is of another format.</exception>
    public static RootDocument? ReadRoot(IDurableFileSystem fs, DirectoryHandle metadata) =>
        Read(fs, metadata, RootDocument.FileName) is { } json
            ? Parse(
                json,
                $"{metadata.Path}/{RootDocument.FileName}",
                static (format, document) =>
                new RootDocument(format, IdIn(document, "store"), IdIn(document, "root"), IdIn(document, "former")))
            : null;

    /// <summary>
    /// Opens store.json for the store's locks; a new store gets one, durable under its name before anything else of the store exists.
    /// </summary>
    /// <param name="permissions">Of a new one.</param>
    /// <exception cref="StoreMetadataException">It is missing in a store that exists.</exception>
    public FileHandle OpenAnchor(in FilePermissions permissions)
    {
        DirectoryHandle metadata = roots.Config.Metadata;
        while (true)
        {
            Errno errno = _fs.OpenFile(metadata, StoreDocument.FileName, FileUse.ReadWrite, out FileHandle? file);
            if (errno != Errno.NotFound)
            {
                StorageException.ThrowIfFailed(errno, "open the store's document", metadata, StoreDocument.FileName);
                return file!;
            }

            RefuseUnlessNew();
            SyncAncestors();
            MakeAnchor(permissions);
        }
    }

    /// <summary>The identity; gives one to a root that has none yet. Only while no other process has the store open.</summary>
    /// <param name="isFinished">
    /// Whether the store was made to its end before: then each root that outlives the machine's power has an identity.
    /// </param>
    /// <param name="inLog">The ids of the roots in the log's newest segment; null if there is none.</param>
    /// <exception cref="StoreMetadataException">They disagree, or one is missing.</exception>
    public StoreIdentity Establish(bool isFinished, (Guid Config, Guid Run)? inLog)
    {
        Guid store = StoreId();
        return new StoreIdentity(
            store, IdentityOf(roots.Config, store, isFinished, inLog?.Config), IdentityOf(roots.Run, store, isFinished, inLog?.Run));
    }

    /// <summary>The identity that the first opener has established.</summary>
    public StoreIdentity Join()
    {
        Guid store = StoreId();
        return new StoreIdentity(store, Joined(roots.Config, store), Joined(roots.Run, store));
    }

    /// <summary>The identity by the roots' own documents: a mere reader need not have the right to read the store's.</summary>
    /// <exception cref="NotFoundException">There is no store.</exception>
    /// <exception cref="StoreFormatException">It is of another format, by any of its documents that may be read.</exception>
    /// <exception cref="StoreMetadataException">One is missing or damaged, or of another store.</exception>
    public StoreIdentity Look()
    {
        if (StoreFormat.FindOther(_fs, roots.Config.Metadata, roots.Run.Metadata) is { } other)
        {
            throw other;
        }

        RootDocument config = Known(roots.Config);
        RootDocument run = Known(roots.Run);
        return run.Store == config.Store ? new StoreIdentity(config.Store, config.Root, run.Root) : throw Foreign(roots.Run);
    }

    /// <summary>The store's id.</summary>
    public Guid StoreId() => ReadStore(_fs, roots.Config.Metadata)?.Store
        ?? throw new StoreMetadataException(
            $"{roots.Config.Metadata.Path}/{StoreDocument.FileName}", "it is missing although the store is open");

    private Guid Joined(RootDirectory root, Guid store) =>
        ReadRoot(root) is { } document && document.Store == store ? document.Root : throw Foreign(root);

    private RootDocument Known(RootDirectory root) => ReadRoot(root)
        ?? (_fs.Stat(roots.Config.Metadata, StoreDocument.FileName, out _) == Errno.NotFound
            ? throw new NotFoundException("store", $"{roots.Config.Metadata.Path}/{StoreDocument.FileName}", OpeningChecks.NotThere)
            : throw new StoreMetadataException(
                $"{root.Metadata.Path}/{RootDocument.FileName}",
                "it is missing: the store was not made to its end, or the root was lost. An opening that may write tells which"));

    /// <summary>A store without its document is not made anew over documents, a log or roots that some store has.</summary>
    private void RefuseUnlessNew()
    {
        string anchor = $"{roots.Config.Metadata.Path}/{StoreDocument.FileName}";
        if (_fs.Stat(roots.Config.Metadata, "log", out _) == Errno.None)
        {
            throw new StoreMetadataException(
                anchor, "it is missing although there is a log. Restore it from a backup, or run 'safestore repair'");
        }

        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            RefuseOwned(_fs, root.Directory, root.Metadata.Path, default);
            if (ReadRoot(root) is { } document)
            {
                throw new StoreMetadataException(
                    anchor, $"it is missing, and the root '{root.Directory.Path}' belongs to the store {document.Store}; check the layout");
            }
        }
    }

    private void MakeAnchor(in FilePermissions permissions)
    {
        DirectoryHandle metadata = roots.Config.Metadata;
        var document = new StoreDocument(StoreIdentity.Format, NewId());
        var atomic = new AtomicFile(_fs) { Permissions = permissions };
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, MetadataJson.Default.StoreDocument);
        using FileHandle file = atomic.WriteTemp(metadata, StoreDocument.FileName, json, out string temp);
        Errno errno = _fs.SyncFile(file);
        errno = errno == Errno.None ? _fs.Rename(metadata, temp, metadata, StoreDocument.FileName, RenameKind.NoReplace) : errno;
        if (errno != Errno.None)
        {
            _ = _fs.Unlink(metadata, temp);
            StorageException.ThrowIfFailed(
                errno == Errno.Exists ? Errno.None : errno, "make the store's document", metadata, StoreDocument.FileName);
        }

        StorageException.ThrowIfFailed(_fs.SyncDirectory(metadata), "sync the metadata directory", metadata);
    }

    private Guid IdentityOf(RootDirectory root, Guid store, bool isFinished, Guid? inLog)
    {
        RefuseOwned(_fs, root.Directory, root.Metadata.Path, store);
        RootDocument? document = ReadRoot(root);
        if (document is not null)
        {
            if (document.Store != store)
            {
                throw Foreign(root);
            }

            if (inLog is { } logged && logged != document.Root && logged != document.Former)
            {
                throw new StoreMetadataException(
                    $"{root.Metadata.Path}/{RootDocument.FileName}",
                    $"it says that the root is {document.Root}, and the log says that it is {logged}. Restore it from a backup, or run "
                    + $"'safestore repair'");
            }

            SetAttribute(root, store);
            return document.Root;
        }

        if (isFinished && !(root.IsVolatile && IsEmpty(root)))
        {
            throw new StoreMetadataException(
                $"{root.Metadata.Path}/{RootDocument.FileName}",
                $"it is missing, and the root '{root.Directory.Path}' is not an empty one on a volatile filesystem. Restore the root, or "
                + $"run 'safestore repair'");
        }

        SyncAncestors();
        var made = new RootDocument(StoreIdentity.Format, store, NewId(), inLog ?? default);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(made, MetadataJson.Default.RootDocument);
        new AtomicFile(_fs) { Permissions = root.FilePermissions }.Write(root.Metadata, RootDocument.FileName, json);
        SetAttribute(root, store);
        return made.Root;
    }

    private bool IsEmpty(RootDirectory root)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(_fs.List(root.Directory, entries), "list the root", root.Directory);
        return !entries.Exists(static entry => entry.Kind == FileKind.Directory && Identifier.IsValid(entry.Name));
    }

    /// <summary>The same before anything is made: a root without the metadata that the layout says it has.</summary>
    private static void RefuseOwned(IDurableFileSystem fs, StoreLayout layout, StoreRoot root, StoreDocument? store)
    {
        string metadataPath = layout.MetadataOf(root);
        if (fs.OpenRoot(metadataPath, out DirectoryHandle? metadata) == Errno.None)
        {
            using (metadata)
            {
                if (StoreFormat.FindOther(fs, metadata) is { } other)
                {
                    throw other;
                }
            }
        }
        else if (fs.OpenRoot(layout.PathOf(root), out DirectoryHandle? directory) == Errno.None)
        {
            using (directory)
            {
                RefuseOwned(fs, directory!, metadataPath, store?.Store ?? default);
            }
        }
    }

    /// <summary>Refuses a root whose metadata lies in the other usual place, or that another store owns.</summary>
    private static void RefuseOwned(IDurableFileSystem fs, DirectoryHandle root, string metadataPath, Guid store)
    {
        string path = root.Path;
        foreach ((string other, string layout) in new[]
        {
            (LinuxPath.Join(path, StoreLayout.MetadataName), "inside its root (StoreLayout.Of)"),
            (path + StoreLayout.BesideSuffix, "beside its root (StoreLayout.Beside)"),
        })
        {
            if (other != metadataPath && fs.OpenRoot(other, out DirectoryHandle? metadata) == Errno.None)
            {
                using (metadata)
                {
                    if (fs.Stat(metadata!, RootDocument.FileName, out _) == Errno.None)
                    {
                        throw new StoreMetadataException(
                            metadataPath, $"the root '{path}' has its metadata in '{other}': open the store with its metadata {layout}");
                    }
                }
            }
        }

        if (fs.GetAttribute(root, Attribute, out byte[] value) == Errno.None
            && Guid.TryParse(Encoding.ASCII.GetString(value), out Guid owner) && owner != store)
        {
            throw new StoreMetadataException(
                path,
                $"it is a root of the store {owner}, whose metadata lies elsewhere: open it with the layout with which that store was "
                + $"made");
        }
    }

    private void SetAttribute(RootDirectory root, Guid store)
    {
        byte[] value = Encoding.ASCII.GetBytes(store.ToString("D"));
        if (_fs.GetAttribute(root.Directory, Attribute, out byte[] found) != Errno.None || !found.AsSpan().SequenceEqual(value))
        {
            _ = _fs.SetAttribute(root.Directory, ".", Attribute, value); // where there are none, root.json has to do
        }
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
                for (string? path = LinuxPath.GetDirectoryName(start); path is not null; path = LinuxPath.GetDirectoryName(path))
                {
                    Errno errno = _fs.OpenRoot(path, out DirectoryHandle? ancestor);
                    using (ancestor)
                    {
                        errno = errno == Errno.None ? _fs.SyncDirectory(ancestor!) : errno;
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

    private RootDocument? ReadRoot(RootDirectory root) => ReadRoot(_fs, root.Metadata);

    private static byte[]? Read(IDurableFileSystem fs, DirectoryHandle metadata, string name)
    {
        Errno errno = WholeFile.Read(fs, metadata, name, BytesMax, out byte[] rented, out int length);
        if (errno == Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "read", metadata, name);
        byte[] json = rented.AsSpan(0, length).ToArray();
        System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        return json;
    }

    /// <summary>
    /// Reads a document member by member: its version first, since a newer one may have other members. (Not by the serializer, which takes
    /// tens of milliseconds of a process's first opening to get ready for three ids.)
    /// </summary>
    private static T Parse<T>(byte[] json, string path, Func<int, JsonElement, T> make)
        where T : class
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, s_strict);
            int format = document.RootElement.GetProperty("format").GetInt32();
            return format is < 1
                ? throw new StoreMetadataException(path, $"it is damaged, there was never a format {format}; restore it from a backup")
                : format != StoreIdentity.Format ? throw new StoreFormatException(path, format)
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
        _fs.FillRandom(bytes);
        return new Guid(bytes);
    }
}
