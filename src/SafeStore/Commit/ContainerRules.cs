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
