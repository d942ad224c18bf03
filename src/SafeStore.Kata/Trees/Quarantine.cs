using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Kata;

/// <summary>
/// The directory <c>quarantine</c> in a root's metadata: files that are no documents, as <c>(root)/(sandbox)/[(container)/](file)</c>.
/// Nothing in it is ever replaced: another content of the same name gets a number.
/// </summary>
internal sealed class Quarantine(IDurableFileSystem fs, string metadata)
{
    private const string DirectoryName = "quarantine";
    private const int BytesMax = 64 * 1024 * 1024;
    private const int NameBytesMax = 255;

    private readonly AtomicFile _atomic = new(fs);
    private readonly ForeignFiles _files = new(fs, metadata);
    private readonly HashSet<string> _swept = new(StringComparer.Ordinal);

    /// <summary>Copies a file's bytes; durable on return. What is there already is not copied again.</summary>
    /// <param name="file">The file.</param>
    /// <param name="source">Reads it.</param>
    /// <returns>
    /// The report of the file, quarantined; as it was, with a reason, if the file is too large even for this or cannot be read.
    /// </returns>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    /// <exception cref="NotDurableException">The copy is there, but may not survive a power loss.</exception>
    public FileReport Copy(SourceFile file, ForeignFiles source)
    {
        byte[] bytes;
        try
        {
            if ((file.Bytes ?? source.TryRead(file.Path, BytesMax)) is not { } found)
            {
                return Left(file.Report, "too large to be copied");
            }

            bytes = found;
        }
        catch (StorageException failure)
        {
            return Left(file.Report, $"it cannot be copied ({failure.Errno})");
        }

        using DirectoryHandle directory = Make(file.Report);
        if (_swept.Add(directory.Path))
        {
            Durability.Sweep(fs, directory);
        }

        foreach (string name in NamesOf(file.Report.File!))
        {
            bool? isSame = HasBytes(directory, name, bytes);
            if (isSame == false)
            {
                continue;
            }

            if (Encoding.UTF8.GetByteCount(name) > NameBytesMax)
            {
                break;
            }

            if (isSame is null)
            {
                _atomic.Write(directory, name, bytes);
            }
            else
            {
                // The process that wrote it may have died before its name was durable.
                StorageException.ThrowIfFailed(fs.SyncDirectory(directory), "sync the directory", directory.Path);
            }

            return Quarantined(file.Report, "copied", $"{directory.Path}/{name}");
        }

        return Left(file.Report, "there is no free name for it in quarantine");
    }

    /// <summary>Moves a file, which must lie on the metadata's filesystem; durable on return.</summary>
    /// <param name="file">The file.</param>
    /// <param name="source">The directory in which it lies.</param>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public FileReport Move(SourceFile file, DirectoryHandle source)
    {
        using DirectoryHandle directory = Make(file.Report);
        foreach (string name in NamesOf(file.Report.File!))
        {
            Errno errno = fs.Rename(source, file.Report.File!, directory, name, RenameKind.NoReplace);
            if (errno == Errno.Exists)
            {
                continue;
            }

            if (errno is Errno.NotFound or Errno.CrossDevice or Errno.AccessDenied or Errno.NotPermitted or Errno.NameTooLong)
            {
                return Left(file.Report, $"it cannot be moved ({errno})");
            }

            StorageException.ThrowIfFailed(errno, "move into quarantine", file.Path);
            StorageException.ThrowIfFailed(fs.SyncDirectory(directory), "sync the directory", directory.Path);
            StorageException.ThrowIfFailed(fs.SyncDirectory(source), "sync the directory", source.Path);
            return Quarantined(file.Report, "moved", $"{directory.Path}/{name}");
        }

        return Left(file.Report, "there is no free name for it in quarantine");
    }

    /// <summary>Makes durable what is in quarantine already.</summary>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    public void Sync()
    {
        string path = $"{metadata}/{DirectoryName}";
        Errno errno = fs.OpenRoot(path, out DirectoryHandle? directory);
        if (errno != Errno.NotFound)
        {
            StorageException.ThrowIfFailed(errno, "open the directory", path);
            using (directory)
            {
                Durability.SyncAll(fs, directory!, levels: 3);
            }
        }
    }

    /// <summary>What lies there of a root.</summary>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    public IReadOnlyList<FileReport> List(StoreRoot root)
    {
        string top = $"{metadata}/{DirectoryName}/{NameOf(root)}";
        var found = new List<FileReport>();
        foreach (DirectoryEntry sandbox in _files.List(top) ?? [])
        {
            foreach (DirectoryEntry each in _files.List($"{top}/{sandbox.Name}") ?? [])
            {
                string path = $"{top}/{sandbox.Name}/{each.Name}";
                if (each.Kind != FileKind.Directory)
                {
                    found.Add(Lying(new FileReport(FileOutcome.Quarantined, root, sandbox.Name, null, each.Name), path));
                    continue;
                }

                found.AddRange((_files.List(path) ?? []).Select(file => Lying(
                    new FileReport(FileOutcome.Quarantined, root, sandbox.Name, each.Name, file.Name), $"{path}/{file.Name}")));
            }
        }

        return found;
    }

    private static string NameOf(StoreRoot root) => root == StoreRoot.Config ? "config" : "run";

    private FileReport Lying(FileReport report, string path) =>
        report with { Bytes = _files.SizeOf(path), Reason = $"an earlier run has put it into '{path}'" };

    private static FileReport Quarantined(FileReport report, string verb, string path) =>
        report with { Outcome = FileOutcome.Quarantined, Reason = $"{report.Reason}; {verb} to '{path}'" };

    private static FileReport Left(FileReport report, string reason) =>
        report with { Reason = $"{report.Reason}; {reason}, it is only where it was" };

    private DirectoryHandle Make(FileReport place)
    {
        DirectoryHandle directory = RootDirectory.OpenOrMake(fs, metadata);
        foreach (string? name in new[] { DirectoryName, NameOf(place.Root), place.Sandbox, place.Container })
        {
            if (name is null)
            {
                continue;
            }

            using DirectoryHandle parent = directory;
            directory = RootDirectory.OpenOrMake(fs, parent, name);
        }

        return directory;
    }

    private static IEnumerable<string> NamesOf(string file) =>
        Enumerable.Range(1, 1000).Select(number => number == 1 ? file : string.Create(CultureInfo.InvariantCulture, $"{file}.{number}"));

    /// <summary>Whether a file has these bytes; null if it does not exist.</summary>
    private bool? HasBytes(DirectoryHandle directory, string name, byte[] bytes)
    {
        Errno errno = WholeFile.Read(fs, directory, name, BytesMax, out byte[] rented, out int length);
        if (errno is Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "read", directory.Path, name);
        bool isSame = rented.AsSpan(0, length).SequenceEqual(bytes);
        ArrayPool<byte>.Shared.Return(rented);
        return isSame;
    }
}
