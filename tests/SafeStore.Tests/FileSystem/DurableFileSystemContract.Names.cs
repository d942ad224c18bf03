using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

public abstract partial class DurableFileSystemContract
{
    [Fact]
    public void A_root_that_is_missing_or_relative_or_a_file_is_refused()
    {
        Create("a");
        Assert.Equal(Errno.NotFound, FileSystem.OpenRoot(RootPath + "/missing", out DirectoryHandle? root));
        Assert.Null(root);
        Assert.Equal(Errno.Invalid, FileSystem.OpenRoot("relative", out _));
        Assert.Equal(Errno.Invalid, FileSystem.OpenRoot("", out _));
        Assert.Equal(Errno.NotDirectory, FileSystem.OpenRoot(RootPath + "/a", out _));
    }

    [Fact]
    public void A_root_may_be_opened_through_a_symbolic_link()
    {
        MakeDirectory("d");
        PlantSymbolicLink("link", "d");

        Assert.Equal(Errno.None, FileSystem.OpenRoot(RootPath + "/link", out DirectoryHandle? root));
        Assert.Equal(Errno.None, FileSystem.Stat(Own(root!), out FileStatus status));
        Assert.True(status.IsSameFile(Stat("d")));
    }

    [Fact]
    public void A_made_directory_has_the_mode_asked_for()
    {
        DirectoryHandle directory = MakeDirectory("d");

        Assert.Equal(Errno.None, FileSystem.Stat(directory, out FileStatus status));
        Assert.Equal(FileKind.Directory, status.Kind);
        Assert.Equal(DirectoryMode750, status.Mode);
        Assert.True(status.IsSameFile(Stat("d")));
    }

    [Fact]
    public void A_directory_that_is_made_and_opened_at_once_is_the_one_of_that_name()
    {
        Assert.Equal(Errno.None, FileSystem.MakeDirectory(Root, "d", DirectoryMode750, out DirectoryHandle? directory));

        Assert.Equal(Errno.None, FileSystem.Stat(Own(directory!), out FileStatus status));
        Assert.Equal((FileKind.Directory, DirectoryMode750), (status.Kind, status.Mode));
        Assert.True(status.IsSameFile(Stat("d")));
        Assert.Equal(RootPath + "/d", directory!.Path);
        Create("file", "content"u8, directory);
        Assert.Equal("content"u8, Read("d/file"));
        Assert.Equal(Errno.Exists, FileSystem.MakeDirectory(Root, "d", DirectoryMode750, out DirectoryHandle? again));
        Assert.Null(again);
        Assert.Equal(Errno.Invalid, FileSystem.MakeDirectory(Root, "a/b", DirectoryMode750, out again));
        Assert.Null(again);
    }

    [Fact]
    public void Paths_of_several_components_lead_down()
    {
        DirectoryHandle deep = MakeDirectory("c", MakeDirectory("b", MakeDirectory("a")));
        Create("file", "content"u8, deep);

        Assert.Equal("content"u8, Read("a/b/c/file"));
        Assert.Equal("content"u8, Read("a//b/./c/file"));
        Assert.Equal(["file"], Names(OpenDirectory("a/b/c")));
        Assert.Equal(["file"], Names(OpenDirectory("a/b/c/")));
        Assert.Equal(["a"], Names(OpenDirectory(".")));
        Assert.Equal(Errno.NotDirectory, FileSystem.OpenFile(Root, "a/b/c/file/", FileUse.Read, out _));
    }

    [Fact]
    public void A_path_that_leaves_its_directory_is_refused()
    {
        DirectoryHandle inner = MakeDirectory("inner");
        Create("a");
        MakeDirectory("sub", inner);

        foreach (string path in new[] { "../a", "sub/../../a", RootPath + "/a" })
        {
            Assert.Equal(Errno.CrossDevice, FileSystem.OpenFile(inner, path, FileUse.Read, out FileHandle? file));
            Assert.Null(file);
        }

        Assert.Equal(Errno.CrossDevice, FileSystem.OpenDirectory(inner, "..", out _));
        Assert.Equal(Errno.CrossDevice, FileSystem.OpenDirectory(inner, "/", out _));
    }

    [Fact]
    public void A_symlink_at_the_end_of_a_path_is_refused()
    {
        Create("file");
        MakeDirectory("directory");
        PlantSymbolicLink("to-file", "file");
        PlantSymbolicLink("to-directory", "directory");
        PlantSymbolicLink("to-nothing", "nothing");

        foreach (string link in new[] { "to-file", "to-directory", "to-nothing" })
        {
            Assert.Equal(Errno.SymbolicLink, FileSystem.OpenFile(Root, link, FileUse.Read, out FileHandle? file));
            Assert.Null(file);
            Assert.Equal(Errno.SymbolicLink, FileSystem.OpenFile(Root, link, FileUse.ReadWrite, out _));
            Assert.Equal(Errno.SymbolicLink, FileSystem.OpenDirectory(Root, link, out DirectoryHandle? directory));
            Assert.Null(directory);
            Assert.Equal(FileKind.SymbolicLink, Stat(link).Kind);
        }
    }

    [Fact]
    public void A_symlink_in_the_middle_of_a_path_is_refused()
    {
        DirectoryHandle directory = MakeDirectory("directory");
        Create("file", "content"u8, directory);
        MakeDirectory("sub", directory);
        PlantSymbolicLink("link", "directory");
        PlantSymbolicLink("directory/up", "..");

        Assert.Equal(Errno.SymbolicLink, FileSystem.OpenFile(Root, "link/file", FileUse.Read, out _));
        Assert.Equal(Errno.SymbolicLink, FileSystem.OpenDirectory(Root, "link/sub", out _));
        Assert.Equal(Errno.SymbolicLink, FileSystem.OpenDirectory(Root, "link/", out _));
        Assert.Equal(Errno.SymbolicLink, FileSystem.OpenFile(Root, "directory/up/directory/file", FileUse.Read, out _));
    }

    [Fact]
    public void A_symlink_is_renamed_and_removed_itself()
    {
        Create("file", "content"u8);
        PlantSymbolicLink("link", "file");
        PlantSymbolicLink("other", "file");

        Assert.Equal(Errno.None, FileSystem.Rename(Root, "link", Root, "moved", RenameKind.Replace));
        Assert.Equal(FileKind.SymbolicLink, Stat("moved").Kind);
        Assert.Equal(Errno.None, FileSystem.Unlink(Root, "moved"));
        Create("new", "new"u8);
        Assert.Equal(Errno.None, FileSystem.Rename(Root, "new", Root, "other", RenameKind.Replace));
        Assert.Equal(FileKind.Regular, Stat("other").Kind);
        Assert.Equal("content"u8, Read("file"));
        Assert.Equal(["file", "other"], Names());
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a/")]
    [InlineData("/a")]
    [InlineData("a\0b")]
    [InlineData("a\0")]
    public void What_is_no_single_component_is_refused_as_a_name(string name)
    {
        Create("a");
        Assert.Equal(Errno.Invalid, FileSystem.CreateFile(Root, name, FileMode640, out FileHandle? file));
        Assert.Null(file);
        Assert.Equal(Errno.Invalid, FileSystem.MakeDirectory(Root, name, DirectoryMode750, out _));
        Assert.Equal(Errno.Invalid, FileSystem.Unlink(Root, name));
        Assert.Equal(Errno.Invalid, FileSystem.RemoveDirectory(Root, name));
        Assert.Equal(Errno.Invalid, FileSystem.Rename(Root, name, Root, "b", RenameKind.Replace));
        Assert.Equal(Errno.Invalid, FileSystem.Rename(Root, "a", Root, name, RenameKind.Replace));
        Assert.Equal(Errno.Invalid, FileSystem.Rename(Root, "a", Root, name, RenameKind.NoReplace));
        Assert.Equal(Errno.Invalid, FileSystem.Rename(Root, "a", Root, name, RenameKind.Exchange));
        Assert.Equal(["a"], Names());
    }

    [Fact]
    public void A_name_that_UTF_8_cannot_express_is_refused()
    {
        string name = new('\ud800', 1);

        Assert.Equal(Errno.Invalid, FileSystem.CreateFile(Root, name, FileMode640, out _));
        Assert.Equal(Errno.Invalid, FileSystem.OpenFile(Root, "a" + name, FileUse.Read, out _));
        Assert.Equal(Errno.Invalid, FileSystem.OpenDirectory(Root, name + "/a", out _));
        Assert.Empty(Names());
    }

    [Fact]
    public void A_path_with_NUL_is_never_cut_short()
    {
        FileHandle file = Create("a");
        MakeDirectory("d");

        Assert.Equal(Errno.Invalid, FileSystem.OpenFile(Root, "a\0b", FileUse.Read, out _));
        Assert.Equal(Errno.Invalid, FileSystem.OpenDirectory(Root, "d\0", out _));
        Assert.Equal(Errno.Invalid, FileSystem.OpenRoot(RootPath + "\0", out _));
        Assert.Equal(Errno.Invalid, FileSystem.Stat(Root, "a\0", out _));
    }

    [Fact]
    public void Names_may_have_255_bytes_and_no_more()
    {
        string longest = new('n', 255);
        Create(longest, "content"u8);

        Assert.Equal("content"u8, Read(longest));
        Assert.Equal([longest], Names());
        Assert.Equal(Errno.NameTooLong, FileSystem.CreateFile(Root, longest + "n", FileMode640, out _));
        Assert.Equal(Errno.NameTooLong, FileSystem.OpenFile(Root, new string('p', 5000), FileUse.Read, out _));
        Assert.Equal(Errno.NameTooLong, FileSystem.Stat(Root, new string('ü', 128), out _));
    }

    [Fact]
    public void Names_beyond_ASCII_come_back_as_they_were()
    {
        Create("größe-漢字-😀");

        Assert.Equal(["größe-漢字-😀"], Names());
    }

    [Fact]
    public void A_listing_tells_what_each_name_is()
    {
        Create("file");
        MakeDirectory("directory");
        PlantSymbolicLink("link", "file");

        List<DirectoryEntry> entries = [];
        Assert.Equal(Errno.None, FileSystem.List(Root, entries));
        Assert.Equal(
            [new("directory", FileKind.Directory), new("file", FileKind.Regular), new("link", FileKind.SymbolicLink)],
            entries.OrderBy(entry => entry.Name, StringComparer.Ordinal));
    }

    [Fact]
    public void A_listing_of_5000_names_is_complete_also_when_several_run_on_one_handle()
    {
        DirectoryHandle directory = MakeDirectory("many");
        string[] names = [.. Enumerable.Range(0, 5000).Select(number => number.ToString("d5", CultureInfo.InvariantCulture))];
        foreach (string name in names)
        {
            Assert.Equal(Errno.None, FileSystem.CreateFile(directory, name, FileMode640, out FileHandle? file));
            file!.Dispose();
        }

        Parallel.For(0, 4, _ => Assert.Equal(names, Names(directory)));
    }

    [Fact]
    public void A_directory_handle_goes_on_meaning_its_directory_after_a_rename()
    {
        DirectoryHandle directory = MakeDirectory("before");
        Assert.Equal(Errno.None, FileSystem.Rename(Root, "before", Root, "after", RenameKind.Replace));

        Create("a", "content"u8, directory);
        Assert.Equal("content"u8, Read("after/a"));
    }

    [Fact]
    public void A_rename_replaces_and_moves_between_directories()
    {
        DirectoryHandle directory = MakeDirectory("d");
        Create("new", "new"u8);
        Create("target", "old"u8, directory);
        FileHandle old = Open("d/target");

        Assert.Equal(Errno.None, FileSystem.Rename(Root, "new", directory, "target", RenameKind.Replace));

        Assert.Equal("new"u8, Read("d/target"));
        Assert.Equal("old"u8, Read(old));
        Assert.Equal(["d"], Names());
    }

    [Fact]
    public void A_rename_that_may_not_replace_leaves_both_as_they_were()
    {
        Create("a", "a"u8);
        Create("b", "b"u8);

        Assert.Equal(Errno.Exists, FileSystem.Rename(Root, "a", Root, "b", RenameKind.NoReplace));
        Assert.Equal("a"u8, Read("a"));
        Assert.Equal("b"u8, Read("b"));

        Assert.Equal(Errno.None, FileSystem.Rename(Root, "a", Root, "c", RenameKind.NoReplace));
        Assert.Equal(["b", "c"], Names());
    }

    [Fact]
    public void An_exchange_swaps_files_and_directories()
    {
        Create("file", "content"u8);
        Create("inside", directory: MakeDirectory("directory"));

        Assert.Equal(Errno.None, FileSystem.Rename(Root, "file", Root, "directory", RenameKind.Exchange));

        Assert.Equal("content"u8, Read("directory"));
        Assert.Equal(["inside"], Names(OpenDirectory("file")));
    }

    [Fact]
    public void An_exchange_with_a_missing_name_changes_nothing()
    {
        Create("a", "a"u8);

        Assert.Equal(Errno.NotFound, FileSystem.Rename(Root, "a", Root, "b", RenameKind.Exchange));
        Assert.Equal(Errno.NotFound, FileSystem.Rename(Root, "b", Root, "a", RenameKind.Exchange));
        Assert.Equal(["a"], Names());
    }

    [Fact]
    public void Only_an_empty_directory_is_removed()
    {
        DirectoryHandle directory = MakeDirectory("d");
        Create("a", directory: directory);

        Assert.Equal(Errno.NotEmpty, FileSystem.RemoveDirectory(Root, "d"));
        Assert.Equal(Errno.None, FileSystem.Unlink(directory, "a"));
        Assert.Equal(Errno.None, FileSystem.RemoveDirectory(Root, "d"));
        Assert.Empty(Names());
        Assert.Equal(Errno.NotFound, FileSystem.CreateFile(directory, "a", FileMode640, out _));
    }

    [Fact]
    public void A_lock_excludes_other_handles_until_it_is_released()
    {
        FileHandle first = Create("lock");
        FileHandle second = Open("lock");

        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Whole, LockMode.Exclusive));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(second, LockRange.Whole, LockMode.Exclusive));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(second, LockRange.Whole, LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.Unlock(first, LockRange.Whole));
        Assert.Equal(Errno.None, FileSystem.TryLock(second, LockRange.Whole, LockMode.Exclusive));
    }

    [Fact]
    public void Shared_locks_go_together_and_exclude_exclusive_ones()
    {
        FileHandle first = Create("lock");
        FileHandle second = Open("lock");
        FileHandle third = Open("lock");

        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Whole, LockMode.Shared));
        Assert.Equal(Errno.None, FileSystem.TryLock(second, LockRange.Whole, LockMode.Shared));
        Assert.Equal(Errno.WouldBlock, FileSystem.TryLock(third, LockRange.Whole, LockMode.Exclusive));
        Assert.Equal(Errno.None, FileSystem.Unlock(first, LockRange.Whole));
        second.Dispose();
        Assert.Equal(Errno.None, FileSystem.TryLock(third, LockRange.Whole, LockMode.Exclusive));
    }

    [Fact]
    public void A_lock_ends_with_its_handle()
    {
        FileHandle first = Create("lock");
        Assert.Equal(Errno.None, FileSystem.TryLock(first, LockRange.Whole, LockMode.Exclusive));

        first.Dispose();

        Assert.Equal(Errno.None, FileSystem.TryLock(Open("lock"), LockRange.Whole, LockMode.Exclusive));
    }
}
