using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Sandboxes;

/// <summary>
/// The <c>tempDir</c> of the sandboxes. A file whose lifetime is its owner's has a name of its own (<c>.owned</c>) and an exclusive flock
/// as long as the owner lives: a holder of the exclusive lock that gets that flock knows that no process needs the file.
/// </summary>
internal sealed class TempFiles(IDurableFileSystem fs, DirectoryHandle run) : IDisposable
{
    private const string Name = "tempDir";
    private const string OwnedSuffix = ".owned";
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static TempFiles Open(IDurableFileSystem fs, StoreLayout layout)
    {
        StorageException.ThrowIfFailed(fs.OpenRoot(layout.Run, out DirectoryHandle? run), "open the directory", layout.Run);
        return new TempFiles(fs, run!);
    }

    public TempFile Create(string sandbox, TempFileLifetime lifetime)
    {
        DirectoryHandle directory = OpenOrMake(sandbox);
        TempFile? made = null;
        try
        {
            made = Create(directory, lifetime);
            return made;
        }
        finally
        {
            if (made is null || lifetime == TempFileLifetime.Sandbox)
            {
                directory.Dispose();
            }
        }
    }

    /// <summary>Removes the files of owners that have died. The caller holds the sandbox exclusively.</summary>
    public void Sweep(string sandbox)
    {
        string path = $"{sandbox}/{Name}";
        Errno errno = fs.OpenDirectory(run, path, out DirectoryHandle? directory);
        if (errno is Errno.NotFound or Errno.SymbolicLink or Errno.NotDirectory)
        {
            // a link or a file there is not the store's: no temp file is made there, and it must not stop the removal of the sandbox
            return;
        }

        StorageException.ThrowIfFailed(errno, "open the directory", $"{run.Path}/{path}");
        using (directory)
        {
            var entries = new List<DirectoryEntry>();
            StorageException.ThrowIfFailed(fs.List(directory!, entries), "list the directory", directory!.Path);
            foreach (DirectoryEntry entry in entries)
            {
                if (entry.Kind == FileKind.Regular && entry.Name.EndsWith(OwnedSuffix, StringComparison.Ordinal))
                {
                    RemoveIfOwnerIsDead(directory, entry.Name);
                }
            }
        }
    }

    public void Dispose() => run.Dispose();

    private TempFile Create(DirectoryHandle directory, TempFileLifetime lifetime)
    {
        string name;
        FileHandle? file;
        Errno errno;
        do
        {
            name = NewName(lifetime);
            errno = fs.CreateFile(directory, name, FileMode, out file);
        }
        while (errno == Errno.Exists);
        StorageException.ThrowIfFailed(errno, "create the temp file", directory.Path, name);
        if (lifetime == TempFileLifetime.Sandbox)
        {
            file!.Dispose();
            return TempFile.OfSandbox(fs, name, $"{directory.Path}/{name}");
        }

        // No process sweeps meanwhile: that takes the exclusive lock of the sandbox, which the caller has or keeps away.
        errno = fs.TryLock(file!, LockRange.Whole, LockMode.Exclusive);
        if (errno == Errno.None)
        {
            return TempFile.OfOwner(fs, directory, name, file!);
        }

        fs.Unlink(directory, name);
        file!.Dispose();
        throw new StorageException("lock the temp file", $"{directory.Path}/{name}", errno);
    }

    private void RemoveIfOwnerIsDead(DirectoryHandle directory, string name)
    {
        Errno errno = fs.OpenFile(directory, name, FileUse.ReadWrite, out FileHandle? file);
        using (file)
        {
            errno = errno == Errno.None ? fs.TryLock(file!, LockRange.Whole, LockMode.Exclusive) : errno;
            errno = errno == Errno.None ? fs.Unlink(directory, name) : errno;
        }

        // Its owner lives, or has just removed it.
        StorageException.ThrowIfFailed(
            errno is Errno.WouldBlock or Errno.NotFound ? Errno.None : errno, "remove the temp file", directory.Path, name);
    }

    private DirectoryHandle OpenOrMake(string sandbox)
    {
        Errno errno = fs.OpenDirectory(run, sandbox, out DirectoryHandle? parent);
        if (errno == Errno.NotFound)
        {
            throw new InvalidOperationException($"The sandbox '{sandbox}' is not created yet; temp files need its directory.");
        }

        StorageException.ThrowIfFailed(errno, "open the directory", run.Path, sandbox);
        using (parent)
        {
            errno = fs.MakeDirectory(parent!, Name, DirectoryMode, out DirectoryHandle? directory);
            errno = errno == Errno.Exists ? fs.OpenDirectory(parent!, Name, out directory) : errno;
            StorageException.ThrowIfFailed(errno, "make the directory", parent!.Path, Name);
            return directory!;
        }
    }

    private string NewName(TempFileLifetime lifetime)
    {
        Span<byte> random = stackalloc byte[sizeof(uint)];
        fs.FillRandom(random);
        string digits = BitConverter.ToUInt32(random).ToString("D10", CultureInfo.InvariantCulture);
        return $"tmp-{digits}{(lifetime == TempFileLifetime.Owner ? OwnedSuffix : string.Empty)}";
    }
}
