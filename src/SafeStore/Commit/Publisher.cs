using System.Collections.Generic;
using System.Linq;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>
/// Makes what was staged visible: one rename or exchange (<see cref="StoreOptions.Replacing"/>) for each document and directory, from the
/// scratch directory into its place.
/// </summary>
internal sealed class Publisher(RootSet roots, EngineEvents events)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;
    private readonly Stamper _stamper = new(roots, events);

    /// <summary>Publishes the plan of an existing sandbox, but for its lock word.</summary>
    public void Publish(SandboxPlan plan, StagedPlan staged, SandboxHandles handles, Lsn lsn)
    {
        PublishNew(plan, staged, lsn);
        foreach (StagedFile file in staged.Files)
        {
            _stamper.Stamp(file.Root.Scratch.Directory, file.Name, lsn, file.Put.Content.Span);
            Publish(file);
        }

        staged.Files.Clear();
        for (int i = 0; i < plan.Deletes.Length; i++)
        {
            Delete(plan.Deletes[i], handles);
        }

        for (int i = 0; i < plan.RemovedContainers.Length; i++)
        {
            RemoveContainer(plan.RemovedContainers[i], handles);
        }
    }

    /// <summary>
    /// Lets new directories appear; of a new sandbox, the run root's first: from then on its lock file, held by us, speaks for it.
    /// </summary>
    public void PublishNew(SandboxPlan plan, StagedPlan staged, Lsn lsn)
    {
        foreach (StagedDirectory directory in staged.Directories)
        {
            Stamp(directory, plan, lsn);
            Errno errno = _fs.Rename(directory.Place, directory.Name, directory.TargetParent, directory.Target, RenameKind.NoReplace); // N4
            StorageException.ThrowIfFailed(errno, "publish a new directory", directory.TargetParent, directory.Target);
            staged.Appeared++;
        }
    }

    /// <summary>Removes a sandbox: one rename per root, the run root last, then emptied.</summary>
    public void Remove(string sandbox)
    {
        var aside = new List<(RootDirectory Root, string? Name)>();
        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            aside.Add((root, MoveAside(root, root.Directory, sandbox))); // D3
        }

        foreach ((RootDirectory root, string? name) in aside.Where(static moved => moved.Name is not null))
        {
            Empty(root, name!); // D4
        }
    }

    /// <summary>Stamps the documents of a new sandbox, with its containers, or of a new container.</summary>
    private void Stamp(StagedDirectory staged, SandboxPlan plan, Lsn lsn)
    {
        Stamp(staged, staged.Name, plan.PutsInto(staged.Root.Root, staged.Container), lsn);
        foreach (string container in staged.Container is null ? plan.CreatedContainers : [])
        {
            Stamp(staged, $"{staged.Name}/{container}", plan.PutsInto(staged.Root.Root, container), lsn);
        }
    }

    private void Stamp(StagedDirectory staged, string path, IEnumerable<DocumentPut> puts, Lsn lsn)
    {
        DirectoryHandle? directory = null;
        try
        {
            foreach (DocumentPut put in puts)
            {
                Errno errno = directory is null ? _fs.OpenDirectory(staged.Place, path, out directory) : Errno.None;
                StorageException.ThrowIfFailed(errno, "open a new directory", staged.Place, path);
                _stamper.Stamp(directory!, put.Key.File, lsn, put.Content.Span);
            }
        }
        finally
        {
            directory?.Dispose();
        }
    }

    private void Publish(StagedFile file)
    {
        (RootDirectory root, string name, DirectoryHandle directory, (DocumentKey key, _), bool targetExists) = file;
        DirectoryHandle scratch = root.Scratch.Directory;
        Errno errno = targetExists && !root.ReplacesByRename ? _fs.Rename(scratch, name, directory, key.File, RenameKind.Exchange)
            : Errno.NotFound;
        if (errno == Errno.None)
        {
            // The old version's blocks were often never allocated: unlinking it costs no flush, where a rename over it would.
            errno = _fs.Unlink(scratch, name);
            if (errno == Errno.IsDirectory)
            {
                _ = _fs.Rename(scratch, name, directory, key.File, RenameKind.Exchange); // put there since it was looked at
                StorageException.ThrowIfFailed(errno, "replace what is in the place of a document", directory, key.File);
            }

            if (errno != Errno.None)
            {
                events.NotEmptied(scratch.Path); // published all the same; its name is not used again
                return;
            }
        }
        else
        {
            // NotPermitted: by a filter. CrossDevice: the old version is of another project, and cannot go where the new one was.
            bool canRename = errno is Errno.NotFound or Errno.Invalid or Errno.NotImplemented or Errno.NotSupported or Errno.NotPermitted
                or Errno.CrossDevice;
            errno = canRename ? _fs.Rename(scratch, name, directory, key.File, RenameKind.Replace) : errno;
            StorageException.ThrowIfFailed(errno, "publish a document", directory, key.File);
        }

        root.Scratch.GiveBack(name);
    }

    private void Delete(DocumentKey key, SandboxHandles handles)
    {
        if (handles.Find(key.Root, key.Container) is { } directory)
        {
            Errno errno = _fs.Unlink(directory, key.File);
            StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "delete a document", directory, key.File);
        }
    }

    private void RemoveContainer(string container, SandboxHandles handles)
    {
        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            if (handles.Find(root.Root, null) is { } parent)
            {
                handles.Drop(root.Root, container);
                if (MoveAside(root, parent, container) is { } aside)
                {
                    Empty(root, aside);
                }
            }
        }
    }

    private string? MoveAside(RootDirectory root, DirectoryHandle parent, string name)
    {
        string aside = root.Scratch.NewName();
        Errno errno = _fs.Rename(parent, name, root.Scratch.Directory, aside, RenameKind.NoReplace);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "remove a directory", parent, name);
        return errno == Errno.None ? aside : null;
    }

    /// <summary>It is gone. What cannot be emptied now waits for the next opener.</summary>
    private void Empty(RootDirectory root, string aside)
    {
        if (!RemovedTree.TryRemove(_fs, root.Scratch, aside))
        {
            events.NotEmptied(root.Scratch.Directory.Path);
        }
    }
}
