using System;
using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>An open root: its directory, its metadata, and where this store object keeps what is not in the root yet, or no more.</summary>
internal sealed class RootDirectory : IDisposable
{
    /// <summary>Of directories, unless the options say otherwise.</summary>
    public const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private const string ScratchName = "scratch";
    public const string NewName = "new";

    private readonly IDurableFileSystem _fs;
    private DirectoryHandle? _scratches;
    private DirectoryHandle? _new;
    private ScratchDirectory? _scratch;

    private RootDirectory(
        IDurableFileSystem fs, StoreRoot root, DirectoryHandle directory, DirectoryHandle metadata, FileSystemTraits traits)
    {
        _fs = fs;
        Root = root;
        Directory = directory;
        Metadata = metadata;
        Traits = traits;
    }

    public StoreRoot Root { get; }

    public DirectoryHandle Directory { get; }

    public DirectoryHandle Metadata { get; }

    /// <summary>The scratch directories of all store objects.</summary>
    public DirectoryHandle Scratches => _scratches ?? throw OnlyLookedAt();

    /// <summary>
    /// Where new sandboxes are built, each under its id: that name leads to the record of a creation whose process died before the sandbox
    /// appeared.
    /// </summary>
    public DirectoryHandle New => _new ?? throw OnlyLookedAt();

    /// <summary>What it is, and its mount.</summary>
    public FileStatus Status { get; private init; }

    /// <summary>Of new files.</summary>
    public FilePermissions FilePermissions { get; private init; }

    /// <summary>Of new directories.</summary>
    public FilePermissions DirectoryPermissions { get; private init; }

    /// <summary>This object's own scratch directory; there is one once the store has been joined.</summary>
    public ScratchDirectory Scratch =>
        _scratch ?? throw new InvalidOperationException("The scratch directory is taken when the store is joined.");

    /// <summary>The project of what is staged.</summary>
    public uint StagedProject { get; private set; }

    /// <summary>Its contents do not outlive the machine's power: no sync is worth its time here.</summary>
    public bool IsVolatile => Traits.IsVolatile;

    /// <summary>The filesystem on which it lies.</summary>
    public FileSystemTraits Traits { get; }

    /// <summary>Whether a document is replaced by renaming the new file over it, not by exchanging the two.</summary>
    public bool ReplacesByRename { get; init; }

    /// <summary>Opens a root, making its directories if they do not exist.</summary>
    public static RootDirectory Open(IDurableFileSystem fs, StoreLayout layout, StoreRoot root, StoreOptions options)
    {
        using var owned = new OwnedParts();
        var made = new FilePermissions(options.DirectoryMode);
        DirectoryHandle directory = owned.Add(OpenOrMake(fs, layout.PathOf(root), made));
        StorageException.ThrowIfFailed(fs.Stat(directory, out FileStatus status), "look at the root", directory);
        RootModes.Check(directory, status, options);
        // What is made belongs to the root's owner and group; of another process than a privileged one, to the group if that may be.
        FilePermissions directories = made with { Owner = status.Owner, IsOwnerOptional = !fs.IsPrivileged };
        StorageException.ThrowIfFailed(fs.Describe(directory, out FileSystemTraits? traits), "look at the filesystem", directory);
        if (!traits!.IsLocal)
        {
            throw new StoreMetadataException(
                directory.Path, $"it lies on {traits.Name}, whose locks and syncs cannot be relied on; use a local filesystem");
        }

        DirectoryHandle metadata = owned.Add(OpenMetadata(fs, layout.MetadataOf(root), directories));
        CheckMetadata(fs, directory, status, metadata, options);
        DirectoryHandle scratches = owned.Add(OpenOrMake(fs, metadata, ScratchName, directories));
        DirectoryHandle created = owned.Add(OpenOrMake(fs, metadata, NewName, directories));
        owned.Disown();
        return new RootDirectory(fs, root, directory, metadata, traits)
        {
            _scratches = scratches,
            _new = created,
            Status = status,
            ReplacesByRename = traits.IsVolatile || options.Replacing == DocumentReplacing.Rename,
            FilePermissions = directories with { Mode = options.FileMode },
            DirectoryPermissions = directories,
        };
    }

    /// <summary>Opens a root that exists, to look at it: nothing is made, and nothing can be staged in it.</summary>
    /// <exception cref="NotFoundException">It, or its metadata, does not exist.</exception>
    public static RootDirectory OpenToLook(IDurableFileSystem fs, StoreLayout layout, StoreRoot root)
    {
        using var owned = new OwnedParts();
        string path = layout.PathOf(root);
        string metadataPath = layout.MetadataOf(root);
        DirectoryHandle directory = owned.Add(Existing(fs.OpenRoot(path, out DirectoryHandle? opened), opened, path));
        using DirectoryHandle parent = Existing(fs.OpenRoot(LinuxPath.GetDirectoryName(metadataPath)!, out opened), opened, metadataPath);
        DirectoryHandle metadata =
            owned.Add(Existing(fs.OpenDirectory(parent, LinuxPath.GetFileName(metadataPath), out opened), opened, metadataPath));
        StorageException.ThrowIfFailed(fs.Describe(directory, out FileSystemTraits? traits), "look at the filesystem", directory);
        owned.Disown();
        return new RootDirectory(fs, root, directory, metadata, traits!);
    }

    /// <summary>
    /// Takes a scratch directory, if it has none yet; the caller holds the store open. What another opener could not empty is tried again.
    /// </summary>
    /// <param name="left">Receives what could not be emptied.</param>
    /// <exception cref="StoreMetadataException">What is made in it could not be renamed into the root.</exception>
    public void TakeScratch(ICollection<FileStatus> left)
    {
        _scratch ??= ScratchDirectory.Acquire(_fs, Scratches, DirectoryPermissions, left);
        StagedProject = ProjectOfNew(_scratch.Directory);
        (uint project, bool isHandedDown) = _fs.ProjectOf(Directory);
        foreach (DirectoryHandle place in new[] { _scratch.Directory, New })
        {
            if (isHandedDown && ProjectOfNew(place) != project)
            {
                throw new StoreMetadataException(
                    place.Path,
                    $"what is made in it is not of the project {project}, which the root '{Directory.Path}' hands down, so nothing could "
                    + $"be renamed into that. Give the whole metadata directory that project (chattr -R +P -p {project})");
            }
        }
    }

    private uint ProjectOfNew(DirectoryHandle place) => _fs.ProjectOf(place) is (var id, true) ? id : 0;

    /// <summary>Opens a directory by its absolute path, making it and those above it if they do not exist.</summary>
    public static DirectoryHandle OpenOrMake(IDurableFileSystem fs, string path, FilePermissions? permissions = null)
    {
        Errno errno = fs.OpenRoot(path, out DirectoryHandle? directory);
        if (errno == Errno.NotFound && LinuxPath.GetDirectoryName(path) is { } parentPath)
        {
            using DirectoryHandle parent = OpenOrMake(fs, parentPath, permissions);
            return OpenOrMake(fs, parent, LinuxPath.GetFileName(path), permissions);
        }

        StorageException.ThrowIfFailed(errno, "open the directory", path);
        return directory!;
    }

    public static DirectoryHandle OpenOrMake(
        IDurableFileSystem fs, DirectoryHandle parent, string name, FilePermissions? permissions = null)
    {
        Errno errno = fs.OpenDirectory(parent, name, out DirectoryHandle? directory);
        bool isMade = errno == Errno.NotFound;
        if (isMade)
        {
            errno = fs.MakeDirectory(parent, name, permissions ?? new FilePermissions(DirectoryMode), out directory);
            if (errno is Errno.None or Errno.Exists)
            {
                Errno synced = fs.SyncDirectory(parent);
                if (synced != Errno.None)
                {
                    directory?.Dispose();
                    throw new StorageException("sync the directory", parent.Path, synced);
                }

                errno = errno == Errno.Exists ? fs.OpenDirectory(parent, name, out directory) : errno;
            }
        }

        StorageException.ThrowIfFailed(errno, isMade ? "make the directory" : "open the directory", parent, name);
        return directory!;
    }

    /// <summary>
    /// Makes durable that what has left scratch/ and new/ has left them: after a power loss, the next recovery would empty it under its old
    /// name. Before the watermark moves.
    /// </summary>
    /// <param name="failed">The directory whose sync failed.</param>
    public Errno SyncScratch(out DirectoryHandle failed)
    {
        failed = Scratches;
        if (IsVolatile)
        {
            return Errno.None;
        }

        var owners = new List<DirectoryEntry>();
        Errno errno = _fs.List(Scratches, owners);
        for (int i = 0; i < owners.Count && errno == Errno.None; i++)
        {
            if (_fs.OpenDirectory(Scratches, owners[i].Name, out DirectoryHandle? owner) == Errno.None)
            {
                using (owner)
                {
                    errno = _fs.SyncDirectory(owner!);
                }
            }
        }

        errno = errno == Errno.None ? _fs.SyncDirectory(Scratches) : errno;
        if (errno == Errno.None)
        {
            failed = New;
            errno = _fs.SyncDirectory(New);
        }

        return errno;
    }

    public void Dispose()
    {
        _scratch?.Dispose();
        _new?.Dispose();
        _scratches?.Dispose();
        Metadata.Dispose();
        Directory.Dispose();
    }

    private static DirectoryHandle Existing(Errno errno, DirectoryHandle? directory, string path)
    {
        if (errno == Errno.NotFound)
        {
            throw new NotFoundException(
                "root", path, $"{OpeningChecks.NotThere} One in memory is made anew by the next opening that may write.");
        }

        StorageException.ThrowIfFailed(errno, "open the directory", path);
        return directory!;
    }

    private InvalidOperationException OnlyLookedAt() => new($"The root '{Directory.Path}' was opened to be looked at only.");

    /// <summary>No link is followed to the metadata: the owner of a root must not lead a privileged process elsewhere.</summary>
    private static DirectoryHandle OpenMetadata(IDurableFileSystem fs, string path, in FilePermissions permissions)
    {
        using DirectoryHandle parent = OpenOrMake(fs, LinuxPath.GetDirectoryName(path)!, permissions);
        return OpenOrMake(fs, parent, LinuxPath.GetFileName(path), permissions);
    }

    /// <summary>Renames between a root and its metadata must be possible, and the metadata belong to whom the root belongs to.</summary>
    private static void CheckMetadata(
        IDurableFileSystem fs, DirectoryHandle directory, in FileStatus status, DirectoryHandle metadata, StoreOptions options)
    {
        StorageException.ThrowIfFailed(fs.Stat(metadata, out FileStatus found), "look at the metadata directory", metadata);
        RootModes.Check(metadata, found, options);
        if (!found.IsOnMountOf(status))
        {
            throw new StoreMetadataException(
                metadata.Path,
                $"it lies on another filesystem or mount than its root '{directory.Path}', so nothing could be renamed between them");
        }

        bool isShared = options.AllowRootsWritableByOthers || (options.DirectoryMode & UnixFileMode.GroupWrite) != 0;
        bool isOfGroup = isShared && found.Owner.Group == status.Owner.Group;
        if (found.Owner.User != status.Owner.User && found.Owner.User != 0 && !isOfGroup)
        {
            throw new StoreMetadataException(
                metadata.Path,
                $"it belongs to user {found.Owner.User}, and its root to user {status.Owner.User}. Find out who made it, then give it to "
                + $"the root's owner (chown)");
        }
    }
}
