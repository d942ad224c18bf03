using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>Paths of several components, exchanges between directories, names that are no text.</summary>
public abstract partial class DurableFileSystemContract
{
    [Fact]
    public void What_a_path_of_several_components_leads_to_is_described()
    {
        DirectoryHandle inner = MakeDirectory("b", MakeDirectory("a"));
        FileHandle file = Create("file", "content"u8, inner);
        PlantSymbolicLink("link", "a");
        PlantSymbolicLink("a/b/end", "file");

        Assert.Equal(Errno.None, FileSystem.Stat(file, out FileStatus expected));
        foreach (string path in new[] { "a/b/file", "a//./b/file", "link/b/file", "a/../a/b/file" })
        {
            Assert.Equal(Errno.None, FileSystem.Stat(Root, path, out FileStatus status));
            Assert.Equal(expected, status);
        }

        Assert.Equal(FileKind.SymbolicLink, Stat("a/b/end").Kind);
        Assert.Equal(FileKind.Directory, Stat(".").Kind);
        Assert.Equal(Errno.NotFound, FileSystem.Stat(Root, "", out _));
        Assert.Equal(Errno.NotFound, FileSystem.Stat(Root, "a/c/file", out _));
        Assert.Equal(Errno.NotDirectory, FileSystem.Stat(Root, "a/b/file/x", out _));
        Assert.Equal(Errno.Invalid, FileSystem.Stat(Root, "a\0b", out _));
    }

    [Fact]
    public void What_lies_on_one_mount_has_its_number()
    {
        DirectoryHandle directory = MakeDirectory("d");
        FileHandle file = Create("a", directory: directory);

        Assert.Equal(Errno.None, FileSystem.Stat(Root, out FileStatus root));
        Assert.Equal(Errno.None, FileSystem.Stat(file, out FileStatus status));
        Assert.NotEqual(0ul, root.MountId);
        Assert.Equal(root.MountId, status.MountId);
        Assert.Equal(root.MountId, Stat("d/a").MountId);
    }

    [Fact]
    public void An_exchange_between_directories_gives_each_the_others_file()
    {
        DirectoryHandle first = MakeDirectory("first");
        DirectoryHandle second = MakeDirectory("second");
        Create("a", "one"u8, first);
        Create("b", "other"u8, second);

        Assert.Equal(Errno.None, FileSystem.Rename(first, "a", second, "b", RenameKind.Exchange));
        Assert.Equal("other"u8, Read("first/a"));
        Assert.Equal("one"u8, Read("second/b"));
        Assert.Equal(Errno.NotFound, FileSystem.Rename(first, "missing", second, "b", RenameKind.Exchange));
        Assert.Equal(Errno.NotFound, FileSystem.Rename(first, "a", second, "missing", RenameKind.Exchange));
        Assert.Equal(Errno.None, FileSystem.Rename(first, "a", first, "a", RenameKind.Exchange));
    }

    [Fact]
    public void An_exchange_of_directories_moves_what_is_in_them_and_none_goes_below_itself()
    {
        DirectoryHandle first = MakeDirectory("first");
        DirectoryHandle second = MakeDirectory("second");
        DirectoryHandle inner = MakeDirectory("inner", first);
        Create("a", "content"u8, inner);
        Create("b", directory: second);

        Assert.Equal(Errno.None, FileSystem.Rename(first, "inner", second, "b", RenameKind.Exchange));
        Assert.Equal("content"u8, Read("second/b/a"));
        Assert.Equal("content"u8, Read(OpenIn(inner, "a")));
        Assert.Equal(Errno.None, FileSystem.Stat(inner, "../../first/inner", out FileStatus file));
        Assert.Equal(FileKind.Regular, file.Kind);
        Assert.Equal(Errno.Invalid, FileSystem.Rename(Root, "second", inner, "a", RenameKind.Exchange));
        Assert.Equal(Errno.Invalid, FileSystem.Rename(inner, "a", Root, "second", RenameKind.Exchange));
    }

    [Fact]
    public void A_rename_to_a_free_name_moves_between_directories_and_refuses_a_taken_one()
    {
        DirectoryHandle first = MakeDirectory("first");
        DirectoryHandle second = MakeDirectory("second");
        Create("a", "content"u8, first);
        Create("b", directory: second);

        Assert.Equal(Errno.Exists, FileSystem.Rename(first, "a", second, "b", RenameKind.NoReplace));
        Assert.Equal(Errno.None, FileSystem.Rename(first, "a", second, "c", RenameKind.NoReplace));
        Assert.Equal("content"u8, Read("second/c"));
        Assert.Equal(Errno.None, FileSystem.Rename(second, "c", second, "b", RenameKind.Replace));
        Assert.Equal("content"u8, Read("second/b"));
        Assert.Equal(["b"], Names(second));
    }

    [Fact]
    public void A_name_that_is_not_UTF_8_is_listed_and_leads_to_the_same_file()
    {
        const string name = "a\udcffb\udc80";
        Create(name, "content"u8);
        DirectoryHandle directory = MakeDirectory("\udc81");
        Create("inner", directory: directory);

        List<DirectoryEntry> entries = [];
        Assert.Equal(Errno.None, FileSystem.List(Root, entries));
        Assert.Equal([name, "\udc81"], entries.Select(static entry => entry.Name).Order(System.StringComparer.Ordinal));
        Assert.Equal("content"u8, Read(name));
        Assert.Equal(FileKind.Regular, Stat("\udc81/inner").Kind);
        Assert.Equal(Errno.None, FileSystem.Rename(Root, name, Root, "plain", RenameKind.Replace));
        Assert.Equal(Errno.None, FileSystem.Unlink(directory, "inner"));
        Assert.Equal(Errno.None, FileSystem.RemoveDirectory(Root, "\udc81"));
        Assert.Equal(["plain"], Names());
    }

    [Fact]
    public void Bytes_that_make_up_a_letter_are_that_letter()
    {
        Create("\udcc3\udca9", "content"u8);

        Assert.Equal(["é"], Names());
        Assert.Equal("content"u8, Read("é"));
        Assert.Equal(Errno.Exists, FileSystem.CreateFile(Root, "é", FileMode640, out _));
        Assert.Equal(Errno.None, FileSystem.Unlink(Root, "\udcc3\udca9"));
        Assert.Empty(Names());
    }

    [Fact]
    public void A_lone_surrogate_that_stands_for_no_byte_is_refused()
    {
        foreach (string name in new[] { "\ud800", "a\udc00", "\udd00", "\udc7f", "\udcff\ud83d" })
        {
            Assert.Equal(Errno.Invalid, FileSystem.CreateFile(Root, name, FileMode640, out _));
        }

        Assert.Equal(Errno.NameTooLong, FileSystem.CreateFile(Root, new string('\udcff', 256), FileMode640, out _));
        Assert.Equal(Errno.None, FileSystem.CreateFile(Root, new string('\udcff', 255), FileMode640, out FileHandle? file));
        Own(file!);
        Assert.Equal([new string('\udcff', 255)], Names());
        Assert.Equal(Errno.None, FileSystem.Unlink(Root, Names()[0]));
    }

    private FileHandle OpenIn(DirectoryHandle directory, string path)
    {
        Assert.Equal(Errno.None, FileSystem.OpenFile(directory, path, FileUse.Read, out FileHandle? file));
        return Own(file!);
    }
}
