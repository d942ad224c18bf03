using System;
using System.Collections.Generic;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Threads;

namespace SafeStore.Recovery;

/// <summary>
/// Writes many whole documents: each into the scratch directory, synced, then renamed into its place. They are synced in batches. The
/// directories are the caller's to sync.
/// </summary>
/// <remarks>
/// What a failure or a crash leaves lies in the scratch directory; a document's name goes to its new content after that was synced, or not
/// at all.
/// </remarks>
/// <param name="fs">The filesystem.</param>
/// <param name="stamper">Stamps them.</param>
/// <param name="syncs">Syncs them.</param>
/// <param name="failed">Told of a sandbox one of whose documents could not be written; throws to end it.</param>
internal sealed class FileRewriter(IDurableFileSystem fs, Stamper stamper, ParallelCalls syncs, Action<string, StorageException> failed)
    : IDisposable
{
    private const int FilesPerBatch = 64;

    private readonly SyncBatch<WrittenFile> _batch = new(fs, syncs, FilesPerBatch);
    private readonly List<WrittenFile> _written = [];

    /// <summary>Lets a document have this content after the next <see cref="Complete"/>, if not before.</summary>
    /// <param name="root">The root.</param>
    /// <param name="path">The path, from the root, of a directory that stays what it is until then.</param>
    /// <param name="directory">The same directory.</param>
    /// <param name="name">The document's name.</param>
    /// <param name="document">Its content, and the transaction that the content is of.</param>
    public void Write(RootDirectory root, string path, DirectoryHandle directory, string name, RedoDocument document)
    {
        Errno errno = TryWrite(root, path, directory, name, document);
        if (errno is Errno.NoSpace or Errno.QuotaExceeded && _written.Count > 0)
        {
            Complete(); // gives the space of the old versions back
            errno = TryWrite(root, path, directory, name, document);
        }

        StorageException.ThrowIfFailed(errno, "write a document anew", directory, name);
        if (_batch.IsFull)
        {
            Complete();
        }
    }

    /// <summary>
    /// Makes a file of a sandbox, in its place or to be there with its directory, durable with the next <see cref="Complete"/>.
    /// </summary>
    public void Add(RootDirectory root, string sandbox, DirectoryHandle directory, string name)
    {
        StorageException.ThrowIfFailed(
            fs.OpenFile(directory, name, FileUse.Read, out FileHandle? file), "open a new document", directory, name);
        _batch.Add(file!, new WrittenFile(root, sandbox, null, name));
        if (_batch.IsFull)
        {
            Complete();
        }
    }

    /// <summary>Makes the content of all files durable and gives it their names.</summary>
    public void Complete()
    {
        foreach ((WrittenFile written, Errno errno) in _batch.Sync())
        {
            _ = _written.Remove(written);
            failed(written.Sandbox, new StorageException("sync a document", $"{written.Directory}/{written.Name}", errno));
        }

        foreach (WrittenFile written in _written)
        {
            RootDirectory root = written.Root;
            try
            {
                Publish(written);
            }
            catch (StorageException failure)
            {
                _ = fs.Unlink(root.Scratch.Directory, written.Scratch!);
                failed(written.Sandbox, failure);
            }

            root.Scratch.GiveBack(written.Scratch!);
        }

        _written.Clear();
    }

    public void Dispose() => _batch.Dispose();

    private void Publish(WrittenFile written)
    {
        RootDirectory root = written.Root;
        Errno errno = fs.OpenDirectory(root.Directory, written.Directory, out DirectoryHandle? directory);
        StorageException.ThrowIfFailed(errno, "open the directory", root.Directory, written.Directory);
        using (directory)
        {
            errno = fs.Rename(root.Scratch.Directory, written.Scratch!, directory!, written.Name, RenameKind.Replace);
            StorageException.ThrowIfFailed(errno, "publish a document", directory!, written.Name);
        }
    }

    private Errno TryWrite(RootDirectory root, string path, DirectoryHandle directory, string name, RedoDocument document)
    {
        ReadOnlySpan<byte> content = document.Content!.Value.Span;
        FileStatus? old = fs.Stat(directory, name, out FileStatus status) == Errno.None && status.Kind == FileKind.Regular ? status : null;
        Errno errno = ScratchFile.Write(fs, root, (directory, name), old, content, out string? scratch);
        FileHandle? file = null;
        errno = errno == Errno.None ? fs.OpenFile(root.Scratch.Directory, scratch!, FileUse.Read, out file) : errno;
        if (errno != Errno.None)
        {
            _ = scratch is null ? Errno.None : fs.Unlink(root.Scratch.Directory, scratch);
            return errno;
        }

        stamper.Stamp(root.Scratch.Directory, scratch!, document.Lsn, content);
        var written = new WrittenFile(root, path, scratch, name);
        _written.Add(written);
        _batch.Add(file!, written);
        return Errno.None;
    }

    private sealed record WrittenFile(RootDirectory Root, string Directory, string? Scratch, string Name)
    {
        public string Sandbox => Directory.Split('/')[0];
    }
}
