using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>Bind mounts of files and directories, and files of several names.</summary>
public abstract partial class DurableFileSystemContract
{
    [Fact]
    public void A_directory_that_is_mounted_elsewhere_is_the_same_there_through_another_mount()
    {
        DirectoryHandle directory = MakeDirectory("d");
        MakeDirectory("at");
        FileHandle file = Create("a", "content"u8, directory);
        PlantBindMount("at", "d");

        Assert.Equal(Errno.None, FileSystem.Stat(file, out FileStatus original));
        FileStatus mounted = Stat("at/a");
        Assert.True(mounted.IsSameFile(original));
        Assert.NotEqual(original.MountId, mounted.MountId);
        DirectoryHandle opened = OpenDirectory("at");
        Assert.Equal(Errno.None, FileSystem.Stat(opened, out FileStatus ofDirectory));
        Assert.Equal((Stat("d").Inode, mounted.MountId), (ofDirectory.Inode, ofDirectory.MountId));
        Assert.True(Stat("at/..").IsSameFile(Stat(".")));
        Create("b", directory: opened);
        Assert.Equal(["a", "b"], Names(directory));
    }

    [Fact]
    public void A_rename_between_mounts_of_one_filesystem_is_refused()
    {
        DirectoryHandle directory = MakeDirectory("d");
        MakeDirectory("at");
        Create("a", directory: directory);
        Create("b");
        PlantBindMount("at", "d");
        DirectoryHandle mounted = OpenDirectory("at");

        Assert.Equal(Errno.CrossDevice, FileSystem.Rename(Root, "b", mounted, "c", RenameKind.Replace));
        Assert.Equal(Errno.CrossDevice, FileSystem.Rename(mounted, "a", directory, "c", RenameKind.NoReplace));
        Assert.Equal(Errno.CrossDevice, FileSystem.Rename(mounted, "a", Root, "b", RenameKind.Exchange));
        Assert.Equal(Errno.None, FileSystem.Rename(mounted, "a", mounted, "c", RenameKind.Replace));
    }

    [Fact]
    public void A_directory_on_which_something_is_mounted_is_neither_renamed_nor_removed()
    {
        MakeDirectory("d");
        MakeDirectory("at", MakeDirectory("outer"));
        MakeDirectory("other");
        PlantBindMount("outer/at", "d");
        DirectoryHandle outer = OpenDirectory("outer");

        Assert.Equal(Errno.Busy, FileSystem.RemoveDirectory(outer, "at"));
        Assert.Equal(Errno.Busy, FileSystem.Rename(outer, "at", outer, "moved", RenameKind.Replace));
        Assert.Equal(Errno.Busy, FileSystem.Rename(Root, "other", outer, "at", RenameKind.Replace));
        Assert.Equal(Errno.Busy, FileSystem.Rename(Root, "other", outer, "at", RenameKind.Exchange));
        Assert.Equal(Errno.None, FileSystem.Rename(Root, "outer", Root, "moved", RenameKind.NoReplace));
        Assert.True(Stat("moved/at").IsSameFile(Stat("d")));
    }

    [Fact]
    public void A_file_on_which_another_is_mounted_shows_that_one_and_keeps_its_name()
    {
        Create("shown", "shown"u8);
        Create("at", "covered"u8);
        Create("new", "new"u8);
        PlantBindMount("at", "shown");

        Assert.Equal("shown"u8, Read("at"));
        Assert.True(Stat("at").IsSameFile(Stat("shown")));
        Assert.NotEqual(Stat("shown").MountId, Stat("at").MountId);
        Assert.Equal(Errno.Busy, FileSystem.Unlink(Root, "at"));
        Assert.Equal(Errno.Busy, FileSystem.Rename(Root, "new", Root, "at", RenameKind.Replace));
        Assert.Equal(Errno.Busy, FileSystem.Rename(Root, "new", Root, "at", RenameKind.Exchange));
        Assert.Equal(Errno.Busy, FileSystem.Rename(Root, "at", Root, "free", RenameKind.NoReplace));
        Assert.Equal(Errno.Exists, FileSystem.Rename(Root, "new", Root, "at", RenameKind.NoReplace));
        Assert.Equal(["at", "new", "shown"], Names());
    }

    [Fact]
    public void A_mount_over_a_mount_hides_it()
    {
        Create("a", directory: MakeDirectory("first"));
        Create("b", directory: MakeDirectory("second"));
        MakeDirectory("at");
        PlantBindMount("at", "first");
        DirectoryHandle before = OpenDirectory("at");
        PlantBindMount("at", "second");

        Assert.Equal(["b"], Names(OpenDirectory("at")));
        Assert.Equal(["a"], Names(before));
        Assert.True(Stat("at/..").IsSameFile(Stat(".")));
    }

    [Fact]
    public void A_file_of_two_names_is_one_file()
    {
        FileHandle file = Create("a", "old"u8);
        DirectoryHandle directory = MakeDirectory("d");
        PlantLink("d/b", "a");

        Assert.True(Stat("d/b").IsSameFile(Stat("a")));
        Assert.Equal(2, Stat("a").Links);
        Write(file, "new"u8, 0);
        Assert.Equal("new"u8, Read("d/b"));
        Assert.Equal(Errno.None, FileSystem.Rename(Root, "a", directory, "b", RenameKind.Replace));
        Assert.Equal(2, Stat("a").Links);
        Assert.Equal(Errno.None, FileSystem.Unlink(Root, "a"));
        Assert.Equal(1, Stat("d/b").Links);
        Assert.Equal(Errno.None, FileSystem.Unlink(directory, "b"));
        Assert.Equal(Errno.None, FileSystem.Stat(file, out FileStatus status));
        Assert.Equal(0, status.Links);
    }
}
