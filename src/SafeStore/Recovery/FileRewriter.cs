using System;
using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Threads;

namespace SafeStore.Recovery;

/// <summary>
/// Writes many whole files, each as <see cref="AtomicFile"/> does (temp file, fsync, rename), but syncs them in batches. The directories are the caller's to sync.
/// </summary>
/// <remarks>What a failure or a crash leaves are temp files, which the next recovery sweeps; a file's name goes to its new content after that was synced, or not at all.</remarks>
internal sealed class FileRewriter(IDurableFileSystem fs, SideBySide syncs) : IDisposable
{
    /// <summary>Nobody else is at work during a recovery.</summary>
    public const int FilesPerBatch = 64;

    private readonly AtomicFile _atomic = new(fs);
    private readonly SyncBatch<WrittenFile> _batch = new(fs, syncs, FilesPerBatch);
    private readonly List<WrittenFile> _written = [];

    /// <summary>Lets a file have this content after the next <see cref="Complete"/>, if not before.</summary>
    /// <param name="root">The root.</param>
    /// <param name="path">The path, from the root, of a directory that stays what it is until then.</param>
    /// <param name="directory">The same directory.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="content">Its content.</param>
    public void Write(RootDirectory root, string path, DirectoryHandle directory, string name, ReadOnlySpan<byte> content)
    {
        FileHandle file = _atomic.WriteTemp(directory, name, content, out string temp);
        var written = new WrittenFile(root.Directory, path, temp, name);
        _written.Add(written);
        _batch.Add(file, written);
        if (_batch.IsFull)
        {
            Complete();
        }
    }

    /// <summary>Makes the content of all files durable and gives it their names.</summary>
    public void Complete()
    {
        foreach ((WrittenFile failed, Errno errno) in _batch.Sync())
        {
            throw new StorageException("sync the temp file", $"{failed.Root.Path}/{failed.Directory}/{failed.Name}", errno);
        }

        foreach (WrittenFile written in _written)
        {
            Errno errno = fs.OpenDirectory(written.Root, written.Directory, out DirectoryHandle? directory);
            StorageException.ThrowIfFailed(errno, "open the directory", written.Root.Path, written.Directory);
            using (directory)
            {
                errno = fs.Rename(directory!, written.Temp, directory!, written.Name);
                StorageException.ThrowIfFailed(errno, "rename the temp file", directory!.Path, written.Name);
            }
        }

        _written.Clear();
    }

    public void Dispose() => _batch.Dispose();

    private sealed record WrittenFile(DirectoryHandle Root, string Directory, string Temp, string Name);
}
