using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Operations.Status;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Verify;

/// <summary>Looks once at the store as a whole: its condition, and every file of its metadata.</summary>
internal sealed class MetadataCheck(StoreLayout layout, StoreOptions options, ViewedRoot[] roots, ConditionReader conditions)
{
    private readonly IDurableFileSystem _fs = options.FileSystemInUse;
    private readonly List<Finding> _found = [];

    public Look Run()
    {
        StoreCondition condition = conditions.Read();
        bool isOpen = condition.State is StoreState.Open or StoreState.Recovering;
        _found.AddRange(condition.Halves.Select(static half => half.Finding));
        _found.AddRange(condition.Problems.Except(condition.Halves.Select(static half => half.Problem)).Select(
            problem => new Finding(problem.Code, FindingLevel.Problem, problem.Path ?? layout.ConfigMetadata, problem.Message)
            {
                Sandbox = problem.Sandbox,
            }));
        if (condition.Format is null or StoreIdentity.Format)
        {
            RootDocument?[] documents = [.. roots.Select(DocumentOf)];
            CheckStoreDocument(documents);
            CheckFiles();
            CheckWatermarkFiles();
            new CopiesCheck(layout, options, roots, _found).Run(condition);
            CheckLog(documents);
            CheckLeftBehind(isOpen);
        }

        foreach (ViewedRoot root in roots)
        {
            CheckNames(root);
        }

        return new Look([.. _found.DistinctBy(static each => (each.Code, each.Path))]);
    }

    /// <summary>Null if it cannot be read, which the condition tells.</summary>
    private RootDocument? DocumentOf(ViewedRoot root)
    {
        try
        {
            return root.Metadata is { } metadata ? StoreMetadata.ReadRoot(_fs, metadata) : null;
        }
        catch (SafeStoreException)
        {
            return null;
        }
    }

    private void CheckStoreDocument(RootDocument?[] documents)
    {
        StoreDocument? store = null;
        string path = $"{layout.ConfigMetadata}/{StoreDocument.FileName}";
        try
        {
            if (roots[0].Metadata is { } metadata && (store = StoreMetadata.ReadStore(_fs, metadata)) is null)
            {
                _found.Add(FindingKind.Metadata.At(path, "it is missing"));
            }
        }
        catch (StorageException failure) when (failure.Errno == Errno.AccessDenied)
        {
            _found.Add(FindingKind.Hidden.At(path, "this user may not read it"));
        }
        catch (SafeStoreException failure)
        {
            _found.Add(FindingKind.Metadata.At(path, failure.Message.TrimEnd('.')));
        }

        Guid? id = store?.Store ?? documents.FirstOrDefault(static each => each is not null)?.Store;
        for (int i = 0; i < roots.Length && id is not null; i++)
        {
            if (documents[i] is { } document && document.Store != id)
            {
                _found.Add(FindingKind.StoreId.At(
                    $"{roots[i].MetadataPath}/{RootDocument.FileName}", $"the root is of the store {document.Store}, not of {id}"));
            }

            if (roots[i].Directory is { } directory
                && _fs.GetAttribute(directory, StoreMetadata.Attribute, out byte[] value) == Errno.None
                && Encoding.ASCII.GetString(value) != id.Value.ToString("D"))
            {
                _found.Add(FindingKind.StoreId.At(
                    roots[i].Path, $"the directory's attribute {StoreMetadata.Attribute} does not name the store {id}"));
            }
        }
    }

    private void CheckFiles()
    {
        foreach (ViewedRoot root in roots)
        {
            if (root.Directory is not { } directory || root.Metadata is not { } metadata
                || _fs.Stat(directory, out FileStatus top) != Errno.None)
            {
                continue;
            }

            _found.AddRange(Permissions.Check(top, top, FileRole.Content, root.Path));
            (string? Name, FileRole Role)[] files =
            [
                (null, FileRole.Metadata), (RootDocument.FileName, FileRole.Metadata), (Watermark.FileNames[0], FileRole.Metadata),
                (Watermark.FileNames[1], FileRole.Metadata), (StoreDocument.FileName, FileRole.Anchor),
                (SharedState.FileName, FileRole.Anchor), (LogDirectory.DirectoryName, FileRole.Metadata),
            ];
            foreach ((string? name, FileRole role) in files)
            {
                FileStatus status;
                Errno errno = name is null ? _fs.Stat(metadata, out status) : _fs.Stat(metadata, name, out status);
                if (errno == Errno.None)
                {
                    _found.AddRange(Permissions.Check(
                        status, top, role, name is null ? root.MetadataPath : $"{root.MetadataPath}/{name}"));
                }
            }
        }
    }

    private void CheckWatermarkFiles()
    {
        byte[] bytes = new byte[Watermark.FileBytes];
        foreach (ViewedRoot root in roots)
        {
            for (int file = 0; file < Watermark.FileNames.Length && root.Metadata is not null; file++)
            {
                string name = Watermark.FileNames[file];
                string path = $"{root.MetadataPath}/{name}";
                Errno errno = _fs.ReadWhole(root.Metadata, name, bytes, out int count);
                if (errno is not (Errno.None or Errno.NotFound))
                {
                    _found.Add(FindingKind.Unreadable.At(path, $"the watermark cannot be read ({errno})"));
                }
                else if (errno == Errno.NotFound || count < bytes.Length || WatermarkFormat.TryDecode(bytes) is not var (sequence, _)
                    || sequence % Watermark.FileNames.Length != file)
                {
                    _found.Add(FindingKind.Watermark.At(
                        path, errno == Errno.NotFound ? "the watermark file is missing" : "the watermark file is damaged"));
                }
            }
        }
    }

    private void CheckLog(RootDocument?[] documents)
    {
        if (roots[0] is not { Metadata: { } metadata, Directory: { } root }
            || _fs.OpenDirectory(metadata, LogDirectory.DirectoryName, out DirectoryHandle? directory) != Errno.None)
        {
            return; // the condition tells
        }

        using (directory)
        {
            try
            {
                StorageException.ThrowIfFailed(_fs.Stat(root, out FileStatus status), "look at the root", root);
                var log = new LogDirectory(_fs, directory!, options.SegmentBytes, options.LogBytesMax);
                _found.AddRange(new LogCheck(log, documents[0], documents[1]).Run(status));
            }
            catch (StorageException failure)
            {
                _found.Add(FindingKind.Unreadable.At(failure.Path, $"the log cannot be read ({failure.Errno})"));
            }
        }
    }

    private void CheckLeftBehind(bool isOpen)
    {
        var problems = new ProblemList();
        var left = new LeftReader(_fs, roots, problems);
        ScratchLeft scratch = left.ReadScratch(LockSurvey.Take(), isOpen);
        if (scratch.Files > 0)
        {
            _found.Add(FindingKind.LeftBehind.At(
                layout.ConfigMetadata, $"processes that died have left {scratch.Files} files of {scratch.Bytes} bytes in scratch "
                + "directories"));
        }

        _found.AddRange(left.ReadOverruled().Select(static each => FindingKind.Overruled.At(
            each.Path, "recovery has kept here what another program wrote") with
        {
            Root = each.Root,
            Sandbox = each.Sandbox,
        }));
        _found.AddRange(problems.All.Select(
            problem => new Finding(FindingKind.Unreadable.Code, FindingLevel.Problem, layout.ConfigMetadata, problem.Message)));
    }

    /// <summary>What lies beside the sandboxes.</summary>
    private void CheckNames(ViewedRoot root)
    {
        var entries = new List<DirectoryEntry>();
        Errno errno = root.Directory is { } directory ? _fs.List(directory, entries) : Errno.None;
        if (errno != Errno.None)
        {
            _found.Add(FindingKind.Unreadable.At(root.Path, $"the root cannot be listed ({errno})"));
        }

        foreach (DirectoryEntry entry in entries.OrderBy(static entry => entry.Name, StringComparer.Ordinal))
        {
            string path = $"{root.Path}/{entry.Name}";
            bool isId = Identifier.IsValid(entry.Name);
            if (path != root.MetadataPath && !(isId && entry.Kind == FileKind.Directory))
            {
                FindingKind kind = !isId ? FindingKind.Foreign
                    : entry.Kind == FileKind.SymbolicLink ? FindingKind.SymbolicLink
                    : entry.Kind == FileKind.Other ? FindingKind.SpecialFile : FindingKind.Stray;
                _found.Add(kind.At(path, "it is no sandbox's directory") with { Root = root.Root });
            }
        }
    }
}
