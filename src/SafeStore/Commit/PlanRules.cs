using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>What a plan may say of containers: those that it uses exist, those that it creates do not.</summary>
internal sealed class ContainerRules(RootSet roots)
{
    public void Check(SandboxHandles handles, SandboxPlan plan)
    {
        foreach (string container in plan.CreatedContainers)
        {
            if (FindKind(handles, container) is not null)
            {
                throw new AlreadyExistsException("container", $"{plan.Sandbox}/{container}");
            }
        }

        foreach (DocumentPut put in plan.Puts)
        {
            CheckContainer(handles, plan, put.Key.Container);
            CheckNotCreated(plan, put.Key);
        }

        foreach (DocumentKey key in plan.Deletes)
        {
            CheckContainer(handles, plan, key.Container);
        }

        foreach (string container in plan.RemovedContainers)
        {
            CheckContainer(handles, plan, container);
        }
    }

    public static void CheckNew(SandboxPlan plan)
    {
        foreach (DocumentPut put in plan.Puts)
        {
            if (put.Key.Container is { } container && !plan.Creates(container))
            {
                throw new NotFoundException("container", $"{plan.Sandbox}/{container}");
            }

            CheckNotCreated(plan, put.Key);
        }

        if (plan.RemovedContainers.Length > 0)
        {
            throw new NotFoundException("container", $"{plan.Sandbox}/{plan.RemovedContainers[0]}");
        }
    }

    private static void CheckContainer(SandboxHandles handles, SandboxPlan plan, string? container)
    {
        if (container is not null && !plan.Creates(container)
            && handles.Find(StoreRoot.Run, container) is null && handles.Find(StoreRoot.Config, container) is null)
        {
            throw new NotFoundException("container", $"{plan.Sandbox}/{container}");
        }
    }

    /// <summary>A document and a container of one name would be one name on the disk.</summary>
    private static void CheckNotCreated(SandboxPlan plan, DocumentKey key)
    {
        if (key.Container is null && plan.Creates(key.File))
        {
            throw new AlreadyExistsException("container", $"{plan.Sandbox}/{key.File}");
        }
    }

    private FileKind? FindKind(SandboxHandles handles, string name)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            if (handles.Find(root.Root, null) is not { } sandbox)
            {
                continue;
            }

            Errno errno = roots.FileSystem.Stat(sandbox, name, out FileStatus status);
            if (errno != Errno.NotFound)
            {
                StorageException.ThrowIfFailed(errno, "look for a container", sandbox, name);
                return status.Kind;
            }
        }

        return null;
    }
}

/// <summary>
/// A directory that hands a project id down takes nothing of another project. Found out before the append: what is durable could not be
/// published.
/// </summary>
internal sealed class ProjectRules(IDurableFileSystem fs)
{
    /// <summary>Looks whether what is staged can appear in a directory.</summary>
    /// <exception cref="StorageException">It cannot (EXDEV).</exception>
    public void CheckPublishing(RootDirectory root, DirectoryHandle directory)
    {
        (uint project, bool isHandedDown) = fs.ProjectOf(directory);
        if (isHandedDown && project != root.StagedProject)
        {
            throw new StorageException("publish into a directory of a project of its own", directory.Path, Errno.CrossDevice);
        }
    }

    /// <summary>Looks whether a directory below a root can be taken aside; one that does not exist can.</summary>
    /// <exception cref="StorageException">It cannot (EXDEV).</exception>
    public void CheckRemoval(RootDirectory root, string path)
    {
        (uint scratch, bool isHandedDown) = fs.ProjectOf(root.Scratch.Directory);
        if (isHandedDown && fs.OpenDirectory(root.Directory, path, out DirectoryHandle? directory) == Errno.None)
        {
            using (directory)
            {
                if (fs.ProjectOf(directory!).Id != scratch)
                {
                    throw new StorageException("take aside a directory of another project", directory!.Path, Errno.CrossDevice);
                }
            }
        }
    }
}

/// <summary>
/// A directory with a mount point in it is not removed: what is mounted there belongs to others. Bind mounts have the device of what they
/// show, so mounts are compared, not devices.
/// </summary>
internal sealed class MountRules(RootSet roots)
{
    /// <summary>Looks for mount points in a sandbox, in every root.</summary>
    /// <exception cref="StorageException">There is one (EBUSY).</exception>
    public void CheckRemoval(string sandbox)
    {
        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            CheckRemoval(root, sandbox);
        }
    }

    /// <summary>Looks for mount points at a path below a root; one that does not exist has none.</summary>
    /// <exception cref="StorageException">There is one (EBUSY).</exception>
    public void CheckRemoval(RootDirectory root, string path)
    {
        IDurableFileSystem fs = roots.FileSystem;
        if (fs.Stat(root.Directory, path, out FileStatus status) == Errno.None)
        {
            Check(status, root, path);
        }

        var entries = new List<DirectoryEntry>();
        var left = new Stack<string>([path]);
        while (left.TryPop(out string? next))
        {
            entries.Clear();
            if (fs.List(root.Directory, next, entries) != Errno.None)
            {
                continue; // what cannot be listed cannot be emptied: it waits in the scratch directory
            }

            foreach (DirectoryEntry entry in entries)
            {
                string inner = $"{next}/{entry.Name}";
                if (fs.Stat(root.Directory, inner, out status) == Errno.None)
                {
                    Check(status, root, inner);
                }

                if (entry.Kind == FileKind.Directory)
                {
                    left.Push(inner);
                }
            }
        }
    }

    private static void Check(in FileStatus status, RootDirectory root, string path)
    {
        if (!status.IsOnMountOf(root.Status))
        {
            throw new StorageException("remove a directory with a mount point in it", $"{root.Directory.Path}/{path}", Errno.Busy);
        }
    }
}
