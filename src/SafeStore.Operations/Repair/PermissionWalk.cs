using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Operations.Verify;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Repair;

/// <summary>Goes through the files of a root: a directory first, since its own mode may keep it from being listed.</summary>
internal sealed class PermissionWalk(IDurableFileSystem fs, FileOwner? owner, bool isChanging)
{
    private const string Changing = "change the owner and the mode";

    private FileStatus _root;
    private string _metadata = "";

    public List<PermissionChange> Changes { get; } = [];

    /// <exception cref="SafeStoreException">The root or its metadata cannot be opened.</exception>
    public void Visit(ViewedRoot root)
    {
        if (root.Directory is not { } directory || root.Metadata is not { } metadata)
        {
            throw root.Failure!;
        }

        StorageException.ThrowIfFailed(fs.Stat(directory, out _root), "look at the root", directory);
        _metadata = metadata.Path;
        VisitDirectory(directory, FileRole.Content);
        VisitAll(metadata, FileRole.Metadata);
        foreach (DirectoryEntry entry in EntriesOf(directory))
        {
            if (entry.Kind == FileKind.Directory && Identifier.IsValid(entry.Name))
            {
                VisitBelow(directory, entry.Name, FileRole.Content);
            }
        }
    }

    private void VisitBelow(DirectoryHandle parent, string name, FileRole role)
    {
        Errno errno = fs.OpenDirectory(parent, name, out DirectoryHandle? opened);
        using DirectoryHandle? directory = opened;
        if (errno == Errno.NotFound)
        {
            return; // removed meanwhile
        }

        StorageException.ThrowIfFailed(errno, "open the directory", parent, name);
        VisitAll(directory!, role);
    }

    private void VisitAll(DirectoryHandle directory, FileRole role)
    {
        StorageException.ThrowIfFailed(fs.Stat(directory, out FileStatus status), "look at the directory", directory);
        if (!status.IsOnMountOf(_root))
        {
            return;
        }

        VisitDirectory(directory, role);
        foreach (DirectoryEntry entry in EntriesOf(directory))
        {
            if (entry.Kind == FileKind.Directory)
            {
                VisitBelow(directory, entry.Name, role);
            }
            else if (entry.Kind == FileKind.Regular)
            {
                bool isAnchor = directory.Path == _metadata // not a copy in the quarantine
                    && entry.Name is StoreDocument.FileName or SharedState.FileName;
                VisitFile(directory, entry.Name, isAnchor ? FileRole.Anchor : role);
            }
        }
    }

    private void VisitDirectory(DirectoryHandle directory, FileRole role)
    {
        StorageException.ThrowIfFailed(fs.Stat(directory, out FileStatus status), "look at the directory", directory);
        if (Note(directory.Path, status, role) is { } change && isChanging)
        {
            StorageException.ThrowIfFailed(Set(directory, change), Changing, directory);
            StorageException.ThrowIfFailed(fs.SyncDirectory(directory), "sync the directory", directory);
        }
    }

    private void VisitFile(DirectoryHandle directory, string name, FileRole role)
    {
        Errno errno = fs.Stat(directory, name, out FileStatus status);
        if (errno == Errno.NotFound)
        {
            return;
        }

        StorageException.ThrowIfFailed(errno, "look at", directory, name);
        if (status.Kind != FileKind.Regular || status.Links > 1 || Note($"{directory.Path}/{name}", status, role) is not { } change
            || !isChanging)
        {
            return;
        }

        errno = fs.OpenFile(directory, name, FileUse.Read, out FileHandle? opened);
        using FileHandle? file = opened;
        if (errno != Errno.NotFound)
        {
            StorageException.ThrowIfFailed(errno == Errno.None ? Set(file!, change) : errno, Changing, directory, name);
            StorageException.ThrowIfFailed(fs.SyncFile(file!), "sync", directory, name);
        }
    }

    /// <summary>Null if it is as it should be.</summary>
    private PermissionChange? Note(string path, in FileStatus status, FileRole role)
    {
        FilePermissions wanted = Permissions.Wanted(status, _root, role, owner);
        if (wanted.Mode == status.Mode && wanted.Owner == status.Owner)
        {
            return null;
        }

        var change = new PermissionChange(path, status.Mode, status.Owner, wanted.Mode, wanted.Owner!.Value);
        Changes.Add(change);
        return change;
    }

    private static Errno Set(Handle handle, PermissionChange change) =>
        PosixPermissions.Set(Descriptor.Of(handle), new FilePermissions(change.NewMode, change.NewOwner));

    private List<DirectoryEntry> EntriesOf(DirectoryHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list the directory", directory);
        entries.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));
        return entries;
    }
}
