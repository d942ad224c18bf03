using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Tests.Scripts;

/// <summary>
/// A program that counts in a file, for several processes. The careless one locks a file beside it, writes in place, and removes what it
/// finds; the careful one locks the directory, replaces the file by a rename, and looks at what it finds.
/// </summary>
internal sealed class Counter(IDurableFileSystem fileSystem, bool isCareful)
{
    public const string Path = "/counter";

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    /// <summary>Counts one further, durably; null if another process is at it.</summary>
    /// <exception cref="InvalidDataException">The file is no number.</exception>
    public int? Add()
    {
        using DirectoryHandle directory = Open(Path);
        using Handle? held = Lock(directory);
        if (held is null)
        {
            return null;
        }

        int next = Read(directory) + 1;
        Write(directory, next);
        return next;
    }

    /// <summary>What the file says; nothing is 0 for the careless one.</summary>
    /// <exception cref="InvalidDataException">The file is no number.</exception>
    public int Read(DirectoryHandle directory)
    {
        byte[] content = new byte[64];
        Require(fileSystem.ReadWhole(directory, "value", content, out int length));
        string text = Encoding.ASCII.GetString(content, 0, length);
        if (text.Length == 0 && !isCareful)
        {
            return 0;
        }

        return text.EndsWith('.') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new InvalidDataException($"'{text}' is no number");
    }

    /// <summary>Removes all that lies in the directory for temporary files.</summary>
    public void Clean()
    {
        using DirectoryHandle directory = Open(Path + "/tmp");
        Require(fileSystem.Stat(directory, out FileStatus own));
        Clean(directory, own.MountId);
    }

    public DirectoryHandle Open(string path)
    {
        Require(fileSystem.OpenRoot(path, out DirectoryHandle? directory));
        return directory!;
    }

    private Handle? Lock(DirectoryHandle directory)
    {
        Handle handle = directory;
        if (!isCareful)
        {
            Errno opened = fileSystem.OpenFile(directory, "lock", FileUse.ReadWrite, out FileHandle? file);
            if (opened == Errno.NotFound)
            {
                opened = fileSystem.CreateFile(directory, "lock", Mode, out file);
            }

            if (opened == Errno.Exists)
            {
                return null;
            }

            Require(opened);
            handle = file!;
        }

        return fileSystem.TryLock(handle, LockRange.Whole, LockMode.Exclusive) == Errno.None ? handle : null;
    }

    private void Write(DirectoryHandle directory, int value)
    {
        byte[] content = Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture) + ".");
        if (!isCareful)
        {
            using Stream stream = fileSystem.Files.FileStream.New(Path + "/value", FileMode.Create);
            stream.Write(content);
            ((System.IO.Abstractions.FileSystemStream)stream).Flush(true);
            return;
        }

        Require(fileSystem.Stat(directory, "value", out FileStatus old));
        _ = fileSystem.Unlink(directory, "value.new"); // of a process that was killed
        Require(fileSystem.CreateFile(directory, "value.new", new FilePermissions(old.Mode, old.Owner), out FileHandle? file));
        using (file)
        {
            Require(fileSystem.CopyAttributes(directory, "value", directory, "value.new"));
            Require(fileSystem.Write(file!, content, 0, out int count));
            Require(count == content.Length ? Errno.None : Errno.NoSpace);
            Require(fileSystem.SyncFile(file!));
        }

        Require(fileSystem.Rename(directory, "value.new", directory, "value", RenameKind.Replace));
        Require(fileSystem.SyncDirectory(directory));
    }

    private void Clean(DirectoryHandle directory, ulong mount)
    {
        List<DirectoryEntry> entries = [];
        Require(fileSystem.List(directory, entries));
        foreach (DirectoryEntry entry in entries)
        {
            if (entry.Kind != FileKind.Directory)
            {
                Require(fileSystem.Unlink(directory, entry.Name));
                continue;
            }

            Require(fileSystem.OpenDirectory(directory, entry.Name, out DirectoryHandle? inner));
            using (inner)
            {
                Require(fileSystem.Stat(inner!, out FileStatus status));
                if (isCareful && status.MountId != mount)
                {
                    continue;
                }

                Clean(inner!, mount);
            }

            Errno removed = fileSystem.RemoveDirectory(directory, entry.Name);
            Require(removed == Errno.Busy ? Errno.None : removed);
        }
    }

    private static void Require(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new IOException($"refused with {errno}", (int)errno);
        }
    }
}
