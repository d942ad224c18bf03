using System;
using System.IO;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>Owners, attributes, times of change: what a file says of itself. The tests that give owners away run as root.</summary>
public abstract partial class DurableFileSystemContract
{
    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly FileOwner s_other = new(1234, 5678);

    [Fact]
    public void What_is_made_without_an_owner_belongs_to_the_process()
    {
        DirectoryHandle directory = MakeDirectory("d");
        FileHandle file = Create("a");

        Assert.Equal(Errno.None, FileSystem.Stat(directory, out FileStatus ofDirectory));
        Assert.Equal(Errno.None, FileSystem.Stat(file, out FileStatus ofFile));
        Assert.Equal(ofDirectory.Owner, ofFile.Owner);
        Assert.Equal(ofFile.Owner, Stat("a").Owner);
    }

    [Fact]
    public void A_file_that_is_created_for_an_owner_belongs_to_it_and_has_the_mode_asked_for()
    {
        UnixFileMode mode = FileMode640 | UnixFileMode.SetUser | UnixFileMode.UserExecute;
        Assert.Equal(Errno.None, FileSystem.CreateFile(Root, "a", new FilePermissions(mode, s_other), out FileHandle? file));
        Assert.Equal(Errno.None, FileSystem.Stat(Own(file!), out FileStatus status));
        Assert.Equal((s_other, mode), (status.Owner, status.Mode));

        Assert.Equal(
            Errno.None, FileSystem.CreateFile(Root, "b", new FilePermissions(FileMode600, s_other), "content"u8, out bool isCreated));
        Assert.True(isCreated);
        Assert.Equal((s_other, FileMode600), (Stat("b").Owner, Stat("b").Mode));
        Assert.Equal("content"u8, Read("b"));
    }

    [Fact]
    public void A_directory_that_is_made_for_an_owner_belongs_to_it_and_the_process_keeps_its_rights()
    {
        DirectoryHandle parent = MakeDirectoryFor("parent", s_other);
        Assert.Equal(
            Errno.None, FileSystem.MakeDirectory(parent, "d", new FilePermissions(DirectoryMode750, s_other), out DirectoryHandle? made));

        Assert.Equal(Errno.None, FileSystem.Stat(Own(made!), out FileStatus status));
        Assert.Equal((s_other, DirectoryMode750), (status.Owner, status.Mode));
        DirectoryHandle own = MakeDirectory("own");
        Assert.Equal(Errno.None, FileSystem.Stat(own, out status));
        Assert.Equal(Stat("own").Owner, status.Owner);
        Assert.NotEqual(s_other, status.Owner);
    }

    [Fact]
    public void Attributes_are_those_of_files_and_directories_alike()
    {
        DirectoryHandle directory = MakeDirectory("d");
        Assert.Equal(Errno.NoData, FileSystem.GetAttribute(directory, "user.a", out byte[] value));
        Assert.Empty(value);
        Assert.Equal(Errno.None, FileSystem.SetAttribute(directory, ".", "user.a", "of a directory"u8));
        Assert.Equal(Errno.None, FileSystem.GetAttribute(OpenDirectory("d"), "user.a", out value));
        Assert.Equal("of a directory"u8, value);
        Assert.Equal(Errno.None, FileSystem.SyncDirectory(directory));
        PlantSymbolicLink("link", "d");
        Assert.Equal(Errno.SymbolicLink, FileSystem.SetAttribute(Root, "link", "user.a", "x"u8));
        Assert.Equal(Errno.Invalid, FileSystem.SetAttribute(Root, "d/e", "user.a", "x"u8));
        Assert.Equal(Errno.Invalid, FileSystem.SetAttribute(Root, "..", "user.a", "x"u8));
        Assert.Equal(Errno.NotFound, FileSystem.SetAttribute(Root, "missing", "user.a", "x"u8));
    }

    [Fact]
    public void A_file_that_replaces_another_does_not_take_its_stamp_over()
    {
        Create("old");
        FileHandle file = Create("new");
        Assert.Equal(Errno.None, FileSystem.SetAttribute(Root, "old", "user.safestore", "stamp"u8));
        Assert.Equal(Errno.None, FileSystem.CopyAttributes(Root, "old", Root, "new"));
        Assert.Equal(Errno.NoData, FileSystem.GetAttribute(file, "user.safestore", out _));
        Assert.Equal(Errno.None, FileSystem.SetAttribute(Root, "old", "user.note", "note"u8));
        Assert.Equal(Errno.None, FileSystem.CopyAttributes(Root, "old", Root, "new"));
        Assert.Equal(Errno.NoData, FileSystem.GetAttribute(file, "user.safestore", out _));
        Assert.Equal(Errno.None, FileSystem.GetAttribute(file, "user.note", out _));
    }

    [Fact]
    public void A_file_that_replaces_another_takes_its_attributes_of_users_over()
    {
        Create("old");
        byte[] large = new byte[2000];
        large.AsSpan().Fill(7);
        Assert.Equal(Errno.None, FileSystem.SetAttribute(Root, "old", "user.small", "s"u8));
        Assert.Equal(Errno.None, FileSystem.SetAttribute(Root, "old", "user.large", large));
        Assert.Equal(Errno.None, FileSystem.SetAttribute(Root, "old", "user.empty", []));
        FileHandle file = Create("new");
        Assert.Equal(Errno.None, FileSystem.SetAttribute(Root, "new", "user.own", "o"u8));

        Assert.Equal(Errno.None, FileSystem.CopyAttributes(Root, "old", Root, "new"));

        foreach ((string name, byte[] expected) in new[] { ("user.small", "s"u8.ToArray()), ("user.large", large), ("user.empty", []),
            ("user.own", "o"u8.ToArray()) })
        {
            Assert.Equal(Errno.None, FileSystem.GetAttribute(file, name, out byte[] value));
            Assert.Equal(expected, value);
        }

        Assert.Equal(Errno.NotFound, FileSystem.CopyAttributes(Root, "missing", Root, "new"));
        Assert.Equal(Errno.Invalid, FileSystem.CopyAttributes(Root, "a/b", Root, "new"));
        Assert.Equal(Errno.NotFound, FileSystem.CopyAttributes(Root, "old", Root, "missing"));
        Assert.Equal(Errno.Invalid, FileSystem.CopyAttributes(Root, "old", Root, "a/b"));
        Create("plain");
        Assert.Equal(Errno.None, FileSystem.CopyAttributes(Root, "plain", Root, "new"));
        Assert.Equal(Errno.NotFound, FileSystem.CopyAttributes(Root, "plain", Root, "missing"));
        Assert.Equal(Errno.Invalid, FileSystem.CopyAttributes(Root, "plain", Root, "a/b"));
    }

    [Fact]
    public void The_time_of_the_last_change_is_told_of_files_and_directories_and_does_not_go_back()
    {
        DirectoryHandle directory = MakeDirectory("d");
        FileHandle file = Create("a", directory: directory);

        Assert.Equal(Errno.None, FileSystem.LastChange(file, out DateTimeOffset created));
        Write(file, "content"u8, 0);
        Assert.Equal(Errno.None, FileSystem.LastChange(file, out DateTimeOffset written));
        Assert.True(written >= created);
        Assert.Equal(Errno.None, FileSystem.LastChange(directory, out DateTimeOffset changed));
        Assert.True(changed <= written);
        Assert.True(created.UtcDateTime.Year is > 1999 and < 3000);
    }

    private DirectoryHandle MakeDirectoryFor(string name, FileOwner owner)
    {
        // Its own parent is root's alone: made with all may write, so that the owner may make it.
        UnixFileMode all = (UnixFileMode)0x1FF;
        Assert.Equal(Errno.None, FileSystem.MakeDirectory(Root, name + "-for-all", all, out DirectoryHandle? open));
        Assert.Equal(Errno.None, FileSystem.MakeDirectory(Own(open!), name, new FilePermissions(all, owner), out DirectoryHandle? made));
        return Own(made!);
    }
}
