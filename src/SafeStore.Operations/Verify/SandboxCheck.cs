using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Verify;

/// <summary>Looks once at all that lies in a sandbox.</summary>
internal sealed class SandboxCheck(StoreOptions options, ViewedRoot[] roots, IDocumentModel? model, string sandbox)
{
    private readonly IDurableFileSystem _fs = options.FileSystemInUse;
    private readonly List<Finding> _found = [];
    private readonly List<DocumentContent> _documents = [];
    private readonly List<(DocumentId Document, DateTime Written)> _unstamped = [];
    private readonly List<(DocumentId Document, DocumentStamp Stamp)> _stamped = [];
    private int _count;
    private long _bytes;

    public Look Run()
    {
        Lsn? word = CheckWord();
        foreach (ViewedRoot root in roots)
        {
            if (root.Directory is { } directory && _fs.Stat(directory, out FileStatus status) == Errno.None)
            {
                CheckDirectory(new Place(root, directory, status, null), sandbox);
            }
        }

        CheckVersions();
        foreach (ModelFinding each in model?.Check(sandbox, _documents) ?? [])
        {
            ViewedRoot root = roots.First(root => root.Root == each.Document.Root);
            Add(new Finding(each.Code, each.Level, $"{root.Path}/{each.Document.RelativePath}", each.Message), root.Root, each.Document);
        }

        return new Look(_found) { Word = word, Documents = _count, Bytes = _bytes, Unstamped = _unstamped, Stamped = _stamped };
    }

    /// <summary>Before the documents: a word that is written meanwhile names a later transaction, never an earlier one.</summary>
    private Lsn? CheckWord()
    {
        ViewedRoot run = roots.First(static root => root.Root == StoreRoot.Run);
        string path = SandboxHandles.LockPathOf(sandbox);
        if (run.Directory is not { } directory || _fs.Stat(directory, sandbox, out FileStatus inRun) != Errno.None
            || inRun.Kind != FileKind.Directory)
        {
            return null; // lost with a volatile root, or being removed: the next lock makes it anew
        }

        Errno errno = _fs.Stat(directory, path, out FileStatus status);
        if (errno == Errno.NotFound)
        {
            Add(FindingKind.LockMissing.At($"{run.Path}/{path}", "the sandbox has no lock file"), StoreRoot.Run);
            return null;
        }

        if (errno != Errno.None || status.Kind != FileKind.Regular)
        {
            return null; // told with what lies in the sandbox
        }

        try
        {
            LockWord? word = LockWord.TryRead(_fs, directory, path);
            if (word is { State: LockWordState.Unknown })
            {
                Add(status.Size == 0 ? FindingKind.LockEmpty.At($"{run.Path}/{path}", "another program made or emptied the lock file")
                    : FindingKind.LockWord.At($"{run.Path}/{path}", "the lock word is damaged"), StoreRoot.Run);
            }

            return word is { State: not LockWordState.Unknown } known ? known.Lsn : null;
        }
        catch (StorageException failure)
        {
            Add(FindingKind.Unreadable.At(failure.Path, $"the lock word cannot be read ({failure.Errno})"), StoreRoot.Run);
            return null;
        }
    }

    /// <summary>
    /// A document of a later transaction than the sandbox's last is of another time than the lock word. That is read again, after the
    /// documents: now it names none that is earlier.
    /// </summary>
    private void CheckVersions()
    {
        Lsn? word = ReadVersion();
        foreach ((DocumentId document, DocumentStamp stamp) in _stamped.Where(each => each.Stamp.Lsn > word))
        {
            ViewedRoot root = roots.First(root => root.Root == document.Root);
            string what = $"LSN {stamp.Lsn} has written it, and the sandbox's last transaction is LSN {word}";
            Add(FindingKind.DocumentAhead.At($"{root.Path}/{document.RelativePath}", what), document.Root, document);
        }
    }

    /// <summary>Null if no word tells it, or a transaction is under way.</summary>
    private Lsn? ReadVersion()
    {
        try
        {
            ViewedRoot run = roots.First(static root => root.Root == StoreRoot.Run);
            return run.Directory is { } directory
                && LockWord.TryRead(_fs, directory, SandboxHandles.LockPathOf(sandbox)) is { State: LockWordState.Idle } word
                ? word.Lsn : null;
        }
        catch (StorageException)
        {
            return null; // told with the word itself
        }
    }

    private void CheckDirectory(in Place place, string path)
    {
        Errno errno = _fs.Stat(place.Directory, path, out FileStatus status);
        var entries = new List<DirectoryEntry>();
        if (errno == Errno.None && (status.Kind != FileKind.Directory || !CheckMount(place, path, status)))
        {
            return; // what is in a directory's place is told with the names of what lies there
        }

        errno = errno == Errno.None ? _fs.List(place.Directory, path, entries) : errno;
        if (errno != Errno.None)
        {
            if (errno is not (Errno.NotFound or Errno.NotDirectory)) // else it is in the other root only, or was removed
            {
                Add(FindingKind.Unreadable.At(place.PathOf(path), $"the directory cannot be read ({errno})"), place.Root);
            }

            return;
        }

        CheckPermissions(place, path, status);
        foreach (DirectoryEntry entry in entries.OrderBy(static entry => entry.Name, StringComparer.Ordinal))
        {
            CheckEntry(place, $"{path}/{entry.Name}", entry);
        }
    }

    private void CheckEntry(in Place place, string path, DirectoryEntry entry)
    {
        bool isTop = place.Container is null;
        bool isOfRun = isTop && place.Root == StoreRoot.Run;
        DocumentId? document = Identifier.IsFree(entry.Name)
            ? DocumentId.Trusted(sandbox, place.Container, place.Root, entry.Name) : null; // whose place it has
        switch (entry.Kind)
        {
            case FileKind.Regular when document is not null:
                CheckDocument(place, document);
                break;
            case FileKind.Regular when isOfRun && entry.Name == Identifier.LockFile:
                if (_fs.Stat(place.Directory, path, out FileStatus status) == Errno.None && CheckMount(place, path, status))
                {
                    CheckPermissions(place, path, status);
                }

                break;
            case FileKind.Directory when isOfRun && entry.Name == Identifier.TempDirectory:
                break;
            case FileKind.Directory when isTop && Identifier.IsFree(entry.Name):
                CheckDirectory(place with { Container = entry.Name }, path);
                break;
            case FileKind.SymbolicLink:
                Add(FindingKind.SymbolicLink.At(place.PathOf(path), "it is a symbolic link, and none is followed"), place.Root, document);
                break;
            case FileKind.Other:
                Add(FindingKind.SpecialFile.At(place.PathOf(path), "it is a socket, a pipe or a device"), place.Root, document);
                break;
            default:
                string what = entry.Kind == FileKind.Directory ? "it is a directory that is no container" : "its name is no document's";
                Add(FindingKind.Stray.At(place.PathOf(path), what), place.Root, document);
                break;
        }
    }

    private void CheckDocument(in Place place, DocumentId document)
    {
        string path = place.PathOf(document.RelativePath);
        Errno errno = _fs.OpenFile(place.Directory, document.RelativePath, FileUse.Read, out FileHandle? file);
        if (errno is Errno.NotFound or Errno.NotDirectory)
        {
            return; // deleted since it was listed
        }

        using (file)
        {
            FileStatus status = default;
            errno = errno == Errno.None ? _fs.Stat(file!, out status) : errno;
            if (errno == Errno.None && !CheckMount(place, document.RelativePath, status))
            {
                return;
            }

            errno = errno == Errno.None ? CheckContent(document, path, file!, status) : errno;
            if (errno != Errno.None)
            {
                Add(FindingKind.Unreadable.At(path, $"the document cannot be read ({errno})"), place.Root, document);
                return;
            }

            CheckPermissions(place, document.RelativePath, status, document);
        }
    }

    private Errno CheckContent(DocumentId document, string path, FileHandle file, in FileStatus status)
    {
        if (status.Size > options.DocumentBytesMax)
        {
            string size = $"it has {status.Size} bytes, more than {options.DocumentBytesMax}";
            Add(FindingKind.TooLarge.At(path, size), document.Root, document);
            return Errno.None;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent((int)status.Size + 1);
        try
        {
            Errno errno = WholeFile.Fill(_fs, file, rented.AsSpan(0, (int)status.Size + 1), 0, out int count);
            if (errno != Errno.None)
            {
                return errno;
            }

            _count++;
            _bytes += count;
            ReadOnlySpan<byte> content = rented.AsSpan(0, count);
            errno = DocumentStamp.Look(_fs, file, content, out DocumentStamp? stamp, out StampState state);
            if (JsonRules.FindFault(content) is { } fault)
            {
                string edit = state == StampState.Edited ? $" ({EditedSince(stamp)})" : "";
                Add(FindingKind.Corrupt.At(path, $"{fault.Reason} at byte {fault.Position}{edit}"), document.Root, document);
                return errno;
            }

            if (state is StampState.Holds)
            {
                _stamped.Add((document, stamp!.Value));
            }
            else if (state is StampState.None or StampState.Unknown)
            {
                _unstamped.Add((document, state is StampState.None ? DocumentStamp.TimeOf(_fs, file) : default));
            }

            if (state is StampState.Edited)
            {
                Add(FindingKind.Edited.At(path, EditedSince(stamp)), document.Root, document);
            }
            else if (state is StampState.Damaged)
            {
                string what = $"it is not what LSN {stamp!.Value.Lsn} wrote, and neither its time nor its size tells of an edit";
                Add(FindingKind.Damaged.At(path, what), document.Root, document);
            }

            if (model is not null)
            {
                _documents.Add(new DocumentContent(document, content.ToArray(), null));
            }

            return errno;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static string EditedSince(DocumentStamp? stamp) => $"another program has edited it since LSN {stamp!.Value.Lsn}";

    private bool CheckMount(in Place place, string path, in FileStatus status)
    {
        if (status.IsOnMountOf(place.RootStatus))
        {
            return true;
        }

        Add(FindingKind.Mount.At(place.PathOf(path), "something is mounted there"), place.Root);
        return false;
    }

    private void CheckPermissions(in Place place, string path, in FileStatus status, DocumentId? document = null)
    {
        foreach (Finding finding in Permissions.Check(status, place.RootStatus, FileRole.Content, place.PathOf(path)))
        {
            Add(finding, place.Root, document);
        }
    }

    private void Add(Finding finding, StoreRoot root, DocumentId? document = null) =>
        _found.Add(finding with { Root = root, Sandbox = sandbox, Document = document });

    /// <summary>Where in a root the check is.</summary>
    private readonly record struct Place(ViewedRoot Viewed, DirectoryHandle Directory, FileStatus RootStatus, string? Container)
    {
        public StoreRoot Root => Viewed.Root;

        public string PathOf(string path) => $"{Viewed.Path}/{path}";
    }
}
