using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO.Hashing;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Operations.Repair;

/// <summary>A file that was put aside.</summary>
internal sealed record QuarantinedFile(string Path, long Bytes, string? Xxh3, string? NotCopied);

/// <summary>What a quarantine directory holds, and why.</summary>
internal sealed record QuarantineManifest(
    DateTimeOffset At, string Reason, IReadOnlyList<string> Damages, IReadOnlyList<QuarantinedFile> Files);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(QuarantineManifest))]
internal sealed partial class QuarantineJson : JsonSerializerContext;

/// <summary>
/// A directory <c>(metadata of a root)/quarantine/(time)</c> with copies of what a repair is about to change, and a manifest. Whole and
/// durable once it has its manifest, which is written last.
/// </summary>
/// <param name="fs">The filesystem.</param>
/// <param name="root">In whose metadata it lies.</param>
/// <param name="now">The time, its name.</param>
internal sealed class Quarantine(IDurableFileSystem fs, RootDirectory root, DateTimeOffset now) : IDisposable
{
    public const string DirectoryName = "quarantine";
    public const string ManifestName = "manifest.json";

    private const int FileBytesMax = 1 << 30;

    private readonly IDurableFileSystem _fs = fs;
    private readonly List<QuarantinedFile> _files = [];
    private DirectoryHandle? _directory;

    /// <summary>Whether it has anything.</summary>
    public bool HasFiles => _files.Count > 0;

    /// <summary>The directory, made when it is first needed.</summary>
    public DirectoryHandle Directory => _directory ??= Make();

    /// <summary>Where the newest quarantine that has a document has it; null if none has.</summary>
    public static string? FindKept(IDurableFileSystem fs, DirectoryHandle metadata, string path)
    {
        var entries = new List<DirectoryEntry>();
        _ = fs.List(metadata, DirectoryName, entries);
        return entries.Select(static each => each.Name).OrderDescending(StringComparer.Ordinal)
            .Select(name => $"{DirectoryName}/{name}/{TargetOf(path)}")
            .Where(kept => fs.Stat(metadata, kept, out _) == Errno.None).Select(kept => $"{metadata.Path}/{kept}").FirstOrDefault();
    }

    /// <summary>Copies the files of a directory; of what is no file, only the name is noted.</summary>
    /// <param name="source">The directory.</param>
    /// <param name="target">Where to, below the quarantine.</param>
    /// <param name="isWanted">Which names.</param>
    /// <exception cref="StorageException">One could not be copied: nothing has been changed.</exception>
    public void Copy(DirectoryHandle source, string target, Func<string, bool> isWanted)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(_fs.List(source, entries), "list the directory", source);
        using DirectoryHandle directory = OpenOrMake(target);
        entries.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));
        foreach (DirectoryEntry entry in entries.Where(entry => isWanted(entry.Name)))
        {
            if (entry.Kind == FileKind.Regular)
            {
                Copy(source, entry.Name, directory, target);
            }
            else if (entry.Kind != FileKind.Directory)
            {
                _files.Add(new QuarantinedFile($"{target}/{entry.Name}", 0, null, entry.Kind.ToString()));
            }
        }

        StorageException.ThrowIfFailed(_fs.SyncDirectory(directory), "sync the directory", directory);
    }

    /// <summary>Copies a file of any content.</summary>
    /// <returns>False if it is no file that can be read: then only moving it keeps what it is.</returns>
    /// <exception cref="StorageException">It could not be copied: nothing has been changed.</exception>
    public bool TryCopy(DirectoryHandle source, string name, string target)
    {
        Errno errno = _fs.Stat(source, name, out FileStatus status);
        StorageException.ThrowIfFailed(errno, "look at", source, name);
        if (status.Kind != FileKind.Regular || status.Size > FileBytesMax)
        {
            return false;
        }

        using DirectoryHandle directory = OpenOrMake(target);
        try
        {
            Copy(source, name, directory, target);
        }
        catch (StorageException failure) when (failure.Errno == Errno.InputOutput && failure.Path == $"{source.Path}/{name}")
        {
            return false;
        }

        StorageException.ThrowIfFailed(_fs.SyncDirectory(directory), "sync the directory", directory);
        return true;
    }

    /// <summary>
    /// Copies files and directories of a root, with all that is in them; what is no file, or cannot be read, is moved if it was named, and
    /// else only its name is noted. Durable on return.
    /// </summary>
    /// <param name="directory">The root's directory.</param>
    /// <param name="paths">Paths in it; one that is not there is left out.</param>
    /// <param name="reason">For the manifest.</param>
    /// <returns>Whether there was anything.</returns>
    /// <exception cref="StorageException">One could not be copied: nothing has been changed.</exception>
    public bool KeepPaths(DirectoryHandle directory, IReadOnlyCollection<string> paths, string reason)
    {
        int before = _files.Count;
        var toMove = new List<(string Parent, string Name)>();
        foreach (string path in paths)
        {
            (string parent, string name) = (LinuxPath.GetDirectoryName(path)!, LinuxPath.GetFileName(path));
            Errno errno = _fs.Stat(directory, path, out FileStatus status);
            if (errno is Errno.NotFound or Errno.NotDirectory)
            {
                continue;
            }

            StorageException.ThrowIfFailed(errno, "look at", directory, path);
            if (status.Kind == FileKind.Directory)
            {
                CopyTree(directory, path);
                continue;
            }

            using DirectoryHandle source = OpenDirectory(directory, parent);
            if (!TryCopy(source, name, TargetOf(parent)))
            {
                Note(name, TargetOf(parent), $"to be moved: {status.Kind}");
                toMove.Add((parent, name));
            }
        }

        if (_files.Count > before)
        {
            Complete(reason, []);
        }

        foreach ((string parent, string name) in toMove)
        {
            using DirectoryHandle source = OpenDirectory(directory, parent);
            Move(source, name, TargetOf(parent));
        }

        return _files.Count > before;
    }

    /// <summary>Notes what is going to be moved, so that the manifest has it before.</summary>
    public void Note(string name, string target, string what) => _files.Add(new QuarantinedFile($"{target}/{name}", 0, null, what));

    /// <summary>Moves something of any kind out of a directory, where it is in the way.</summary>
    public void Move(DirectoryHandle source, string name, string target)
    {
        using DirectoryHandle directory = OpenOrMake(target);
        StorageException.ThrowIfFailed(_fs.Rename(source, name, directory, name, RenameKind.NoReplace), "put aside", source, name);
        StorageException.ThrowIfFailed(_fs.SyncDirectory(directory), "sync the directory", directory);
        StorageException.ThrowIfFailed(_fs.SyncDirectory(source), "sync the directory", source);
    }

    /// <summary>Ends it: durable on return.</summary>
    public void Complete(string reason, IEnumerable<string> damages)
    {
        var manifest = new QuarantineManifest(now, reason, [.. damages], _files);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(manifest, QuarantineJson.Default.QuarantineManifest);
        StorageException.ThrowIfFailed(_fs.SyncDirectory(Directory), "sync the directory", Directory);
        new AtomicFile(_fs) { Permissions = root.FilePermissions }.Write(Directory, ManifestName, json);
    }

    public void Dispose() => _directory?.Dispose();

    private DirectoryHandle Make()
    {
        FilePermissions permissions = root.DirectoryPermissions;
        using DirectoryHandle all = RootDirectory.OpenOrMake(_fs, root.Metadata, DirectoryName, permissions);
        string time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        for (int number = 1; ; number++)
        {
            string name = number == 1 ? time : string.Create(CultureInfo.InvariantCulture, $"{time}-{number}");
            Errno errno = _fs.MakeDirectory(all, name, permissions, out DirectoryHandle? made);
            if (errno != Errno.Exists)
            {
                StorageException.ThrowIfFailed(errno, "make a quarantine directory", all, name);
                using var owned = new OwnedParts();
                owned.Add(made!);
                StorageException.ThrowIfFailed(_fs.SyncDirectory(all), "sync the directory", all);
                owned.Disown();
                return made!;
            }
        }
    }

    /// <summary>The quarantine's <c>documents/</c> has the paths of the root.</summary>
    private static string TargetOf(string parent) => $"documents/{parent}";

    private DirectoryHandle OpenDirectory(DirectoryHandle root, string path)
    {
        StorageException.ThrowIfFailed(_fs.OpenDirectory(root, path, out DirectoryHandle? directory), "open the directory", root, path);
        return directory!;
    }

    private void CopyTree(DirectoryHandle root, string path)
    {
        using DirectoryHandle directory = OpenDirectory(root, path);
        Copy(directory, TargetOf(path), static _ => true);
        _files.Add(new QuarantinedFile(TargetOf(path), 0, null, FileKind.Directory.ToString()));
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(_fs.List(directory, entries), "list the directory", directory);
        foreach (DirectoryEntry entry in entries.Where(static each => each.Kind == FileKind.Directory))
        {
            CopyTree(root, $"{path}/{entry.Name}");
        }
    }

    private DirectoryHandle OpenOrMake(string target)
    {
        DirectoryHandle? parent = null;
        try
        {
            foreach (string name in target.Split('/'))
            {
                DirectoryHandle next =
                    RootDirectory.OpenOrMake(_fs, parent ?? Directory, name, root.DirectoryPermissions);
                parent?.Dispose();
                parent = next;
            }

            return parent!;
        }
        catch
        {
            parent?.Dispose();
            throw;
        }
    }

    private void Copy(DirectoryHandle source, string name, DirectoryHandle directory, string target)
    {
        byte[] rented = [];
        int length = 0;
        Errno errno = _fs.Stat(source, name, out FileStatus status);
        errno = errno == Errno.None && status.Size > FileBytesMax ? Errno.FileTooLarge
            : errno == Errno.None ? WholeFile.Read(_fs, source, name, FileBytesMax, out rented, out length) : errno;
        if (errno == Errno.NotFound)
        {
            return;
        }

        StorageException.ThrowIfFailed(errno, "read", source, name);
        try
        {
            ReadOnlySpan<byte> bytes = rented.AsSpan(0, length);
            new AtomicFile(_fs) { Permissions = root.FilePermissions }.Write(directory, name, bytes);
            _files.Add(new QuarantinedFile($"{target}/{name}", length, Convert.ToHexStringLower(XxHash3.Hash(bytes)), null));
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
