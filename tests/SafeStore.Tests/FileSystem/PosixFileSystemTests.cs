using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>What only a real kernel can show.</summary>
public sealed class PosixFileSystemTests : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempDirectory _temp = new();
    private readonly PosixFileSystem _fileSystem = new();
    private readonly DirectoryHandle _root;

    public PosixFileSystemTests() => _root = OpenRoot(_temp.Path);

    public void Dispose()
    {
        _root.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void A_planted_pipe_blocks_nobody()
    {
        Native.MakePipe(Path.Combine(_temp.Path, "pipe"));

        Assert.Equal(Errno.None, _fileSystem.Stat(_root, "pipe", out FileStatus status));
        Assert.Equal(FileKind.Other, status.Kind);
        Assert.Equal(Errno.None, _fileSystem.OpenFile(_root, "pipe", FileUse.Read, out FileHandle? file));
        using (file)
        {
            Assert.NotEqual(Errno.None, _fileSystem.Read(file!, new byte[1], 0, out int count));
            Assert.Equal(0, count);
        }

        Assert.NotEqual(Errno.None, WholeFile.Read(_fileSystem, _root, "pipe", 100, out _, out _));
        List<DirectoryEntry> entries = [];
        Assert.Equal(Errno.None, _fileSystem.List(_root, entries));
        Assert.Equal([new("pipe", FileKind.Other)], entries);
    }

    [Fact]
    public void A_directory_that_is_being_listed_can_be_listed()
    {
        Create("a").Dispose();
        Create("b").Dispose();
        List<DirectoryEntry> inner = [];
        var outer = new ObservableCollection<DirectoryEntry>();
        outer.CollectionChanged += (_, _) => Assert.Equal(Errno.None, _fileSystem.List(_root, inner));

        Assert.Equal(Errno.None, _fileSystem.List(_root, outer));
        Assert.Equal(["a", "b"], outer.Select(static entry => entry.Name).Order());
        Assert.Equal(["a", "a", "b", "b"], inner.Select(static entry => entry.Name).Order());
    }

    [Fact]
    public void A_directory_is_listed_from_its_start_each_time()
    {
        List<DirectoryEntry> before = [];
        List<DirectoryEntry> after = [];
        Assert.Equal(Errno.None, _fileSystem.List(_root, before));
        Create("later").Dispose();

        Assert.Equal(Errno.None, _fileSystem.List(_root, after));
        Assert.Empty(before);
        Assert.Equal([new("later", FileKind.Regular)], after);
    }

    [Fact]
    public void Reading_whole_leaves_no_descriptor_open()
    {
        Create("a").Dispose();
        Native.MakePipe(Path.Combine(_temp.Path, "pipe"));
        var walking = new PosixFileSystem(walk: true);
        foreach (string path in new[] { "a", "pipe" })
        {
            string full = Path.Combine(_temp.Path, path);
            _ = _fileSystem.ReadWhole(_root, path, new byte[10], out _);
            _ = walking.ReadWhole(_root, path, new byte[10], out _);
            Assert.DoesNotContain(full, Directory.EnumerateFiles("/proc/self/fd").Select(static link => new FileInfo(link).LinkTarget));
        }
    }

    [Fact]
    public void No_handle_is_inherited_by_a_child_process()
    {
        Assert.Equal(
            Errno.None, _fileSystem.MakeDirectory(_root, "inherit", Mode | UnixFileMode.UserExecute, out DirectoryHandle? directory));
        using FileHandle created = Create("inherit-created");
        Assert.Equal(Errno.None, _fileSystem.OpenFile(_root, "inherit-created", FileUse.Read, out FileHandle? opened));
        Assert.Equal(Errno.None, new PosixFileSystem(walk: true).OpenFile(_root, "inherit-created", FileUse.Read, out FileHandle? walked));
        using (directory)
        using (opened)
        using (walked)
        {
            ProcessStartInfo start = new("/bin/ls", ["-l", "/proc/self/fd"]) { RedirectStandardOutput = true };
            using Process child = Process.Start(start)!;
            string descriptors = child.StandardOutput.ReadToEnd();
            child.WaitForExit();

            Assert.Equal(0, child.ExitCode);
            Assert.Contains("/proc/", descriptors, StringComparison.Ordinal);
            Assert.DoesNotContain(_temp.Path, descriptors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_rename_to_another_filesystem_is_refused_and_never_becomes_a_copy()
    {
        using TempDirectory memory = new(TempDirectory.SharedMemory);
        using DirectoryHandle other = OpenRoot(memory.Path);
        Create("a").Dispose();

        Assert.Equal(Errno.CrossDevice, _fileSystem.Rename(_root, "a", other, "a", RenameKind.Replace));
        Assert.Equal(Errno.None, _fileSystem.Stat(_root, "a", out _));
        Assert.Equal(Errno.NotFound, _fileSystem.Stat(other, "a", out _));
    }

    [Fact]
    public void The_holders_of_a_lock_are_named()
    {
        using FileHandle file = Create("lock");
        Assert.Empty(_fileSystem.LockHolders(file));

        Assert.Equal(Errno.None, _fileSystem.TryLock(file, LockRange.Whole, LockMode.Exclusive));
        LockHolder holder = Assert.Single(_fileSystem.LockHolders(file));
        Assert.Equal(Environment.ProcessId, holder.ProcessId);
        Assert.True(holder.IsExclusive);
        Assert.Contains("SafeStore.Tests", holder.Command, StringComparison.Ordinal);

        Assert.Equal(Errno.None, _fileSystem.TryLock(file, LockRange.Whole, LockMode.Shared));
        Assert.False(Assert.Single(_fileSystem.LockHolders(file)).IsExclusive);
    }

    [Theory]
    [InlineData("/tmp")]
    [InlineData(TempDirectory.SharedMemory)]
    public void Attributes_are_kept_where_the_filesystem_has_them(string parent)
    {
        using TempDirectory temp = new(parent);
        using DirectoryHandle root = OpenRoot(temp.Path);
        Assert.Equal(Errno.None, _fileSystem.CreateFile(root, "a", Mode, out FileHandle? file));
        using (file)
        {
            Errno errno = _fileSystem.GetAttribute(file!, "user.safestore", out byte[] value);
            Assert.Empty(value);
            if (errno == Errno.NotSupported)
            {
                Assert.Equal(Errno.NotSupported, _fileSystem.SetAttribute(root, "a", "user.safestore", "x"u8));
                return;
            }

            Assert.Equal(Errno.NoData, errno);
            foreach (int size in new[] { 3, 0, 2000 })
            {
                byte[] expected = [.. Enumerable.Range(0, size).Select(number => (byte)number)];
                Assert.Equal(Errno.None, _fileSystem.SetAttribute(root, "a", "user.safestore", expected));
                Assert.Equal(Errno.None, _fileSystem.GetAttribute(file!, "user.safestore", out value));
                Assert.Equal(expected, value);
            }

            Assert.Equal(Errno.Invalid, _fileSystem.GetAttribute(file!, "user.safestore\0", out _));
        }
    }

    [Fact]
    public void Shared_memory_is_told_to_be_volatile()
    {
        using DirectoryHandle memory = OpenRoot(TempDirectory.SharedMemory);

        Assert.Equal(Errno.None, _fileSystem.Describe(memory, out FileSystemTraits? traits));
        Assert.Equal(new FileSystemTraits("tmpfs", IsVolatile: true, IsLocal: true), traits);
    }

    [Theory]
    [InlineData(0xEF53, "ext4", false, true)]
    [InlineData(0x58465342, "xfs", false, true)]
    [InlineData(0x9123683E, "btrfs", false, true)]
    [InlineData(0x858458F6, "ramfs", true, true)]
    [InlineData(0x6969, "nfs", false, false)]
    [InlineData(0xFE534D42, "smb", false, false)]
    [InlineData(0x65735546, "fuse", false, false)]
    [InlineData(0x1234, "0x00001234", false, true)]
    public void Filesystems_are_known_by_their_magic_numbers(uint magic, string name, bool isVolatile, bool isLocal) =>
        Assert.Equal(new FileSystemTraits(name, isVolatile, isLocal) { CopiesOnWrite = name == "btrfs" }, PosixTraits.Of(magic));

    [Fact]
    public void The_device_is_the_one_that_other_tools_show()
    {
        ProcessStartInfo start = new("/usr/bin/stat", ["-c", "%d %i", _temp.Path]) { RedirectStandardOutput = true };
        using Process child = Process.Start(start)!;
        string shown = child.StandardOutput.ReadToEnd().Trim();
        child.WaitForExit();

        Assert.Equal(Errno.None, _fileSystem.Stat(_root, out FileStatus status));
        Assert.Equal(shown, $"{status.Device} {status.Inode}");
    }

    [Fact]
    public void A_name_that_another_program_has_written_in_another_encoding_can_be_removed()
    {
        Shell("touch \"$(printf 'a\\377b\\303')\" \"$(printf '\\355\\240\\200')\"");
        List<DirectoryEntry> entries = [];
        Assert.Equal(Errno.None, _fileSystem.List(_root, entries));
        string[] expected = ["a\udcffb\udcc3", "\udced\udca0\udc80"];
        Assert.Equal(expected, entries.Select(static entry => entry.Name).Order(StringComparer.Ordinal));

        foreach (DirectoryEntry entry in entries)
        {
            Assert.Equal(Errno.None, _fileSystem.Unlink(_root, entry.Name));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp.Path));
    }

    [Fact]
    public void A_device_is_refused_where_a_file_is_written_in_place()
    {
        using DirectoryHandle devices = OpenRoot("/dev");
        Assert.Equal(Errno.NotSeekable, _fileSystem.OpenFile(devices, "full", FileUse.ReadWrite, out FileHandle? file));
        Assert.Null(file);
    }

    [Fact]
    public void A_handle_of_another_filesystem_is_refused()
    {
        Assert.Throws<ArgumentException>(() => _fileSystem.SyncFile(new ForeignFile()));
        Assert.Throws<ArgumentNullException>(() => _fileSystem.SyncFile(null!));
    }

    private DirectoryHandle OpenRoot(string path)
    {
        Assert.Equal(Errno.None, _fileSystem.OpenRoot(path, out DirectoryHandle? root));
        return root!;
    }

    private void Shell(string script)
    {
        using Process child = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { WorkingDirectory = _temp.Path })!;
        child.WaitForExit();
        Assert.Equal(0, child.ExitCode);
    }

    private FileHandle Create(string name)
    {
        Assert.Equal(Errno.None, _fileSystem.CreateFile(_root, name, Mode, out FileHandle? file));
        return file!;
    }

    private sealed class ForeignFile : FileHandle
    {
        public override string Path => "";

        protected override void Dispose(bool disposing)
        {
        }
    }
}
