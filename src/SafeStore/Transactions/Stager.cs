using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;

namespace SafeStore.Transactions;

/// <summary>
/// Writes a plan's new bytes to places where nobody sees them: temp files beside their targets, and the whole directories of new
/// sandboxes and containers under stage/. Used by a commit before its append, and by roll-forward from the record's bytes; the latter may
/// find some of it published already.
/// </summary>
internal sealed class Stager(IDurableFileSystem fs, RootSet roots)
{
    private readonly NameSource _names = new(fs);

    /// <summary>Stages a plan for a sandbox that exists.</summary>
    /// <param name="plan">What to stage.</param>
    /// <param name="handles">The sandbox, its lock held.</param>
    /// <param name="staged">Receives what was staged, also when staging fails half-way: whoever catches the failure takes it back.</param>
    public void Stage(SandboxPlan plan, SandboxHandles handles, StagedPlan staged)
    {
        if (plan.Kind == PlanKind.Remove)
        {
            return;
        }

        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            if (plan.Touches(root.Root))
            {
                StageInto(root, plan, handles, staged);
            }
        }
    }

    /// <summary>Stages a sandbox that does not exist: one directory per root, the lock file in the run root's, locked.</summary>
    public FileHandle StageNew(SandboxPlan plan, StagedPlan staged)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            using DirectoryHandle directory = StageWhole(root, plan, staged);
            if (root.Root == StoreRoot.Run)
            {
                staged.LockFile = NewFile(directory, Identifier.LockFile);
                StorageException.ThrowIfFailed(fs.TryLock(staged.LockFile, LockMode.Exclusive), "lock", staged.LockFile.Path);
                new LockWord(LockWordState.Committing, default).Write(fs, staged.LockFile);
            }
        }

        return staged.LockFile!;
    }

    /// <summary>Takes back what was staged. False if something may be left, so that the sandbox needs to be resolved.</summary>
    public bool TryTakeBack(StagedPlan staged)
    {
        bool complete = true;
        foreach (StagedFile file in staged.Files)
        {
            complete &= fs.Unlink(file.Directory, file.TempName) is Errno.None or Errno.NotFound;
        }

        foreach (StagedDirectory directory in staged.Directories)
        {
            complete &= Emptying.TryRemove(fs, directory.Root.Stage, directory.Name);
        }

        foreach ((DirectoryHandle parent, string name) in staged.MadeDirectories.AsEnumerable().Reverse())
        {
            complete &= fs.RemoveDirectory(parent, name) is Errno.None or Errno.NotFound;
        }

        staged.LockFile?.Dispose();
        return complete;
    }

    private void StageInto(RootDirectory root, SandboxPlan plan, SandboxHandles handles, StagedPlan staged)
    {
        if (plan.Kind == PlanKind.Create && handles.Find(root.Root, null) is null)
        {
            StageWhole(root, plan, staged).Dispose();
            return;
        }

        DirectoryHandle sandbox = FindOrMake(root, handles, null, staged);
        var published = new HashSet<string>(StringComparer.Ordinal);
        foreach (string container in plan.CreatedContainers)
        {
            if (handles.Find(root.Root, container) is not null)
            {
                published.Add(container);
                continue;
            }

            StagedDirectory fresh = NewDirectory(root, plan.Sandbox, sandbox, container, container, staged);
            using DirectoryHandle directory = Open(root.Stage, fresh.Name);
            Fill(directory, plan, root.Root, container);
        }

        foreach (DocumentPut put in plan.Puts)
        {
            string? container = put.Key.Container;
            if (put.Key.Root != root.Root || (container is not null && plan.CreatedContainers.Contains(container) && !published.Contains(container)))
            {
                continue;
            }

            DirectoryHandle directory = container is null ? sandbox : FindOrMake(root, handles, container, staged);
            bool exists = handles.IsKnownFile(root.Root, container, put.Key.File) || CheckTarget(directory, put.Key.File, handles, container);
            var file = new StagedFile(directory, TempName.NewFile(_names), put.Key, exists);
            StorageException.ThrowIfFailed(fs.CreateFile(directory, file.TempName, AtomicFile.DefaultMode, out FileHandle? handle), "create a temp file", directory.Path, file.TempName);
            staged.Files.Add(file);
            using (handle)
            {
                WriteFully(handle!, put.Content.Span);
            }
        }

        foreach (DocumentKey key in plan.Deletes)
        {
            if (key.Root == root.Root && !handles.IsKnownFile(key.Root, key.Container, key.File) && handles.Find(key.Root, key.Container) is { } directory)
            {
                _ = CheckTarget(directory, key.File, handles, key.Container);
            }
        }
    }

    private DirectoryHandle StageWhole(RootDirectory root, SandboxPlan plan, StagedPlan staged)
    {
        StagedDirectory fresh = NewDirectory(root, plan.Sandbox, root.Directory, plan.Sandbox, container: null, staged);
        DirectoryHandle directory = Open(root.Stage, fresh.Name);
        try
        {
            Fill(directory, plan, root.Root, container: null);
            foreach (string container in plan.CreatedContainers)
            {
                using DirectoryHandle inner = MakeAndOpen(directory, container);
                Fill(inner, plan, root.Root, container);
            }

            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>A directory in the place of a document would be exchanged as a whole.</summary>
    private bool CheckTarget(DirectoryHandle directory, string file, SandboxHandles handles, string? container)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            // A container may exist in one root only; its name is taken in all.
            if (container is null && handles.Find(root.Root, null) is { } other
                && fs.Stat(other, file, out FileStatus namesake) == Errno.None && namesake.Kind == FileKind.Directory)
            {
                throw new StorageException("replace a document", $"{other.Path}/{file}", Errno.IsDirectory);
            }
        }

        Errno errno = fs.Stat(directory, file, out FileStatus status);
        if (errno == Errno.NotFound)
        {
            return false;
        }

        errno = errno == Errno.None && status.Kind != FileKind.Regular
            ? status.Kind switch { FileKind.Directory => Errno.IsDirectory, FileKind.SymbolicLink => Errno.SymbolicLink, _ => Errno.Invalid }
            : errno;
        StorageException.ThrowIfFailed(errno, "replace a document", directory.Path, file);
        return true;
    }

    private DirectoryHandle FindOrMake(RootDirectory root, SandboxHandles handles, string? container, StagedPlan staged)
    {
        if (handles.Find(root.Root, container) is { } found)
        {
            return found;
        }

        if (container is null && !handles.IsCurrent())
        {
            throw new NotFoundException("sandbox", handles.Sandbox); // another program has deleted it since it was locked: no half of it is made anew
        }

        // The sandbox or container exists in another root only: a volatile root was lost, or another program made it.
        DirectoryHandle parent = container is null ? root.Directory : FindOrMake(root, handles, null, staged);
        string name = container ?? handles.Sandbox;
        StorageException.ThrowIfFailed(fs.MakeDirectory(parent, name, RootDirectory.DirectoryMode), "make a directory", parent.Path, name);
        staged.MadeDirectories.Add((parent, name));
        return handles.Find(root.Root, container)!;
    }

    private StagedDirectory NewDirectory(RootDirectory root, string sandbox, DirectoryHandle parent, string target, string? container, StagedPlan staged)
    {
        var directory = new StagedDirectory(root, TempName.NewDirectory(_names, sandbox), parent, target, container);
        StorageException.ThrowIfFailed(fs.MakeDirectory(root.Stage, directory.Name, RootDirectory.DirectoryMode), "make a directory", root.Stage.Path, directory.Name);
        staged.Directories.Add(directory);
        return directory;
    }

    private void Fill(DirectoryHandle directory, SandboxPlan plan, StoreRoot root, string? container)
    {
        foreach (DocumentPut put in plan.Puts)
        {
            if (put.Key.Root == root && put.Key.Container == container)
            {
                using FileHandle file = NewFile(directory, put.Key.File);
                WriteFully(file, put.Content.Span);
            }
        }
    }

    private DirectoryHandle MakeAndOpen(DirectoryHandle parent, string name)
    {
        StorageException.ThrowIfFailed(fs.MakeDirectory(parent, name, RootDirectory.DirectoryMode), "make a directory", parent.Path, name);
        return Open(parent, name);
    }

    private DirectoryHandle Open(DirectoryHandle parent, string name)
    {
        StorageException.ThrowIfFailed(fs.OpenDirectory(parent, name, out DirectoryHandle? directory), "open the directory", parent.Path, name);
        return directory!;
    }

    private FileHandle NewFile(DirectoryHandle directory, string name)
    {
        StorageException.ThrowIfFailed(fs.CreateFile(directory, name, AtomicFile.DefaultMode, out FileHandle? file), "create a file", directory.Path, name);
        return file!;
    }

    private void WriteFully(FileHandle file, ReadOnlySpan<byte> bytes)
    {
        for (long offset = 0; !bytes.IsEmpty;)
        {
            Errno errno = fs.Write(file, bytes, offset, out int count);
            StorageException.ThrowIfFailed(errno == Errno.None && count == 0 ? Errno.InputOutput : errno, "write a temp file", file.Path);
            bytes = bytes[count..];
            offset += count;
        }
    }
}
