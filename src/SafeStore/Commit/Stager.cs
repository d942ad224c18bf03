using System;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Commit;

/// <summary>
/// Writes a plan's new bytes to places where nobody sees them: temp files beside their targets, and the whole directories of new
/// sandboxes and containers under stage/. Used by a commit before its append, and by roll-forward from the record's bytes; the latter may
/// find some of it published already.
/// </summary>
internal sealed class Stager(IDurableFileSystem fs, RootSet roots)
{
    private readonly NameSource _names = new(fs);
    private readonly TempNameRing _tempNames = new(fs);

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

        staged.Files.Capacity = plan.Puts.Length; // what is made must not be forgotten for lack of memory
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            if (plan.Touches(root.Root))
            {
                StageInto(root, plan, handles, staged);
            }
        }
    }

    /// <summary>
    /// Finds what is in the way of a plan whatever is staged, before its record is in the log: recovery could not apply it either. Something else in the place of a document, a sandbox that another program has deleted.
    /// </summary>
    /// <param name="plan">What is to be staged.</param>
    /// <param name="handles">The sandbox, its lock held.</param>
    public void Check(SandboxPlan plan, SandboxHandles handles)
    {
        if (plan.Kind == PlanKind.Update && !handles.IsCurrent())
        {
            throw new NotFoundException("sandbox", handles.Sandbox); // its lock is no lock any more, whatever directories are still open
        }

        for (int i = 0; i < plan.Puts.Length; i++)
        {
            Check(plan.Puts[i].Key, handles);
        }

        for (int i = 0; i < plan.Deletes.Length; i++)
        {
            Check(plan.Deletes[i], handles);
        }
    }

    /// <summary>
    /// Begins a sandbox that does not exist with its directory under the run root's stage/, which leads whoever comes upon it to the record. The caller holds its name, so
    /// that nobody else is building it.
    /// </summary>
    /// <returns>False, and nothing is made, if a creation that has not come to its end is in the way: only the log tells what it is.</returns>
    public bool TryBeginNew(SandboxPlan plan, StagedPlan staged)
    {
        Errno errno = Make(Whole(roots.Run, plan), staged, out DirectoryHandle? made);
        if (errno == Errno.Exists)
        {
            return false;
        }

        StorageException.ThrowIfFailed(errno, "make a directory", roots.Run.Stage, TempName.NewSandbox(plan.Sandbox));
        staged.NewDirectory = made;
        return true;
    }

    /// <summary>
    /// Begins a creation again that is in the log and did not come to its end, in the same directory: it alone leads to the record, so it must not go before the sandbox appears.
    /// </summary>
    public void BeginAgain(SandboxPlan plan, StagedPlan staged)
    {
        StagedDirectory whole = Whole(roots.Run, plan);
        Errno errno = RemovedTree.Empty(fs, whole.Root.Stage, whole.Name, out DirectoryHandle? directory);
        staged.NewDirectory = directory;
        StorageException.ThrowIfFailed(errno, "empty", whole.Root.Stage, whole.Name);
        staged.Add(whole);
    }

    /// <summary>Stages the rest of a sandbox that was begun: its documents, the lock file, locked, and its directory for the other root.</summary>
    public void StageNew(SandboxPlan plan, StagedPlan staged)
    {
        using (DirectoryHandle run = staged.NewDirectory!)
        {
            FillWhole(run, StoreRoot.Run, plan);
            staged.LockFile = NewFile(run, Identifier.LockFile);
            StorageException.ThrowIfFailed(fs.TryLock(staged.LockFile, LockMode.Exclusive), "lock", staged.LockFile);
            new LockWord(LockWordState.Committing, default).Write(fs, staged.LockFile);
        }

        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            if (root.Root != StoreRoot.Run)
            {
                StageOtherHalf(root, plan, staged);
            }
        }
    }

    /// <summary>
    /// Takes back what was staged, so that no power loss brings it up again beside a document. False if something may be left, so that the sandbox needs to be resolved.
    /// </summary>
    /// <param name="staged">What was staged.</param>
    /// <param name="filesToo">Whether temp files beside documents may be removed now; otherwise they are left.</param>
    public bool TryTakeBack(StagedPlan staged, bool filesToo)
    {
        bool complete = filesToo || staged.Files.Count == 0;
        foreach (StagedFile file in filesToo ? staged.Files : [])
        {
            complete &= fs.Unlink(file.Directory, file.TempName) is Errno.None or Errno.NotFound;
        }

        // A settled store is not swept when it is opened: what an idle sandbox has got rid of must be gone for good.
        foreach (DirectoryHandle directory in staged.Files.Where(file => !roots[file.Key.Root].IsVolatile).Select(static file => file.Directory).Distinct())
        {
            complete &= fs.SyncDirectory(directory) == Errno.None;
        }

        foreach (StagedDirectory directory in staged.Directories)
        {
            complete &= RemovedTree.TryRemove(fs, directory.Root.Stage, directory.Name);
        }

        foreach ((DirectoryHandle parent, string name) in staged.MadeDirectories.AsEnumerable().Reverse())
        {
            complete &= fs.RemoveDirectory(parent, name) is Errno.None or Errno.NotFound;
        }

        staged.Close();
        return complete;
    }

    private void StageInto(RootDirectory root, SandboxPlan plan, SandboxHandles handles, StagedPlan staged)
    {
        if (plan.Kind == PlanKind.Create && handles.Find(root.Root, null) is null)
        {
            StageOtherHalf(root, plan, staged); // of a creation that died between its two renames; what it had staged has been swept
            return;
        }

        DirectoryHandle sandbox = FindOrMake(root, handles, null, staged);
        for (int i = 0; i < plan.CreatedContainers.Length; i++)
        {
            if (handles.Find(root.Root, plan.CreatedContainers[i]) is null)
            {
                StageContainer(root, plan, plan.CreatedContainers[i], sandbox, staged);
            }
        }

        for (int i = 0; i < plan.Puts.Length; i++)
        {
            (StoreRoot target, string? container, _) = plan.Puts[i].Key;
            if (target == root.Root && (container is null || !staged.Holds(root, container)))
            {
                StageDocument(plan.Puts[i], container is null ? sandbox : FindOrMake(root, handles, container, staged), handles, staged);
            }
        }

        for (int i = 0; i < plan.Deletes.Length; i++)
        {
            DocumentKey key = plan.Deletes[i];
            if (key.Root == root.Root && !handles.IsKnownFile(key.Root, key.Container, key.File) && handles.Find(key.Root, key.Container) is { } directory)
            {
                _ = CheckTarget(directory, key.File, handles, key.Container);
            }
        }
    }

    private void StageOtherHalf(RootDirectory root, SandboxPlan plan, StagedPlan staged)
    {
        StagedDirectory whole = Whole(root, plan);
        Errno errno = Make(whole, staged, out DirectoryHandle? made);
        if (errno == Errno.Exists)
        {
            // Without its half in the run root it is none that could be finished, but one that was not wholly taken back.
            errno = RemovedTree.Remove(fs, root.Stage, whole.Name);
            errno = errno == Errno.None ? Make(whole, staged, out made) : errno;
        }

        StorageException.ThrowIfFailed(errno, "make a directory", root.Stage, whole.Name);
        using DirectoryHandle directory = made!;
        FillWhole(directory, root.Root, plan);
    }

    private static StagedDirectory Whole(RootDirectory root, SandboxPlan plan) => new(root, TempName.NewSandbox(plan.Sandbox), root.Directory, plan.Sandbox, Container: null);

    private void StageContainer(RootDirectory root, SandboxPlan plan, string container, DirectoryHandle sandbox, StagedPlan staged)
    {
        var fresh = new StagedDirectory(root, TempName.NewDirectory(_names, plan.Sandbox), sandbox, container, container);
        StorageException.ThrowIfFailed(Make(fresh, staged, out DirectoryHandle? made), "make a directory", root.Stage, fresh.Name);
        using DirectoryHandle directory = made!;
        Fill(directory, plan, root.Root, container);
    }

    private void StageDocument(DocumentPut put, DirectoryHandle directory, SandboxHandles handles, StagedPlan staged)
    {
        (StoreRoot root, string? container, string name) = put.Key;
        bool exists = handles.IsKnownFile(root, container, name) || CheckTarget(directory, name, handles, container);
        var file = new StagedFile(directory, _tempNames.Next(), put.Key, exists);
        if (!TryWrite(file, put, staged))
        {
            // This transaction has more documents than the ring has names; or a call that failed had made the file all the same, and the next sweep removes it.
            file = file with { TempName = TempName.NewFile(_names) };
            StorageException.ThrowIfFailed(TryWrite(file, put, staged) ? Errno.None : Errno.Exists, "create a temp file", directory, file.TempName);
        }
    }

    /// <summary>False if the name is taken.</summary>
    private bool TryWrite(StagedFile file, DocumentPut put, StagedPlan staged)
    {
        bool isCreated = false;
        try
        {
            Errno errno = fs.CreateFile(file.Directory, file.TempName, AtomicFile.DefaultMode, put.Content.Span, out isCreated);
            if (errno == Errno.Exists && !isCreated)
            {
                return false;
            }

            StorageException.ThrowIfFailed(errno, isCreated ? "write a temp file" : "create a temp file", file.Directory, file.TempName);
            return true;
        }
        finally
        {
            if (isCreated)
            {
                staged.Files.Add(file); // also when it throws: it is there, and to be taken back
            }
        }
    }

    private void FillWhole(DirectoryHandle directory, StoreRoot root, SandboxPlan plan)
    {
        Fill(directory, plan, root, container: null);
        foreach (string container in plan.CreatedContainers)
        {
            StorageException.ThrowIfFailed(fs.MakeDirectory(directory, container, RootDirectory.DirectoryMode, out DirectoryHandle? made), "make a directory", directory, container);
            using DirectoryHandle inner = made!;
            Fill(inner, plan, root, container);
        }
    }

    /// <summary>What is found is known from then on, so that staging does not look again.</summary>
    private void Check(DocumentKey key, SandboxHandles handles)
    {
        (StoreRoot root, string? container, string name) = key;
        if (handles.IsKnownFile(root, container, name))
        {
            return;
        }

        if (CheckTarget(handles.Find(root, container), name, handles, container))
        {
            handles.KnowFile(root, container, name);
        }
    }

    /// <summary>A directory in the place of a document would be exchanged as a whole.</summary>
    private bool CheckTarget(DirectoryHandle? directory, string file, SandboxHandles handles, string? container)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            // A container may exist in one root only; its name is taken in all.
            if (container is null && handles.HasDirectory(root.Root, file))
            {
                throw new StorageException("replace a document", $"{root.Directory.Path}/{handles.Sandbox}/{file}", Errno.IsDirectory);
            }
        }

        if (directory is null)
        {
            return false;
        }

        Errno errno = fs.Stat(directory, file, out FileStatus status);
        if (errno == Errno.NotFound)
        {
            return false;
        }

        errno = errno == Errno.None && status.Kind != FileKind.Regular
            ? status.Kind switch { FileKind.Directory => Errno.IsDirectory, FileKind.SymbolicLink => Errno.SymbolicLink, _ => Errno.Invalid }
            : errno;
        StorageException.ThrowIfFailed(errno, "replace a document", directory, file);
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
        StorageException.ThrowIfFailed(fs.MakeDirectory(parent, name, RootDirectory.DirectoryMode), "make a directory", parent, name);
        staged.AddMade(parent, name);
        return handles.Find(root.Root, container)!;
    }

    private Errno Make(StagedDirectory fresh, StagedPlan staged, out DirectoryHandle? directory)
    {
        Errno errno = fs.MakeDirectory(fresh.Root.Stage, fresh.Name, RootDirectory.DirectoryMode, out directory);
        if (errno == Errno.None)
        {
            staged.Add(fresh);
        }

        return errno;
    }

    private void Fill(DirectoryHandle directory, SandboxPlan plan, StoreRoot root, string? container)
    {
        for (int i = 0; i < plan.Puts.Length; i++)
        {
            DocumentPut put = plan.Puts[i];
            if (put.Key.Root == root && put.Key.Container == container)
            {
                Errno errno = fs.CreateFile(directory, put.Key.File, AtomicFile.DefaultMode, put.Content.Span, out bool isCreated);
                StorageException.ThrowIfFailed(errno, isCreated ? "write a file" : "create a file", directory, put.Key.File);
            }
        }
    }

    private FileHandle NewFile(DirectoryHandle directory, string name)
    {
        StorageException.ThrowIfFailed(fs.CreateFile(directory, name, AtomicFile.DefaultMode, out FileHandle? file), "create a file", directory, name);
        return file!;
    }
}
