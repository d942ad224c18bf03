using System;
using System.IO;
using System.Text;
using SafeStore.CrashTests.Support;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.CrashTests.Disks;

/// <summary>What the seam does on disks of one kind only.</summary>
public sealed class SeamOnDisksTests : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempDirectory _images = new();
    private readonly PosixFileSystem _fileSystem = new();

    public void Dispose() => _images.Dispose();

    [Theory]
    [InlineData("ext4", true)]
    [InlineData("ext4-without-journal", false)]
    [InlineData("ext2", false)]
    [InlineData("ext3", true)]
    [InlineData("xfs", true)]
    [InlineData("btrfs", true)]
    [InlineData("tmpfs", true)]
    public void Whether_a_filesystem_has_a_journal_is_told(string kind, bool isJournaled)
    {
        using Mount mount = kind switch
        {
            "ext4-without-journal" => Mount.OfImage(MakeExt("-t", "ext4", "-O", "^has_journal")),
            "ext2" => Mount.OfImage(MakeExt("-t", "ext2")),
            "ext3" => Mount.OfImage(MakeExt("-t", "ext3")),
            _ => Mount.Of(kind, _images),
        };
        using DirectoryHandle root = Open(mount.Path);

        Assert.Equal(Errno.None, _fileSystem.Describe(root, out FileSystemTraits? traits));
        Assert.Equal(isJournaled, traits!.IsJournaled);
    }

    [Fact]
    public void On_btrfs_an_empty_file_is_allocated_to_be_written_in_place_and_a_full_disk_takes_a_write_to_it()
    {
        using Mount mount = Mount.Of("btrfs", _images);
        using DirectoryHandle root = Open(mount.Path);
        using FileHandle empty = Create(root, "empty");
        Assert.Equal(Errno.None, _fileSystem.Allocate(empty, 1 << 20));
        using FileHandle written = Create(root, "written");
        Assert.Equal(Errno.None, _fileSystem.Write(written, "x"u8, 0, out _));
        Assert.Equal(Errno.None, _fileSystem.Allocate(written, 1 << 20));

        Assert.Contains('C', FlagsOf(mount, "empty"));
        Assert.DoesNotContain('C', FlagsOf(mount, "written"));
        Assert.Equal(Errno.None, _fileSystem.SyncFile(empty));
        byte[] block = new byte[64 * 1024];
        for (int round = 0; round < 2; round++)
        {
            block.AsSpan().Fill((byte)(round + 1));
            Assert.Equal(Errno.None, _fileSystem.Write(empty, block, 0, out int count));
            Assert.Equal(block.Length, count);
            Assert.Equal(Errno.None, _fileSystem.SyncData(empty));
            _ = mount.Fill();
        }
    }

    [Fact]
    public void On_btrfs_a_sync_of_a_directory_commits_the_whole_filesystem()
    {
        string image = Mount.MakeImage("btrfs", _images.Path);
        string copy;
        using (Mount mount = Mount.OfImage(image))
        {
            using DirectoryHandle root = Open(mount.Path);
            Assert.Equal(
                Errno.None, _fileSystem.MakeDirectory(root, "synced", Mode | UnixFileMode.UserExecute, out DirectoryHandle? synced));
            Assert.Equal(Errno.None, _fileSystem.MakeDirectory(root, "other", Mode | UnixFileMode.UserExecute, out DirectoryHandle? other));
            using (synced)
            using (other)
            {
                Create(synced!, "a").Dispose();
                using FileHandle file = Create(other!, "b");
                Assert.Equal(Errno.None, _fileSystem.Write(file, "content"u8, 0, out _));
                Assert.Equal(Errno.None, _fileSystem.SyncDirectory(synced!));
                copy = mount.CutPower();
            }
        }

        using Mount after = Mount.OfImage(copy); // the other is unmounted: two of one identity cannot be
        Assert.True(File.Exists(Path.Combine(after.Path, "synced/a")));
        Assert.Equal("content", File.ReadAllText(Path.Combine(after.Path, "other/b")));
    }

    [Fact]
    public void A_file_that_replaces_another_takes_its_access_list_and_its_label_over_but_no_capability()
    {
        using Mount mount = Mount.Of("ext4", _images);
        using DirectoryHandle root = Open(mount.Path);
        string old = Path.Combine(mount.Path, "old");
        File.WriteAllText(old, "");
        File.SetUnixFileMode(old, Mode | UnixFileMode.GroupRead);
        Tool.Run("setfacl", "-m", "u:1234:rw", old);
        Tool.Run("setfattr", "-n", "security.selinux", "-v", "label", old);
        Tool.Run("setfattr", "-n", "security.capability", "-v", "0x0000000200000000000000000000000000000000", old);
        Tool.Run("setfattr", "-n", "security.ima", "-v", "signature", old);
        Tool.Run("setfattr", "-n", "user.note", "-v", "note", old);
        UnixFileMode mode = File.GetUnixFileMode(old);
        Assert.Equal(Errno.None, _fileSystem.CreateFile(root, "new", mode, out FileHandle? file));
        using (file)
        {
            Assert.Equal(Errno.None, _fileSystem.CopyAttributes(root, "old", root, "new"));
            Assert.Equal("label", Value(file!, "security.selinux"));
            Assert.Equal("note", Value(file!, "user.note"));
            Assert.Equal(Errno.NoData, _fileSystem.GetAttribute(file!, "security.capability", out _));
            Assert.Equal(Errno.NoData, _fileSystem.GetAttribute(file!, "security.ima", out _));
            Assert.Equal(Errno.None, _fileSystem.Stat(file!, out FileStatus status));
            Assert.Equal(mode, status.Mode);
        }

        Assert.Contains("user:1234:rw-", Tool.TryRun("getfacl", "-np", Path.Combine(mount.Path, "new")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_access_list_that_the_directory_hands_down_does_not_stay_unless_the_old_file_has_one()
    {
        using Mount mount = Mount.Of("ext4", _images);
        using DirectoryHandle root = Open(mount.Path);
        File.WriteAllText(Path.Combine(mount.Path, "old"), "");
        Tool.Run("setfacl", "-d", "-m", "u:1234:rw", mount.Path);
        Assert.Equal(Errno.None, _fileSystem.CreateFile(root, "new", Mode | UnixFileMode.GroupRead, out FileHandle? file));
        using (file)
        {
            Assert.Equal(Errno.None, _fileSystem.GetAttribute(file!, "system.posix_acl_access", out _));
            Assert.Equal(Errno.None, _fileSystem.CopyAttributes(root, "old", root, "new"));
            Assert.Equal(Errno.NoData, _fileSystem.GetAttribute(file!, "system.posix_acl_access", out _));
            Assert.Equal(Errno.None, _fileSystem.Stat(file!, out FileStatus status));
            Assert.Equal(Mode | UnixFileMode.GroupRead, status.Mode);
        }
    }

    [Fact]
    public void Attributes_that_the_copys_filesystem_does_not_have_are_left_out()
    {
        using Mount mount = Mount.Of("ext4", _images);
        using DirectoryHandle root = Open(mount.Path);
        File.WriteAllText(Path.Combine(mount.Path, "old"), "");
        Tool.Run("setfattr", "-n", "user.note", "-v", "note", Path.Combine(mount.Path, "old"));
        string path = _images.Make("ramfs");
        Tool.Run("mount", "-t", "ramfs", "ramfs", path);
        try
        {
            using DirectoryHandle without = Open(path);
            using FileHandle file = Create(without, "new");
            Assert.Equal(Errno.NotSupported, _fileSystem.SetAttribute(without, "new", "user.note", "note"u8));
            Assert.Equal(Errno.None, _fileSystem.CopyAttributes(root, "old", without, "new"));
            using FileHandle other = Create(root, "other");
            Assert.Equal(Errno.None, _fileSystem.CopyAttributes(without, "new", root, "other"));
        }
        finally
        {
            Tool.Run("umount", path);
        }
    }

    [Fact]
    public void A_directory_is_made_with_the_rights_of_its_owner_only()
    {
        using Mount mount = Mount.Of("ext4", _images);
        using DirectoryHandle root = Open(mount.Path);
        Tool.Run("chmod", "0755", mount.Path);
        var owner = new FileOwner(1234, 5678);
        Assert.Equal(
            Errno.AccessDenied,
            _fileSystem.MakeDirectory(root, "d", new FilePermissions(Mode | UnixFileMode.UserExecute, owner), out DirectoryHandle? made));
        Assert.Null(made);
        Tool.Run("chmod", "2777", mount.Path); // what is made there has the directory's group, unless it is given its own
        Assert.Equal(
            Errno.None, _fileSystem.MakeDirectory(root, "d", new FilePermissions(Mode | UnixFileMode.UserExecute, owner), out made));
        using (made)
        {
            Assert.Equal(Errno.None, _fileSystem.Stat(made!, out FileStatus status));
            Assert.Equal((owner, Mode | UnixFileMode.UserExecute), (status.Owner, status.Mode));
        }
    }

    private string MakeExt(params string[] options)
    {
        string image = Path.Combine(_images.Path, $"ext-{Guid.NewGuid():N}.img");
        Tool.Run("truncate", "-s", "64M", image);
        Tool.Run("mkfs.ext4", [.. options, "-q", "-F", image]);
        return image;
    }

    private static string FlagsOf(Mount mount, string name) => Tool.TryRun("lsattr", Path.Combine(mount.Path, name)).Output.Split(' ')[0];

    private string Value(FileHandle file, string name)
    {
        Assert.Equal(Errno.None, _fileSystem.GetAttribute(file, name, out byte[] value));
        return Encoding.UTF8.GetString(value).TrimEnd('\0');
    }

    private DirectoryHandle Open(string path)
    {
        Assert.Equal(Errno.None, _fileSystem.OpenRoot(path, out DirectoryHandle? root));
        return root!;
    }

    private FileHandle Create(DirectoryHandle directory, string name)
    {
        Assert.Equal(Errno.None, _fileSystem.CreateFile(directory, name, Mode, out FileHandle? file));
        return file!;
    }
}
