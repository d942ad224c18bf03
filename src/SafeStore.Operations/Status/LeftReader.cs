using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Status;

/// <summary>What lies in the metadata and serves no living process: overruled files, and what is left in scratch directories.</summary>
internal sealed class LeftReader(IDurableFileSystem fs, ViewedRoot[] roots, ProblemList problems)
{
    private const string Overruled = "overruled";
    private const string Scratch = "scratch";
    private const string New = "new";

    public IReadOnlyList<OverruledFile> ReadOverruled()
    {
        var found = new List<OverruledFile>();
        foreach (ViewedRoot root in roots)
        {
            foreach (DirectoryEntry sandbox in List(root, Overruled))
            {
                found.AddRange(List(root, $"{Overruled}/{sandbox.Name}").Select(entry =>
                    new OverruledFile(root.Root, sandbox.Name, $"{root.MetadataPath}/{Overruled}/{sandbox.Name}/{entry.Name}")));
            }
        }

        return [.. found.OrderBy(static each => each.Path, StringComparer.Ordinal)];
    }

    /// <param name="survey">The locks of now: a scratch directory that is locked is in use.</param>
    /// <param name="isOpen">Whether a process has the store open, and may be making a sandbox.</param>
    public ScratchLeft ReadScratch(LockSurvey survey, bool isOpen)
    {
        (int files, long bytes) = (0, 0);
        foreach (ViewedRoot root in roots)
        {
            IEnumerable<string> left = List(root, Scratch).Select(static entry => $"{Scratch}/{entry.Name}")
                .Where(path => fs.Stat(root.Metadata!, path, out FileStatus status) == Errno.None && survey.Of(status).Count == 0);
            foreach (string path in isOpen ? left : left.Append(New))
            {
                (int filesThere, long bytesThere) = Measure(root, path);
                files += filesThere;
                bytes += bytesThere;
            }
        }

        return new ScratchLeft(files, bytes);
    }

    /// <summary>Level by level: what is left may be deep.</summary>
    private (int Files, long Bytes) Measure(ViewedRoot root, string start)
    {
        (int files, long bytes) = (0, 0);
        var open = new Stack<string>([start]);
        while (open.TryPop(out string? directory))
        {
            foreach (DirectoryEntry entry in List(root, directory))
            {
                string path = $"{directory}/{entry.Name}";
                if (entry.Kind == FileKind.Directory)
                {
                    open.Push(path);
                }
                else if (fs.Stat(root.Metadata!, path, out FileStatus status) == Errno.None)
                {
                    files++;
                    bytes += status.Size;
                }
            }
        }

        return (files, bytes);
    }

    private List<DirectoryEntry> List(ViewedRoot root, string path)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = root.Metadata is { } metadata ? fs.List(metadata, path, entries) : Errno.NotFound;
        if (errno is not (Errno.None or Errno.NotFound or Errno.NotDirectory))
        {
            problems.Add(new StorageException("list the directory", $"{root.MetadataPath}/{path}", errno));
        }

        return entries;
    }
}
