using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Sandboxes;

/// <summary>Lists what is in the roots, with sizes.</summary>
internal sealed class SandboxLister(IDurableFileSystem fs, ViewedRoot[] roots)
{
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    public List<string> ListNames()
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (ViewedRoot root in roots)
        {
            if (root.Directory is { } directory)
            {
                var entries = new List<DirectoryEntry>();
                StorageException.ThrowIfFailed(fs.List(directory, entries), "list the root", directory);
                names.UnionWith(Directories(entries));
            }
        }

        return [.. names];
    }

    /// <exception cref="NotFoundException">There is no such sandbox.</exception>
    public SandboxEntry Read(string sandbox)
    {
        var problems = new ProblemList();
        var containers = new SortedSet<string>(StringComparer.Ordinal);
        var documents = new List<DocumentEntry>();
        bool exists = false;
        foreach (ViewedRoot root in roots)
        {
            if (root.Directory is not { } directory || List(directory, sandbox, problems) is not { } entries)
            {
                continue;
            }

            exists = true;
            AddDocuments(root, sandbox, null, entries, documents);
            foreach (string container in Directories(entries).Where(Identifier.IsFree))
            {
                containers.Add(container);
                AddDocuments(root, sandbox, container, List(directory, $"{sandbox}/{container}", problems) ?? [], documents);
            }
        }

        documents.Sort(static (one, other) => one.Document.CompareTo(other.Document));
        (LockWordCondition word, Lsn? version) = ReadWord(sandbox, problems);
        return !exists ? throw new NotFoundException("sandbox", sandbox)
            : new SandboxEntry(sandbox, version, word)
            {
                Containers = [.. containers],
                Documents = documents,
                Bytes = documents.Sum(static each => each.Bytes),
                Problems = problems.All,
            };
    }

    private static IEnumerable<string> Directories(List<DirectoryEntry> entries) => entries
        .Where(static entry => entry.Kind == FileKind.Directory && Identifier.IsValid(entry.Name)).Select(static entry => entry.Name);

    /// <summary>What is in a directory; null if it does not exist, none and a problem if it cannot be listed.</summary>
    private List<DirectoryEntry>? List(DirectoryHandle root, string path, ProblemList problems)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = fs.List(root, path, entries);
        if (errno is not (Errno.None or Errno.NotFound or Errno.NotDirectory))
        {
            problems.Add(new StorageException("list the directory", $"{root.Path}/{path}", errno));
        }

        return errno is Errno.NotFound or Errno.NotDirectory ? null : entries;
    }

    private void AddDocuments(
        ViewedRoot root, string sandbox, string? container, List<DirectoryEntry> entries, List<DocumentEntry> documents)
    {
        foreach (DirectoryEntry entry in entries.Where(DocumentReader.IsDocument))
        {
            var document = new DocumentId(sandbox, container, root.Root, entry.Name);
            if (fs.Stat(root.Directory!, document.RelativePath, out FileStatus status) == Errno.None) // else it was deleted since
            {
                documents.Add(new DocumentEntry(document, status.Size));
            }
        }
    }

    private (LockWordCondition Word, Lsn? Version) ReadWord(string sandbox, ProblemList problems)
    {
        if (Array.Find(roots, static root => root.Root == StoreRoot.Run)?.Directory is not { } run)
        {
            return (LockWordCondition.Missing, null);
        }

        try
        {
            return LockWord.TryRead(fs, run, SandboxHandles.LockPathOf(sandbox)) switch
            {
                null => (LockWordCondition.Missing, null),
                { State: LockWordState.Idle } word => (LockWordCondition.Idle, word.Lsn),
                { State: LockWordState.Committing } word => (LockWordCondition.Committing, word.Lsn),
                _ => (LockWordCondition.Unknown, null),
            };
        }
        catch (StorageException failure)
        {
            problems.Add(failure);
            return (LockWordCondition.Unreadable, null);
        }
    }
}
