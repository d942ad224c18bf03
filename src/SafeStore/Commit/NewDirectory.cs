using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Commit;

/// <summary>Builds whole directories of new sandboxes and containers where no reader looks, documents included.</summary>
internal sealed class NewDirectory(IDurableFileSystem fs)
{
    /// <summary>Fills the directory of a sandbox: its documents in a root, its containers and theirs.</summary>
    public void FillSandbox(DirectoryHandle directory, RootDirectory root, SandboxPlan plan)
    {
        Fill(directory, root, plan, container: null);
        foreach (string container in plan.CreatedContainers)
        {
            Errno errno = fs.MakeDirectory(directory, container, root.DirectoryPermissions, out DirectoryHandle? inner);
            StorageException.ThrowIfFailed(errno, "make a directory", directory, container);
            using (inner)
            {
                Fill(inner!, root, plan, container);
            }
        }
    }

    /// <summary>Writes the documents of a sandbox (null) or a container.</summary>
    public void Fill(DirectoryHandle directory, RootDirectory root, SandboxPlan plan, string? container)
    {
        foreach (DocumentPut put in plan.PutsInto(root.Root, container))
        {
            Errno errno = fs.CreateFile(directory, put.Key.File, root.FilePermissions, put.Content.Span, out bool isCreated);
            StorageException.ThrowIfFailed(errno, isCreated ? "write a file" : "create a file", directory, put.Key.File);
        }
    }

    /// <summary>Makes the lock file of a new sandbox, locked before it can be seen.</summary>
    public FileHandle MakeLock(DirectoryHandle directory, RootDirectory root, LockWord word)
    {
        Errno errno = fs.CreateFile(directory, Identifier.LockFile, root.FilePermissions, out FileHandle? file);
        StorageException.ThrowIfFailed(errno, "create a file", directory, Identifier.LockFile);
        using var owned = new OwnedParts();
        owned.Add(file!);
        StorageException.ThrowIfFailed(fs.TryLock(file!, LockRange.Whole, LockMode.Exclusive), "lock", file!);
        LockWord.Reserve(fs, root.Traits, file!);
        word.Write(fs, file!);
        owned.Disown();
        return file!;
    }
}
