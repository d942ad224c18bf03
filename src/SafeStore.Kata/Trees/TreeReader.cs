using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Kata;

/// <summary>Reads a tree of plain files, sandbox by sandbox, and tells what each file is. Changes nothing.</summary>
internal sealed class TreeReader(IDurableFileSystem fs, TreeRoots roots, DocumentReading reading, int documentBytesMax)
{
    private const string DocumentSuffix = ".json";

    private static readonly StoreRoot[] s_roots = [StoreRoot.Config, StoreRoot.Run];


    /// <summary>The tree's files.</summary>
    public ForeignFiles Files { get; } = new(fs, roots.Paths);

    /// <summary>The sandboxes of both roots, sorted, and what lies in the roots besides, each file of it.</summary>
    /// <param name="mayLack">The root that may be missing.</param>
    /// <exception cref="StorageException">A root cannot be listed, or does not exist.</exception>
    public (IReadOnlyList<string> Sandboxes, IReadOnlyList<SourceFile> Others) List(StoreRoot? mayLack = null)
    {
        var sandboxes = new SortedSet<string>(StringComparer.Ordinal);
        var others = new List<SourceFile>();
        foreach (StoreRoot root in s_roots)
        {
            if (roots.PathOf(root) is not { } path)
            {
                continue;
            }

            IReadOnlyList<DirectoryEntry>? entries = Files.List(path);
            if (entries is null && root != mayLack)
            {
                throw new StorageException("list the tree", path, Errno.NotFound);
            }

            foreach (DirectoryEntry entry in entries ?? [])
            {
                if (entry.Kind == FileKind.Directory && Identifier.IsValid(entry.Name))
                {
                    sandboxes.Add(entry.Name);
                }
                else
                {
                    AddBesides(root, entry, $"{path}/{entry.Name}", others);
                }
            }
        }

        return ([.. sandboxes], others);
    }

    /// <summary>Whether a sandbox has a directory in a root.</summary>
    public bool Exists(string sandbox) =>
        s_roots.Any(root => roots.PathOf(root) is { } path && Files.IsDirectory($"{path}/{sandbox}"));

    /// <summary>The document that a file would be.</summary>
    public static DocumentId IdOf(SourceFile file) =>
        DocumentId.Trusted(file.Report.Sandbox!, file.Report.Container, file.Report.Root, file.Report.File!);

    /// <summary>Reads a sandbox. What cannot be read is reported, and the rest follows.</summary>
    public SourceSandbox Read(string sandbox)
    {
        var found = new List<SourceFile>();
        var containers = new SortedSet<string>(StringComparer.Ordinal);
        foreach (StoreRoot root in s_roots)
        {
            if (roots.PathOf(root) is not { } path)
            {
                continue;
            }

            var inner = new List<string>();
            Add(new FileReport(FileOutcome.Ok, root, sandbox, null, null), $"{path}/{sandbox}", inner, found);
            foreach (string container in inner)
            {
                containers.Add(container);
                Add(new FileReport(FileOutcome.Ok, root, sandbox, container, null), $"{path}/{sandbox}/{container}", null, found);
            }
        }

        IEnumerable<SourceFile> sorted = found.OrderBy(static file => file.Report.Container, StringComparer.Ordinal)
            .ThenBy(static file => file.Report.Root)
            .ThenBy(static file => file.Report.File, StringComparer.Ordinal);
        return Judge(new SourceSandbox(sandbox, [.. containers], [.. sorted]));
    }

    private void AddBesides(StoreRoot root, DirectoryEntry entry, string path, List<SourceFile> found)
    {
        var place = new FileReport(FileOutcome.Ok, root, entry.Name, null, null);
        switch (entry.Kind)
        {
            case FileKind.SymbolicLink:
                found.Add(new SourceFile(place with { Outcome = FileOutcome.SymbolicLink, Reason = Reasons.Link }, path, null));
                break;
            case FileKind.Directory when entry.Name.StartsWith('.'):
                found.Add(new SourceFile(place with { Outcome = FileOutcome.Ignored, Reason = "a hidden directory" }, path, null));
                break;
            case FileKind.Directory:
                AddOdd(place, path, Reasons.OddId, found);
                break;
            default:
                found.Add(new SourceFile(
                    place with { Outcome = FileOutcome.Ignored, Sandbox = null, File = entry.Name, Reason = "no sandbox" }, path, null));
                break;
        }
    }

    /// <summary>Adds what is in a directory of a sandbox; the names of containers go to a list of their own.</summary>
    private void Add(FileReport place, string path, List<string>? containers, List<SourceFile> found)
    {
        foreach (DirectoryEntry entry in ListOrReport(place, path, found))
        {
            string inner = $"{path}/{entry.Name}";
            if (entry.Kind != FileKind.Directory || containers is null)
            {
                found.Add(Look(place with { File = entry.Name }, inner, entry.Kind, ofSandbox: containers is not null));
            }
            else if (Identifier.IsFree(entry.Name))
            {
                containers.Add(entry.Name);
            }
            else if (entry.Name == Identifier.TempDirectory || entry.Name.StartsWith('.'))
            {
                found.Add(Look(place with { File = entry.Name }, inner, entry.Kind, ofSandbox: true));
            }
            else
            {
                AddOdd(place with { Container = entry.Name }, inner, Reasons.OddId, found);
            }
        }
    }

    /// <summary>Adds a directory that cannot come over, and each file in it, so that the report names all that does not.</summary>
    private void AddOdd(FileReport place, string path, string reason, List<SourceFile> found)
    {
        bool isNameable = IsNameable(path);
        found.Add(new SourceFile(place with { Outcome = FileOutcome.OddName, Reason = isNameable ? reason : Reasons.NotUtf8 }, path, null));
        if (!isNameable)
        {
            return;
        }

        foreach (DirectoryEntry entry in ListOrReport(place, path, found))
        {
            string inner = $"{path}/{entry.Name}";
            if (entry.Kind == FileKind.Directory && place.Container is null)
            {
                AddOdd(place with { Container = entry.Name }, inner, Reasons.OddDirectory, found);
                continue;
            }

            SourceFile file = Look(place with { File = entry.Name }, inner, entry.Kind, ofSandbox: place.Container is null);
            found.Add(file.Report.Outcome == FileOutcome.Ok
                ? file with { Report = file.Report with { Outcome = FileOutcome.OddName, Reason = Reasons.OddDirectory }, Bytes = null }
                : file);
        }
    }

    /// <summary>What is in a directory; nothing, with a report, if it cannot be listed.</summary>
    private IReadOnlyList<DirectoryEntry> ListOrReport(FileReport place, string path, List<SourceFile> found)
    {
        try
        {
            return Files.List(path) ?? [];
        }
        catch (StorageException failure)
        {
            found.Add(new SourceFile(place with { Outcome = FileOutcome.Unreadable, Reason = failure.Message }, path, null));
            return [];
        }
    }

    private SourceFile Look(FileReport file, string path, FileKind kind, bool ofSandbox)
    {
        string name = file.File!;
        return kind switch
        {
            FileKind.SymbolicLink => As(FileOutcome.SymbolicLink, Reasons.Link),
            FileKind.Directory when name == Identifier.TempDirectory && ofSandbox =>
                As(FileOutcome.Ignored, "the directory for temp files"),
            FileKind.Directory => As(FileOutcome.Ignored, "a directory"),
            _ when name == Identifier.LockFile && ofSandbox => As(FileOutcome.Ignored, "the lock file"),
            _ when TempName.IsFile(name) => As(FileOutcome.Ignored, "a temp file of SafeStore's"),
            _ when !name.EndsWith(DocumentSuffix, StringComparison.Ordinal) =>
                As(FileOutcome.Ignored, "no document: its name does not end with .json"),
            _ when !IsNameable(path) => As(FileOutcome.OddName, Reasons.NotUtf8),
            _ when !Identifier.IsFree(name) =>
                As(FileOutcome.OddName, "its name cannot be a document's: 1-128 characters, [A-Za-z0-9][A-Za-z0-9_.-]*"),
            _ => Load(file, path),
        };

        SourceFile As(FileOutcome outcome, string reason) => new(file with { Outcome = outcome, Reason = reason }, path, null);
    }

    /// <summary>A name that is not UTF-8 is listed with U+FFFD in the place of its bytes, and then not found.</summary>
    private bool IsNameable(string path) =>
        !path.Contains('\uFFFD', StringComparison.Ordinal) || Files.Exists(path);

    private SourceFile Load(FileReport file, string path)
    {
        try
        {
            long size = Files.SizeOf(path);
            byte[]? bytes = size > documentBytesMax ? null : Files.TryRead(path, documentBytesMax);
            size = bytes?.Length ?? size;
            return bytes is not null
                ? new SourceFile(file with { Bytes = size }, path, bytes)
                : new SourceFile(
                    file with
                    {
                        Bytes = size,
                        Outcome = FileOutcome.TooLarge,
                        Reason = $"it is larger than {documentBytesMax} bytes, the limit for documents"
                    }, path, null);
        }
        catch (StorageException failure)
        {
            return new SourceFile(file with { Outcome = FileOutcome.Unreadable, Reason = failure.Message }, path, null);
        }
    }

    /// <summary>Reads the documents as their types, now that the sandbox's configuration is there.</summary>
    private SourceSandbox Judge(SourceSandbox sandbox)
    {
        string? hypervisor =
            sandbox.Files.FirstOrDefault(file => file.Bytes is not null && reading.IsSandboxConfig(IdOf(file))) is { Bytes: { } config }
            ? DocumentReading.HypervisorTypeOf(config) : null;
        HashSet<string> containers = [.. sandbox.Containers];
        return sandbox with
        {
            Files = [.. sandbox.Files.Select(
                file => file.Bytes is null ? file : IsCollision(file) ? Collided(file) : Judge(file, file.Bytes, hypervisor))],
        };

        bool IsCollision(SourceFile file) => file.Report.Container is null && containers.Contains(file.Report.File!);
    }

    private SourceFile Judge(SourceFile file, byte[] bytes, string? hypervisor)
    {
        DocumentId document = IdOf(file);
        DocumentReport found = reading.Read(document, bytes, hypervisor);
        FileReport report = file.Report with { Kind = found.Kind, Notes = found.Notes };
        return found.Verdict switch
        {
            DocumentVerdict.Damaged => file with { Report = report with { Outcome = FileOutcome.Damaged, Reason = found.Reason } },
            DocumentVerdict.UnknownKind => file with { Report = report with { Outcome = FileOutcome.UnknownKind }, Document = document },
            // Its bytes are taken as they are: that its type would write others is worth a note, and no reason to leave it.
            DocumentVerdict.Different =>
                file with { Report = report with { Notes = [.. found.Notes, found.Reason!] }, Document = document },
            _ => file with { Report = report, Document = document },
        };
    }

    private static SourceFile Collided(SourceFile file) =>
        file with { Report = file.Report with { Outcome = FileOutcome.OddName, Reason = "a container of the sandbox has its name" } };

    private static class Reasons
    {
        public const string Link = "it is a symbolic link, and none is followed";
        public const string NotUtf8 = "its name is not UTF-8, so that it cannot be opened: rename it";
        public const string OddDirectory = "the name of its directory cannot be an id";
        public const string OddId = "its name cannot be an id: 1-128 characters, [A-Za-z0-9][A-Za-z0-9_.-]*";
    }
}
