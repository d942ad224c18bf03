using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>Where the kernel's order of checks shows; what a comparison of the simulator with it has found.</summary>
public abstract partial class DurableFileSystemContract
{
    [Fact]
    public void A_removed_directory_has_no_listing_and_takes_no_name_however_long()
    {
        DirectoryHandle directory = MakeDirectory("d");
        Create("a");
        Assert.Equal(Errno.None, FileSystem.RemoveDirectory(Root, "d"));

        Assert.Equal(Errno.NotFound, FileSystem.List(directory, new List<DirectoryEntry>()));
        Assert.Equal(Errno.NotFound, FileSystem.CreateFile(directory, new string('n', 256), FileMode640, out _));
        Assert.Equal(Errno.NotFound, FileSystem.Stat(directory, "a", out _));
        Assert.Equal(Errno.NotFound, FileSystem.Rename(Root, "a", directory, "a", RenameKind.Replace));
        Assert.Equal(Errno.NotFound, FileSystem.Rename(directory, "a", directory, "b", RenameKind.Exchange));
        Assert.Equal(Errno.None, FileSystem.Stat(directory, out FileStatus status));
        Assert.Equal(0, status.Links);
        Assert.Equal(Errno.None, FileSystem.SyncDirectory(directory));
    }

    [Fact]
    public void Of_a_rename_both_names_are_checked_then_the_source_is_looked_up_and_then_the_target()
    {
        string tooLong = new('n', 256);
        Create("a");

        Assert.Equal(Errno.Invalid, FileSystem.Rename(Root, tooLong, Root, "a/b", RenameKind.Replace));
        Assert.Equal(Errno.NotFound, FileSystem.Rename(Root, "missing", Root, tooLong, RenameKind.Replace));
        Assert.Equal(Errno.NameTooLong, FileSystem.Rename(Root, "a", Root, tooLong, RenameKind.Replace));
        Assert.Equal(Errno.NotFound, FileSystem.Rename(Root, "missing", Root, tooLong, RenameKind.Exchange));
        Assert.Equal(Errno.Exists, FileSystem.Rename(Root, "a", Root, "a", RenameKind.NoReplace));
        Assert.Equal(Errno.None, FileSystem.Rename(Root, "a", Root, "a", RenameKind.Replace));
        Assert.Equal(Errno.None, FileSystem.Rename(Root, "a", Root, "a", RenameKind.Exchange));
    }

    [Fact]
    public void A_directory_does_not_go_below_itself_nor_in_the_place_of_what_it_is_below()
    {
        DirectoryHandle outer = MakeDirectory("outer");
        DirectoryHandle inner = MakeDirectory("inner", outer);
        MakeDirectory("d", inner);
        Create("file", directory: inner);

        Assert.Equal(Errno.Invalid, FileSystem.Rename(Root, "outer", inner, "x", RenameKind.Replace));
        Assert.Equal(Errno.Invalid, FileSystem.Rename(Root, "outer", inner, "file", RenameKind.Replace));
        Assert.Equal(Errno.NotEmpty, FileSystem.Rename(inner, "d", Root, "outer", RenameKind.Replace));
        Assert.Equal(Errno.NotEmpty, FileSystem.Rename(inner, "file", Root, "outer", RenameKind.Replace));
        Assert.Equal(Errno.IsDirectory, FileSystem.Rename(inner, "file", inner, "d", RenameKind.Replace));
        Assert.Equal(Errno.NotDirectory, FileSystem.Rename(inner, "d", inner, "file", RenameKind.Replace));
    }

    [Fact]
    public void Whether_a_name_leads_to_a_file_is_told_along_any_way()
    {
        DirectoryHandle directory = MakeDirectory("d");
        FileHandle file = Create("a", directory: directory);
        PlantSymbolicLink("directory", "d");
        PlantSymbolicLink("file", "d/a");

        foreach (string path in new[] { "d/a", "d//./a", "d/../d/a", "directory/a", "directory/../d/a" })
        {
            Assert.True(Leads(Root, path, file), path);
        }

        foreach (string path in new[] { "file", "d", "", "d/a/", "d/a/b", "../a" })
        {
            Assert.False(Leads(Root, path, file), path);
        }

        Assert.True(Leads(directory, "../directory/a", file));
    }

    [Fact]
    public void Positions_beyond_all_files_are_refused()
    {
        FileHandle file = Create("a", "content"u8);

        Assert.Equal(Errno.Invalid, FileSystem.Write(file, "x"u8, -1, out _));
        Assert.Equal(Errno.Invalid, FileSystem.Read(file, new byte[1], -1, out _));
        Assert.Equal(Errno.Invalid, FileSystem.Write(file, "xyz"u8, long.MaxValue - 1, out _));
        Assert.Equal(Errno.Invalid, FileSystem.Read(file, new byte[3], long.MaxValue - 1, out _));
        Assert.Equal(Errno.None, FileSystem.Read(file, new byte[3], long.MaxValue / 2, out int count));
        Assert.Equal(0, count);
        Assert.Equal(Errno.None, FileSystem.Write(file, [], 100, out count));
        Assert.Equal("content"u8, Read(file));
    }

    [Fact]
    public void Allocating_through_a_handle_for_reading_is_refused_unless_nothing_is_asked_for()
    {
        Create("a", "content"u8);

        Assert.Equal(Errno.BadHandle, FileSystem.Allocate(Open("a"), 100));
        Assert.Equal(Errno.BadHandle, FileSystem.Allocate(Open("a"), 1));
        Assert.Equal(Errno.None, FileSystem.Allocate(Open("a"), 0));
        Assert.Equal(Errno.Invalid, FileSystem.Allocate(Open("a"), -1));
    }

    [Fact]
    public void Mode_bits_beyond_the_permissions_are_dropped()
    {
        Assert.Equal(Errno.None, FileSystem.CreateFile(Root, "a", FileMode640 | (UnixFileMode)0x8000, out FileHandle? file));
        Own(file!);
        Assert.Equal(FileMode640, Stat("a").Mode);
        Assert.Equal(Errno.None, FileSystem.MakeDirectory(Root, "d", DirectoryMode750 | (UnixFileMode)0x8000, out _));
        Assert.Equal(DirectoryMode750, Stat("d").Mode);
    }

    [Fact]
    public void A_path_is_told_as_it_was_given_without_slashes_doubled_where_it_was_joined()
    {
        MakeDirectory("d");
        Create("a", directory: OpenDirectory("d"));

        DirectoryHandle directory = OpenDirectory("./d//");
        Assert.Equal(RootPath + "/./d//", directory.Path);
        Assert.Equal(Errno.None, FileSystem.OpenFile(directory, "a", FileUse.Read, out FileHandle? file));
        Assert.Equal(RootPath + "/./d/a", Own(file!).Path);
    }

    [Fact]
    public void Too_long_and_not_expressible_the_one_that_comes_first_is_told()
    {
        string lone = new('\ud800', 1);

        Assert.Equal(Errno.NameTooLong, FileSystem.CreateFile(Root, new string('p', 4096) + lone, FileMode640, out _));
        Assert.Equal(Errno.Invalid, FileSystem.CreateFile(Root, new string('p', 4000) + lone, FileMode640, out _));
        Assert.Equal(Errno.NameTooLong, FileSystem.CreateFile(Root, new string('p', 4000), FileMode640, out _));
        Assert.Equal(Errno.NameTooLong, FileSystem.OpenRoot(new string('p', 5000), out _));
        Assert.Equal(Errno.Invalid, FileSystem.OpenRoot("relative", out _));
        Assert.Equal(Errno.Invalid, FileSystem.OpenRoot("", out _));
    }
}
