using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Log;

namespace SafeStore.Operations.Doctor;

/// <summary>Tries what the engine needs of a filesystem, by the engine's own calls, in a directory of its own.</summary>
internal sealed class FeatureTrial
{
    /// <summary>No sandbox has such a name.</summary>
    public const string Prefix = ".safestore-doctor-";

    private const string Sub = "sub";
    private const int SharedWordsBytes = 64;
    private const string Elsewhere = "Keep the store on another filesystem, or look for what refuses it: a filter of system calls, a "
        + "security module, an old kernel.";

    private static readonly FilePermissions s_file = new(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    private static readonly FilePermissions s_directory = new(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    private readonly IDurableFileSystem _fs;
    private readonly DirectoryHandle _directory;
    private readonly string _place;
    private readonly List<DoctorFinding> _found = [];

    private FeatureTrial(IDurableFileSystem fs, DirectoryHandle directory, string place)
    {
        _fs = fs;
        _directory = directory;
        _place = place;
    }

    /// <summary>What does not work in a directory.</summary>
    public static IReadOnlyList<DoctorFinding> Run(IDurableFileSystem fs, string place)
    {
        Errno errno = fs.OpenRoot(place, out DirectoryHandle? parent);
        if (errno != Errno.None)
        {
            return [Refused("make a directory", place, errno)];
        }

        using (parent)
        {
            RemoveLeft(fs, parent!);
            string name = Prefix + NewName(fs);
            errno = fs.MakeDirectory(parent!, name, s_directory, out DirectoryHandle? made);
            using (made)
            {
                errno = errno == Errno.None ? fs.TryLock(made!, LockRange.Whole, LockMode.Exclusive) : errno;
                if (errno == Errno.None && fs.Stat(parent!, name, out _) == Errno.NotFound)
                {
                    return Run(fs, place); // another trial took it for one that was left
                }

                if (made is null)
                {
                    return [Refused("make a directory", place, errno)];
                }

                var trial = new FeatureTrial(fs, made, place);
                trial.Expect("flock", "lock a directory (flock)", errno);
                trial.TryAll();
                Empty(fs, made);
                errno = fs.RemoveDirectory(parent!, name);
                return errno == Errno.None ? trial._found : [.. trial._found, Refused("remove the directory", $"{place}/{name}", errno)];
            }
        }
    }

    private void TryAll()
    {
        byte[] bytes = new byte[IDurableFileSystem.DirectBytes];
        Errno errno = _fs.CreateFile(_directory, "old", s_file, bytes, out _);
        errno = errno == Errno.None ? _fs.CreateFile(_directory, "new", s_file, "{}"u8, out _) : errno;
        if (!Expect("create", "make files", errno))
        {
            return;
        }

        TryFile();
        TryRenames();
        Expect("sync-directory", "sync a directory", _fs.SyncDirectory(_directory));
        TryDirect();
    }

    private void TryFile()
    {
        Errno errno = _fs.OpenFile(_directory, "old", FileUse.ReadWrite, out FileHandle? file);
        if (!Expect("create", "open a file", errno))
        {
            return;
        }

        using (file)
        {
            Expect("allocate", "reserve space for a file", _fs.Allocate(file!, 2 * IDurableFileSystem.DirectBytes));
            Expect("sync", "sync a file's data (fdatasync)", _fs.SyncData(file!));
            Expect("sync", "sync a file (fsync)", _fs.SyncFile(file!));
            errno = _fs.MapWords(file!, out SharedWords? words);
            words?.Dispose();
            Expect("shared-words", $"map the first {SharedWordsBytes} bytes of a file (mmap)", errno);
            TryLocks(file!);
        }

        Advise("attributes", "Extended attributes of users are refused", "Without them, rot is not told from an edit, nor a root that was "
            + "replaced from its own.", _fs.SetAttribute(_directory, "old", StampAttribute.Name, "1"u8));
    }

    private void TryLocks(FileHandle file)
    {
        if (_fs.OpenFile(_directory, "old", FileUse.ReadWrite, out FileHandle? other) != Errno.None)
        {
            return;
        }

        using (other)
        {
            foreach ((string code, string what, LockRange range) in new[]
            {
                ("flock", "lock a file (flock)", LockRange.Whole),
                ("byte-locks", "lock a byte of an open file (F_OFD_SETLK)", LockRange.Byte(1)),
            })
            {
                if (Expect(code, what, _fs.TryLock(file, range, LockMode.Exclusive)))
                {
                    Errno errno = _fs.TryLock(other!, range, LockMode.Exclusive);
                    Expect(code, $"{what} so that it excludes another handle", errno, Errno.WouldBlock);
                }
            }
        }
    }

    private void TryRenames()
    {
        Errno errno = _fs.Rename(_directory, "new", _directory, "old", RenameKind.NoReplace);
        Expect("rename", "keep a file from being replaced (RENAME_NOREPLACE)", errno, Errno.Exists);
        _ = _fs.CreateFile(_directory, "new", s_file, "{}"u8, out _); // there again, if it was renamed after all
        Advise("exchange", "The exchange of two files (RENAME_EXCHANGE) is refused", "Documents are replaced by a plain rename, which may "
            + "be slower.", _fs.Rename(_directory, "new", _directory, "old", RenameKind.Exchange));
        errno = _fs.MakeDirectory(_directory, Sub, s_directory, out DirectoryHandle? sub);
        using (sub)
        {
            errno = errno == Errno.None ? _fs.Rename(_directory, "new", sub!, "new", RenameKind.NoReplace) : errno;
            errno = errno == Errno.None ? _fs.Rename(sub!, "new", _directory, "old", RenameKind.Replace) : errno;
            Expect("rename", "rename a file into another directory and over a file", errno);
        }
    }

    /// <summary>On a volatile filesystem nothing is synced, and so nothing gained.</summary>
    private void TryDirect()
    {
        if (_fs.Describe(_directory, out FileSystemTraits? traits) != Errno.None || traits!.IsVolatile)
        {
            return;
        }

        Errno errno = _fs.OpenFile(_directory, "old", FileUse.Direct, out FileHandle? file);
        using (file)
        {
            Advise(
                "direct-io", "Writes past the page cache (O_DIRECT) are refused", "The log is written through the cache, which is slower.",
                errno == Errno.None ? _fs.Write(file!, new AlignedBuffer().Take(IDurableFileSystem.DirectBytes), 0, out _) : errno);
        }
    }

    /// <param name="code">Of the finding.</param>
    /// <param name="what">What was tried.</param>
    /// <param name="errno">What came of it.</param>
    /// <param name="expected">What should come of it.</param>
    private bool Expect(string code, string what, Errno errno, Errno expected = Errno.None)
    {
        if (errno != expected)
        {
            _found.Add(DoctorFinding.Problem(code, _place, errno == Errno.None
                ? $"It was not possible to {what}: the call was answered as if nothing were in the way."
                : $"It was not possible to {what}: {ErrnoText.Of(errno)}.", Elsewhere));
        }

        return errno == expected;
    }

    private void Advise(string code, string what, string effect, Errno errno)
    {
        if (errno != Errno.None)
        {
            _found.Add(DoctorFinding.Note(code, _place, $"{what}: {ErrnoText.Of(errno)}. {effect}", Elsewhere));
        }
    }

    private static DoctorFinding Refused(string what, string path, Errno errno) => DoctorFinding.Problem(
        "create", path, $"It was not possible to {what}: {ErrnoText.Of(errno)}.",
        "Give the user that the store runs as the right to write there, and see that it is mounted for writing and not full.");

    private static string NewName(IDurableFileSystem fs)
    {
        Span<byte> random = stackalloc byte[8];
        fs.FillRandom(random);
        return Convert.ToHexStringLower(random);
    }

    /// <summary>Of a trial whose process was killed: one that lives holds a lock.</summary>
    private static void RemoveLeft(IDurableFileSystem fs, DirectoryHandle parent)
    {
        foreach (string name in NamesIn(fs, parent).Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (fs.OpenDirectory(parent, name, out DirectoryHandle? left) == Errno.None)
            {
                using (left)
                {
                    if (fs.TryLock(left!, LockRange.Whole, LockMode.Exclusive) == Errno.None)
                    {
                        Empty(fs, left!);
                        _ = fs.RemoveDirectory(parent, name); // what another user has put there stays
                    }
                }
            }
        }
    }

    /// <summary>Removes what a trial makes, and nothing else.</summary>
    private static void Empty(IDurableFileSystem fs, DirectoryHandle directory)
    {
        if (fs.OpenDirectory(directory, Sub, out DirectoryHandle? sub) == Errno.None)
        {
            using (sub)
            {
                _ = fs.Unlink(sub!, "new");
            }

            _ = fs.RemoveDirectory(directory, Sub);
        }

        _ = fs.Unlink(directory, "new");
        _ = fs.Unlink(directory, "old");
    }

    private static IEnumerable<string> NamesIn(IDurableFileSystem fs, DirectoryHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        return fs.List(directory, entries) == Errno.None ? entries.Select(static entry => entry.Name) : [];
    }
}
