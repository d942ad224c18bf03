using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>Makes staged files and directories visible. Every step may be repeated after a crash: it finds its work done, or does it.</summary>
internal sealed class Publisher(IDurableFileSystem fs, RootSet roots)
{
    private readonly NameSource _names = new(fs);

    /// <summary>Publishes the plan of an existing sandbox, but for its lock word.</summary>
    public void Publish(SandboxPlan plan, StagedPlan staged, SandboxHandles handles)
    {
        foreach (StagedDirectory directory in staged.Directories)
        {
            Appear(directory);
        }

        foreach (StagedFile file in staged.Files)
        {
            Publish(file, handles);
        }

        for (int i = 0; i < plan.Deletes.Length; i++)
        {
            Delete(plan.Deletes[i], handles);
        }

        for (int i = 0; i < plan.RemovedContainers.Length; i++)
        {
            RemoveContainer(plan.Sandbox, plan.RemovedContainers[i], handles);
        }
    }

    /// <summary>Lets a new sandbox appear, in the run root first: from then on its lock file, held by us, speaks for it.</summary>
    public void PublishNew(StagedPlan staged)
    {
        foreach (StagedDirectory directory in staged.Directories)
        {
            Appear(directory);
            staged.Appeared++;
        }
    }

    /// <summary>Removes a sandbox: one rename per root, the run root last, then emptied.</summary>
    public void Remove(string sandbox)
    {
        var aside = new List<(RootDirectory Root, string? Name)>();
        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            aside.Add((root, Rename(root, root.Directory, sandbox, sandbox)));
        }

        // It is gone. What cannot be emptied now waits in trash/ for the next recovery.
        foreach ((RootDirectory root, string? name) in aside.Where(static moved => moved.Name is not null))
        {
            _ = RemovedTree.TryRemove(fs, root.Trash, name!);
        }
    }

    private void Appear(StagedDirectory directory)
    {
        Errno errno = fs.RenameNoReplace(directory.Root.Stage, directory.Name, directory.TargetParent, directory.Target);
        StorageException.ThrowIfFailed(errno, "publish a new directory", directory.TargetParent, directory.Target);
    }

    private void Publish(StagedFile file, SandboxHandles handles)
    {
        (DirectoryHandle directory, string temp, DocumentKey key, bool targetExists) = file;
        Errno errno = targetExists ? fs.Exchange(directory, temp, key.File) : Errno.NotFound;
        if (errno == Errno.None)
        {
            // The old version's blocks were often never allocated: unlinking it costs no flush, where a rename over it would.
            StorageException.ThrowIfFailed(fs.Unlink(directory, temp), "remove the old version of", directory, key.File);
        }
        else
        {
            errno = errno is Errno.NotFound or Errno.Invalid or Errno.NotImplemented or Errno.NotSupported ? fs.Rename(directory, temp, directory, key.File) : errno;
            StorageException.ThrowIfFailed(errno, "publish a document", directory, key.File);
        }

        handles.KnowFile(key.Root, key.Container, key.File);
    }

    private void Delete(DocumentKey key, SandboxHandles handles)
    {
        if (handles.Find(key.Root, key.Container) is not { } directory)
        {
            return;
        }

        handles.ForgetFile(key.Root, key.Container, key.File);
        Errno errno = fs.Unlink(directory, key.File);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "delete a document", directory, key.File);
    }

    private void RemoveContainer(string sandbox, string container, SandboxHandles handles)
    {
        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            if (handles.Find(root.Root, null) is { } parent)
            {
                handles.Drop(root.Root, container);
                if (Rename(root, parent, container, sandbox) is { } aside)
                {
                    _ = RemovedTree.TryRemove(fs, root.Trash, aside);
                }
            }
        }
    }

    private string? Rename(RootDirectory root, DirectoryHandle parent, string name, string sandbox)
    {
        string aside = TempName.NewDirectory(_names, sandbox);
        Errno errno = fs.RenameNoReplace(parent, name, root.Trash, aside);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "remove a directory", parent, name);
        return errno == Errno.None ? aside : null;
    }
}
