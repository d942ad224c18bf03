using System;
using System.Linq;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>
/// Writes a plan's new bytes where no reader looks: documents into the scratch directory, new sandboxes and containers as whole
/// directories. Refuses what recovery could not publish either, before it gets into the log.
/// </summary>
internal sealed class Stager(RootSet roots, StoreTelemetry telemetry)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;
    private readonly NewDirectory _new = new(roots.FileSystem);
    private readonly MountRules _mounts = new(roots);
    private readonly ProjectRules _projects = new(roots.FileSystem);

    /// <summary>Stages an update, or looks whether a removal can be done.</summary>
    /// <param name="plan">What to stage.</param>
    /// <param name="handles">The sandbox, its lock held.</param>
    /// <param name="staged">Receives what was staged, also when staging fails half-way: the caller then takes it back.</param>
    public void Stage(SandboxPlan plan, SandboxHandles handles, StagedPlan staged)
    {
        using Timing staging = telemetry.Stage();
        if (!handles.IsCurrent()) // C2
        {
            throw new NotFoundException("sandbox", handles.Sandbox); // its lock is no lock any more, whatever directories are still open
        }

        if (plan.Kind == PlanKind.Remove)
        {
            _mounts.CheckRemoval(handles.Sandbox); // D2
            foreach (RootDirectory root in roots.InOrderOfRemoval)
            {
                _projects.CheckRemoval(root, handles.Sandbox);
            }

            return;
        }

        staged.Files.Capacity = plan.Puts.Length; // what is made must not be forgotten for lack of memory
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            if (plan.Touches(root.Root))
            {
                StageInto(root, plan, handles, staged); // C3
            }
        }
    }

    /// <summary>
    /// Begins a new sandbox with its directory in the run root's new/, which leads to the record. The caller holds its name, so nothing
    /// else is building it.
    /// </summary>
    /// <returns>
    /// False, and nothing is made, if a creation that has not come to its end is in the way: only the log tells what it is.
    /// </returns>
    public bool TryBeginNew(SandboxPlan plan, StagedPlan staged)
    {
        var half = new StagedDirectory(roots.Run, roots.Run.New, plan.Sandbox, roots.Run.Directory, plan.Sandbox, Container: null);
        Errno errno = _fs.MakeDirectory(half.Place, half.Name, half.Root.DirectoryPermissions, out DirectoryHandle? made);
        if (errno == Errno.Exists)
        {
            return false;
        }

        StorageException.ThrowIfFailed(errno, "make a directory", half.Place, half.Name);
        staged.Add(half);
        staged.NewDirectory = made;
        return true;
    }

    /// <summary>
    /// Stages the rest of a sandbox that was begun: its documents, the lock file, locked, and its directory for the other root.
    /// </summary>
    public void StageNew(SandboxPlan plan, StagedPlan staged)
    {
        using Timing staging = telemetry.Stage();
        using (DirectoryHandle run = staged.NewDirectory!)
        {
            _new.FillSandbox(run, roots.Run, plan); // N3
            staged.LockFile = _new.MakeLock(run, roots.Run, new LockWord(LockWordState.Committing, default, default));
        }

        RootDirectory root = roots.Config;
        var half = new StagedDirectory(root, root.Scratch.Directory, root.Scratch.NewName(), root.Directory, plan.Sandbox, Container: null);
        using DirectoryHandle directory = Make(half, staged);
        _new.FillSandbox(directory, root, plan);
    }

    /// <summary>
    /// Takes back what was staged and has not appeared. What cannot be removed stays out of the sandboxes, for the next opener.
    /// </summary>
    public void TakeBack(StagedPlan staged)
    {
        foreach (StagedFile file in staged.Files)
        {
            if (_fs.Unlink(file.Root.Scratch.Directory, file.Name) is Errno.None or Errno.NotFound)
            {
                file.Root.Scratch.GiveBack(file.Name);
            }
        }

        staged.Files.Clear();
        foreach (StagedDirectory directory in staged.Directories.Skip(staged.Appeared))
        {
            ScratchDirectory scratch = directory.Root.Scratch;
            string name = directory.Place == scratch.Directory ? directory.Name : scratch.NewName();
            if (name == directory.Name
                || _fs.Rename(directory.Place, directory.Name, scratch.Directory, name, RenameKind.NoReplace) == Errno.None)
            {
                _ = RemovedTree.TryRemove(_fs, scratch, name);
            }
        }

        foreach ((DirectoryHandle parent, string name) in staged.MadeDirectories.Reverse())
        {
            _ = _fs.RemoveDirectory(parent, name);
        }

        staged.Close();
    }

    private void StageInto(RootDirectory root, SandboxPlan plan, SandboxHandles handles, StagedPlan staged)
    {
        DirectoryHandle sandbox = FindOrMake(root, handles, null, staged);
        DirectoryHandle target = sandbox;
        _projects.CheckPublishing(root, target);
        for (int i = 0; i < plan.CreatedContainers.Length; i++)
        {
            StageContainer(root, plan, plan.CreatedContainers[i], sandbox, staged);
        }

        for (int i = 0; i < plan.Puts.Length; i++)
        {
            (StoreRoot of, string? container, _) = plan.Puts[i].Key;
            if (of != root.Root || (container is not null && plan.Creates(container)))
            {
                continue;
            }

            DirectoryHandle directory = container is null ? sandbox : FindOrMake(root, handles, container, staged);
            if (directory != target)
            {
                target = directory;
                _projects.CheckPublishing(root, target);
            }

            StageDocument(root, plan.Puts[i], target, handles, staged);
        }

        for (int i = 0; i < plan.Deletes.Length; i++)
        {
            DocumentKey key = plan.Deletes[i];
            if (key.Root == root.Root && handles.FindInPlace(root, key.Container) is { } directory)
            {
                _ = LookAtTarget(root, directory, key, handles.Sandbox);
            }
        }

        for (int i = 0; i < plan.RemovedContainers.Length; i++)
        {
            string container = $"{plan.Sandbox}/{plan.RemovedContainers[i]}";
            _mounts.CheckRemoval(root, container);
            _projects.CheckRemoval(root, container);
        }
    }

    private void StageContainer(RootDirectory root, SandboxPlan plan, string container, DirectoryHandle sandbox, StagedPlan staged)
    {
        var half = new StagedDirectory(root, root.Scratch.Directory, root.Scratch.NewName(), sandbox, container, container);
        using DirectoryHandle directory = Make(half, staged);
        _new.Fill(directory, root, plan, container);
    }

    private void StageDocument(RootDirectory root, DocumentPut put, DirectoryHandle directory, SandboxHandles handles, StagedPlan staged)
    {
        FileStatus? old = LookAtTarget(root, directory, put.Key, handles.Sandbox);
        Errno errno = ScratchFile.Write(_fs, root, (directory, put.Key.File), old, put.Content.Span, out string? name);
        if (name is not null)
        {
            staged.Files.Add(new StagedFile(root, name, directory, put, old is not null));
        }

        StorageException.ThrowIfFailed(errno, "stage a document", directory, put.Key.File);
    }

    /// <summary>
    /// What is in the place of a document; null if nothing is. Anything but a document is refused: an exchange would take a whole
    /// directory.
    /// </summary>
    private FileStatus? LookAtTarget(RootDirectory root, DirectoryHandle directory, DocumentKey key, string sandbox)
    {
        Errno errno = _fs.Stat(directory, key.File, out FileStatus status);
        if (errno == Errno.NotFound)
        {
            // A container may exist in one root only; its name is taken in all.
            RootDirectory other = root == roots.Run ? roots.Config : roots.Run;
            bool isTaken = key.Container is null
                && _fs.Stat(other.Directory, $"{sandbox}/{key.File}", out status) == Errno.None && status.Kind == FileKind.Directory;
            return isTaken
                ? throw new StorageException("replace a document", $"{other.Directory.Path}/{sandbox}/{key.File}", Errno.IsDirectory)
                : null;
        }

        StorageException.ThrowIfFailed(errno, "look at a document", directory, key.File);
        errno = status.Kind switch
        {
            FileKind.Regular => status.IsOnMountOf(root.Status) ? Errno.None : Errno.Busy,
            FileKind.Directory => Errno.IsDirectory,
            FileKind.SymbolicLink => Errno.SymbolicLink,
            _ => Errno.Invalid,
        };
        StorageException.ThrowIfFailed(errno, "replace a document", directory, key.File);
        return status;
    }

    private DirectoryHandle FindOrMake(RootDirectory root, SandboxHandles handles, string? container, StagedPlan staged)
    {
        if (handles.FindInPlace(root, container) is { } found)
        {
            return found;
        }

        // The sandbox or container exists in another root only: a volatile root was lost, or another program made it.
        DirectoryHandle parent = container is null ? root.Directory : FindOrMake(root, handles, null, staged);
        string name = container ?? handles.Sandbox;
        Errno errno = _fs.MakeDirectory(parent, name, root.DirectoryPermissions, out DirectoryHandle? made);
        made?.Dispose();
        StorageException.ThrowIfFailed(errno, "make a directory", parent, name);
        staged.AddMade(parent, name);
        return handles.FindInPlace(root, container)!;
    }

    private DirectoryHandle Make(StagedDirectory half, StagedPlan staged)
    {
        Errno errno = _fs.MakeDirectory(half.Place, half.Name, half.Root.DirectoryPermissions, out DirectoryHandle? directory);
        StorageException.ThrowIfFailed(errno, "make a directory", half.Place, half.Name);
        staged.Add(half);
        return directory!;
    }
}

/// <summary>
/// A document's next version in a scratch directory. It has the mode, the owner and the attributes of the version that it replaces.
/// </summary>
internal static class ScratchFile
{
    /// <summary>Writes it.</summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="root">The root whose scratch directory is used.</param>
    /// <param name="target">The document's place.</param>
    /// <param name="old">What is in that place; null if nothing is.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="name">Its name in the scratch directory; null if it was not made.</param>
    /// <returns>What went wrong; if there is a name, the caller removes the file.</returns>
    public static Errno Write(
        IDurableFileSystem fs, RootDirectory root, (DirectoryHandle Directory, string Name) target, FileStatus? old,
        ReadOnlySpan<byte> content, out string? name)
    {
        ScratchDirectory scratch = root.Scratch;
        FilePermissions permissions = old is { } kept ? FilePermissions.OfSuccessor(kept) : root.FilePermissions;
        name = scratch.Take();
        Errno errno = fs.CreateFile(scratch.Directory, name, permissions, content, out bool isCreated);
        if (errno == Errno.Exists && !isCreated)
        {
            name = scratch.NewName(); // a call that failed had made the file all the same
            errno = fs.CreateFile(scratch.Directory, name, permissions, content, out isCreated);
        }

        if (!isCreated)
        {
            name = null;
        }

        return errno == Errno.None && old is not null ? fs.CopyAttributes(target.Directory, target.Name, scratch.Directory, name!) : errno;
    }
}
