using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Operations.Verify;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Sandboxes;

/// <summary>
/// Finds sandboxes of which a root's directory is lost, or has something else in its place. The store makes each sandbox in both roots; one
/// that another program made may rightly be in one only.
/// </summary>
internal sealed class SandboxHalves(IDurableFileSystem fs, ViewedRoot[] roots)
{
    /// <summary>What is lost of any sandbox. A root that cannot be looked at at all is told elsewhere.</summary>
    public IReadOnlyList<LostHalf> Find()
    {
        HashSet<string>?[] there = [.. roots.Select(ListSandboxes)];
        return there is not [{ }, { }] ? [] : [.. there[0]!.Except(there[1]!).Select(sandbox => Look(roots[1], roots[0], sandbox))
            .Concat(there[1]!.Except(there[0]!).Select(sandbox => Look(roots[0], roots[1], sandbox)))
            .OfType<LostHalf>().OrderBy(static each => each.Sandbox, StringComparer.Ordinal)];
    }

    private HashSet<string>? ListSandboxes(ViewedRoot root)
    {
        var entries = new List<DirectoryEntry>();
        return root.Directory is not { } directory || fs.List(directory, entries) != Errno.None ? null
            : entries.Where(static entry => entry.Kind == FileKind.Directory && Identifier.IsValid(entry.Name))
            .Select(static entry => entry.Name).ToHashSet(StringComparer.Ordinal);
    }

    private LostHalf? Look(ViewedRoot root, ViewedRoot other, string sandbox)
    {
        bool wasThere = root.Root == StoreRoot.Run ? !IsVolatile(root) && IsStamped(other, sandbox)
            : root.MetadataPath.StartsWith($"{root.Path}/", StringComparison.Ordinal) && IsKnown(other, sandbox);
        Errno errno = fs.Stat(root.Directory!, sandbox, out FileStatus status); // after the evidence: it may be being made or removed
        return errno == Errno.None && status.Kind != FileKind.Directory ? new LostHalf(root, sandbox, status.Kind)
            : errno == Errno.NotFound && wasThere && fs.Stat(other.Directory!, sandbox, out _) == Errno.None
                ? new LostHalf(root, sandbox, null)
            : null;
    }

    private bool IsVolatile(ViewedRoot root) =>
        fs.Describe(root.Directory!, out FileSystemTraits? traits) != Errno.None || traits!.IsVolatile;

    /// <summary>Whether a transaction has changed the sandbox, and none is under way, by the word of its lock.</summary>
    private bool IsKnown(ViewedRoot run, string sandbox)
    {
        try
        {
            return LockWord.TryRead(fs, run.Directory!, SandboxHandles.LockPathOf(sandbox))
                is { State: LockWordState.Idle } word && word.Lsn > default(Lsn);
        }
        catch (StorageException)
        {
            return false;
        }
    }

    /// <summary>Whether a transaction has written one of the documents: it had the sandbox's lock, which lies in the run root.</summary>
    private bool IsStamped(ViewedRoot config, string sandbox) => IsStampedIn(config, sandbox)
        || List(config, sandbox).Any(entry => entry.Kind == FileKind.Directory && IsStampedIn(config, $"{sandbox}/{entry.Name}"));

    private bool IsStampedIn(ViewedRoot config, string directory) => List(config, directory).Any(entry =>
    {
        FileHandle? file = null;
        bool isOpen = entry.Kind == FileKind.Regular
            && fs.OpenFile(config.Directory!, $"{directory}/{entry.Name}", FileUse.Read, out file) == Errno.None;
        using (file)
        {
            return isOpen && DocumentStamp.Read(fs, file!, out _, out bool isThere) == Errno.None && isThere;
        }
    });

    private List<DirectoryEntry> List(ViewedRoot root, string path)
    {
        var entries = new List<DirectoryEntry>();
        _ = fs.List(root.Directory!, path, entries); // what cannot be listed shows nothing
        return entries;
    }
}

/// <summary>A directory of a sandbox that is not where it should be.</summary>
/// <param name="Root">In which root.</param>
/// <param name="Sandbox">The sandbox.</param>
/// <param name="Instead">What is in its place; null if nothing is.</param>
internal sealed record LostHalf(ViewedRoot Root, string Sandbox, FileKind? Instead)
{
    public Finding Finding => Kind.At(Path, What) with
    {
        Root = Root.Root,
        Sandbox = Sandbox,
    };

    public StoreProblem Problem => new(Kind.Code, $"'{Path}': {What}. {Kind.Advice}")
    {
        Path = Path,
        Sandbox = Sandbox,
    };

    private string Path => $"{Root.Path}/{Sandbox}";

    private FindingKind Kind => Instead switch
    {
        null => FindingKind.HalfLost,
        FileKind.SymbolicLink => FindingKind.SymbolicLink,
        FileKind.Regular => FindingKind.Stray,
        _ => FindingKind.SpecialFile,
    };

    private string What => Instead switch
    {
        null => "the sandbox is lost from this root, and is still in the other",
        FileKind.SymbolicLink => "a symbolic link is in the place of the sandbox's directory, and none is followed",
        _ => "a file is in the place of the sandbox's directory",
    };
}
