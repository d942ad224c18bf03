using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>A machine with one process, and its calls by absolute paths; a call that fails fails the test.</summary>
internal sealed class Rig
{
    public const UnixFileMode Mode640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    public const UnixFileMode Mode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode Mode750 = Mode640 | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    private const long OutcomesMax = 100_000;

    public Rig(PersistenceProfile profile)
        : this(new SimulatedMachineOptions { Profile = profile, KeepsTrace = true })
    {
    }

    public Rig(SimulatedMachineOptions? options = null)
    {
        Machine = new SimulatedMachine(options ?? new SimulatedMachineOptions { KeepsTrace = true });
        Process = Machine.Start();
    }

    public SimulatedMachine Machine { get; }

    public SimulatedProcess Process { get; set; }

    public SimulatedFileSystem Files => Process.FileSystem;

    public IPathCalls Calls => Process.FileSystem;

    public Disk Disk => Machine.Mounts.Disks[0];

    /// <summary>Every state that a power loss may leave, written as <see cref="Tree()"/> does.</summary>
    public string[] Outcomes() => OutcomesOf(Disk);

    public static string[] OutcomesOf(Disk disk)
    {
        var space = new PowerLossSpace(disk);
        int[] options = [.. space.Options];
        Assert.True(options.Aggregate(1L, static (product, count) => Math.Min(OutcomesMax, product * count)) < OutcomesMax,
            "too many outcomes for a test");
        int[] choice = new int[options.Length];
        var outcomes = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            outcomes.Add(Tree(space.Materialize(choice, garbage: 1)));
            int atom = 0;
            while (atom < choice.Length && ++choice[atom] == options[atom])
            {
                choice[atom++] = 0;
            }

            if (atom == choice.Length)
            {
                return [.. outcomes.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>All files with their content, all directories; a zero byte is shown as 0, a sector of garbage as a question mark.</summary>
    public static string Tree(Disk disk)
    {
        var lines = new List<string>();
        Add(disk, disk.Root, "", lines);
        return string.Join(' ', lines.Order(StringComparer.Ordinal));
    }

    /// <summary>The same of what programs see now.</summary>
    public string Tree() => Tree(Disk);

    public DirectoryHandle Directory(string path = "/")
    {
        Assert.Equal(Errno.None, Files.OpenRoot(path, out DirectoryHandle? directory));
        return directory!;
    }

    public FileHandle Open(string path, bool create = false)
    {
        Assert.Equal(Errno.None, Calls.Open(path, OpenFlags.Write | (create ? OpenFlags.Create : 0), Mode640, out FileHandle? file));
        return file!;
    }

    public Rig Write(string path, string text, long offset = 0)
    {
        using FileHandle file = Open(path, create: true);
        Write(file, text, offset);
        return this;
    }

    public void Write(FileHandle file, string text, long offset = 0)
    {
        Assert.Equal(Errno.None, Files.Write(file, Encoding.ASCII.GetBytes(text), offset, out int count));
        Assert.Equal(text.Length, count);
    }

    public Rig Resize(string path, long size)
    {
        using FileHandle file = Open(path);
        Assert.Equal(Errno.None, Calls.Truncate(file, size));
        return this;
    }

    public Rig Allocate(string path, long size)
    {
        using FileHandle file = Open(path);
        Assert.Equal(Errno.None, Files.Allocate(file, size));
        return this;
    }

    public string Read(string path)
    {
        using FileHandle file = Open(path);
        return Read(file);
    }

    public string Read(FileHandle file)
    {
        byte[] buffer = new byte[65536];
        Assert.Equal(Errno.None, Files.Read(file, buffer, 0, out int count));
        return Encoding.ASCII.GetString(buffer, 0, count).Replace('\0', '0');
    }

    public Rig Make(string path)
    {
        Assert.Equal(Errno.None, Calls.MakeDirectory(path, Mode750));
        return this;
    }

    public Rig Rename(string source, string target)
    {
        Assert.Equal(Errno.None, Calls.Rename(source, target));
        return this;
    }

    public Rig Exchange(string directory, string first, string second)
    {
        using DirectoryHandle handle = Directory(directory);
        Assert.Equal(Errno.None, Files.Rename(handle, first, handle, second, RenameKind.Exchange));
        return this;
    }

    public Rig Link(string existing, string created)
    {
        Assert.Equal(Errno.None, Calls.Link(existing, created));
        return this;
    }

    public Rig Unlink(string path)
    {
        Assert.Equal(Errno.None, Calls.Unlink(path));
        return this;
    }

    public Rig Sync(params string[] paths)
    {
        foreach (string path in paths)
        {
            Assert.Equal(Errno.None, TrySync(path));
        }

        return this;
    }

    public Rig SyncData(string path)
    {
        using FileHandle file = Open(path);
        Assert.Equal(Errno.None, Files.SyncData(file));
        return this;
    }

    public Errno TrySync(string path)
    {
        Assert.Equal(Errno.None, Calls.Stat(path, follow: true, out NodeStatus status));
        if (status.Status.Kind == FileKind.Directory)
        {
            using DirectoryHandle directory = Directory(path);
            return Files.SyncDirectory(directory);
        }

        using FileHandle file = Open(path);
        return Files.SyncFile(file);
    }

    /// <summary>Syncs the whole machine at once.</summary>
    public Rig SyncWhole()
    {
        Machine.Sync();
        return this;
    }

    /// <summary>Syncs all files and directories.</summary>
    public Rig SyncAll(string path = "/")
    {
        List<DirectoryEntry> entries = [];
        Assert.Equal(Errno.None, Calls.List(path, entries));
        foreach (DirectoryEntry entry in entries)
        {
            string inner = path.TrimEnd('/') + "/" + entry.Name;
            if (entry.Kind == FileKind.Directory)
            {
                SyncAll(inner);
            }
            else if (entry.Kind == FileKind.Regular)
            {
                Sync(inner);
            }
        }

        return Sync(path);
    }

    private static void Add(Disk disk, DirectoryInode directory, string path, List<string> lines)
    {
        foreach ((string name, long number) in directory.Names)
        {
            switch (disk[number])
            {
                case FileInode file:
                    lines.Add($"{path}{name}={Show(file, disk.Profile.SectorBytes)}");
                    break;
                case DirectoryInode inner when inner.Names.Count == 0:
                    lines.Add($"{path}{name}/");
                    break;
                case DirectoryInode inner:
                    Add(disk, inner, $"{path}{name}/", lines);
                    break;
                default:
                    lines.Add($"{path}{name}->");
                    break;
            }
        }
    }

    private static string Show(FileInode file, int sectorBytes)
    {
        byte[] content = file.Content.ToArray();
        var text = new StringBuilder();
        for (int start = 0; start < content.Length; start += sectorBytes)
        {
            ReadOnlySpan<byte> sector = content.AsSpan(start, Math.Min(sectorBytes, content.Length - start));
            bool isGarbage = false;
            foreach (byte value in sector)
            {
                isGarbage |= value != 0 && !char.IsAsciiLetter((char)value);
            }

            text.Append(isGarbage ? "?" : Encoding.ASCII.GetString(sector).Replace('\0', '0'));
        }

        // A run of the same letter is shown as its length: pages are long.
        return text.Length <= 64 ? text.ToString() : string.Concat(Runs(text.ToString()));
    }

    private static IEnumerable<string> Runs(string text)
    {
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = start + 1;
            while (end < text.Length && text[end] == text[start])
            {
                end++;
            }

            yield return $"[{end - start}{text[start]}]";
        }
    }
}
