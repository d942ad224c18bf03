using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Backups;

/// <summary>A finished backup that is open to be read.</summary>
internal sealed class StoredBackup : IDisposable
{
    private const int DocumentBytesMax = 64 * 1024 * 1024;
    private const int ManifestBytesMax = 1 << 30;

    private readonly IDurableFileSystem _fs;
    private readonly DirectoryHandle _directory;

    private StoredBackup(IDurableFileSystem fs, DirectoryHandle directory, BackupManifest manifest)
    {
        _fs = fs;
        _directory = directory;
        Manifest = manifest;
    }

    public BackupManifest Manifest { get; }

    public string Path => _directory.Path;

    /// <exception cref="NotFoundException">There is none.</exception>
    /// <exception cref="BackupException">Its manifest is missing or damaged.</exception>
    public static StoredBackup Open(IDurableFileSystem fs, string path)
    {
        using var owned = new OwnedParts();
        Errno errno = fs.OpenRoot(path, out DirectoryHandle? directory);
        if (errno is Errno.NotFound or Errno.NotDirectory)
        {
            throw new NotFoundException("backup", path, "See what there is: safestore backup list DIR.");
        }

        StorageException.ThrowIfFailed(errno, "open the backup", path);
        owned.Add(directory!);
        byte[] manifest = Read(BackupManifest.FileName, ManifestBytesMax);
        BackupManifest found = BackupManifest.Decode(manifest, Read(BackupManifest.SumName, 4096), path);
        owned.Disown();
        return new StoredBackup(fs, directory!, found);

        byte[] Read(string name, int limit)
        {
            Errno read = ReadFile(fs, directory!, name, limit, out byte[] content);
            if (read is Errno.NotFound)
            {
                throw new BackupException($"The backup '{path}' is damaged, or none: it has no {name}.");
            }

            StorageException.ThrowIfFailed(read, "read the backup", directory!, name);
            return content;
        }
    }

    /// <summary>A document's content; null, and a problem, if it is missing or not what the manifest says.</summary>
    public byte[]? TryRead(string sandbox, ManifestDocument document, ProblemList problems)
    {
        string path = BackupTree.PathOf(sandbox, document.Key);
        Errno errno = ReadFile(_fs, _directory, path, DocumentBytesMax, out byte[] content);
        if (errno != Errno.None)
        {
            problems.Add(errno == Errno.NotFound
                ? new BackupException($"'{_directory.Path}/{path}' is missing in the backup.")
                : new StorageException("read the backup", $"{_directory.Path}/{path}", errno));
            return null;
        }

        if (content.Length != document.Bytes || BackupManifest.ShaOf(content) != document.Sha256)
        {
            problems.Add(new BackupException($"'{_directory.Path}/{path}' is damaged: it is not what the manifest says."));
            return null;
        }

        return content;
    }

    /// <summary>All that is wrong with it: what is missing, damaged, or not of it.</summary>
    public IReadOnlyList<StoreProblem> Verify(IProgress<BackupProgress>? progress, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        var files = new HashSet<string>(StringComparer.Ordinal) { BackupManifest.FileName, BackupManifest.SumName };
        var directories = new SortedSet<string>(StringComparer.Ordinal) { "config", "run" };
        int done = 0;
        foreach (ManifestSandbox sandbox in Manifest.Sandboxes)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (string path in new[] { $"config/{sandbox.Sandbox}", $"run/{sandbox.Sandbox}" })
            {
                directories.Add(path);
                directories.UnionWith(sandbox.Containers.Select(container => $"{path}/{container}"));
            }

            foreach (ManifestDocument document in sandbox.Documents.Where(static each => each.HasFile))
            {
                _ = TryRead(sandbox.Sandbox, document, problems);
                files.Add(BackupTree.PathOf(sandbox.Sandbox, document.Key));
            }

            progress?.Report(new BackupProgress(++done, Manifest.Sandboxes.Count));
        }

        FindStrays("", files, directories, problems);
        foreach (string missing in directories)
        {
            problems.Add(new BackupException($"'{_directory.Path}/{missing}' is missing in the backup."));
        }

        return problems.All;
    }

    public void Dispose() => _directory.Dispose();

    private static Errno ReadFile(IDurableFileSystem fs, DirectoryHandle directory, string path, int limit, out byte[] content)
    {
        Errno errno = WholeFile.Read(fs, directory, path, limit, out byte[] rented, out int length);
        content = errno == Errno.None ? rented.AsSpan(0, length).ToArray() : [];
        if (errno == Errno.None)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return errno;
    }

    /// <summary>Tells what the manifest does not name, and takes from the directories those that are there.</summary>
    private void FindStrays(string path, HashSet<string> files, SortedSet<string> directories, ProblemList problems)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = path.Length == 0 ? _fs.List(_directory, entries) : _fs.List(_directory, path, entries);
        if (errno != Errno.None)
        {
            problems.Add(new StorageException("list the directory", $"{_directory.Path}/{path}", errno));
        }

        foreach (DirectoryEntry entry in entries.OrderBy(static each => each.Name, StringComparer.Ordinal))
        {
            string below = path.Length == 0 ? entry.Name : $"{path}/{entry.Name}";
            if (entry.Kind == FileKind.Directory && directories.Remove(below))
            {
                FindStrays(below, files, directories, problems);
            }
            else if (entry.Kind == FileKind.Directory || !files.Contains(below))
            {
                problems.Add(new BackupException($"'{_directory.Path}/{below}' is not of the backup: the manifest does not name it."));
            }
        }
    }
}
