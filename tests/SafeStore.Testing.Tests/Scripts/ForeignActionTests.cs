using System;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.Testing.Tests.Scripts;

/// <summary>What other programs do, by itself.</summary>
public sealed class ForeignActionTests
{
    private readonly Rig _rig = new();

    [Fact]
    public void A_file_is_deleted_renamed_written_and_cut_off()
    {
        Perform(ForeignAction.WriteFile("/a", "content"), ForeignAction.Truncate("/a", 3), ForeignAction.Rename("/a", "/b"));
        Assert.Equal("b=con", _rig.Tree());

        Perform(ForeignAction.DeleteFile("/b"));
        Assert.Equal("", _rig.Tree());
        Assert.Contains(
            "ENOENT (2)", Assert.Throws<IOException>(() => Perform(ForeignAction.DeleteFile("/b"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tree_is_copied_with_what_its_files_say_of_themselves_and_deleted()
    {
        _rig.Make("/d").Make("/d/e").Write("/d/a", "content").Link("/d/a", "/d/e/b");
        Perform(
            ForeignAction.SetMode("/d/a", UnixFileMode.UserRead),
            ForeignAction.SetOwner("/d/a", new FileOwner(12, 34)),
            ForeignAction.SetMode("/d/e", UnixFileMode.UserExecute),
            ForeignAction.SymbolicLink("../a", "/d/e/link"),
            ForeignAction.Custom("set an attribute", static files =>
            {
                Assert.Equal(Errno.None, files.OpenRoot("/d", out DirectoryHandle? directory));
                Assert.Equal(Errno.None, files.SetAttribute(directory!, ".", "user.id", "1"u8));
            }));
        _rig.Machine.Clock.Advance(TimeSpan.FromHours(1));
        Perform(ForeignAction.CopyTree("/d", "/copy"));

        NodeStatus original = StatusOf("/d/a");
        NodeStatus copy = StatusOf("/copy/a");
        Assert.Equal((UnixFileMode.UserRead, new FileOwner(12, 34), original.Written), (copy.Status.Mode, copy.Status.Owner, copy.Written));
        Assert.False(copy.Status.IsSameFile(original.Status));
        Assert.True(copy.Status.IsSameFile(StatusOf("/copy/e/b").Status));
        Assert.Equal((2, UnixFileMode.UserExecute), (copy.Status.Links, StatusOf("/copy/e").Status.Mode));
        Assert.Equal("content", _rig.Read("/copy/e/b"));
        Assert.Equal(FileKind.SymbolicLink, StatusOf("/copy/e/link").Status.Kind);
        Assert.Equal(Errno.None, _rig.Files.GetAttribute(_rig.Directory("/copy"), "user.id", out byte[] value));
        Assert.Equal("1"u8, value);

        Perform(ForeignAction.DeleteTree("/d"), ForeignAction.DeleteTree("/copy"));
        Assert.Equal("", _rig.Tree());
    }

    [Fact]
    public void A_tree_whose_files_are_linked_shares_them_with_the_original()
    {
        _rig.Make("/d").Make("/d/e").Write("/d/e/a", "old");
        Perform(ForeignAction.LinkTree("/d", "/copy"), ForeignAction.WriteFile("/copy/e/a", "new"));

        Assert.Equal("new", _rig.Read("/d/e/a"));
        Assert.False(StatusOf("/copy/e").Status.IsSameFile(StatusOf("/d/e").Status));
    }

    [Fact]
    public void A_tree_that_is_put_back_is_as_it_was_in_the_directory_that_it_was_in()
    {
        _rig.Make("/d").Write("/d/a", "old").Make("/d/e").Write("/d/e/b", "old");
        NodeStatus before = StatusOf("/d");
        Perform(
            ForeignAction.CopyTree("/d", "/backup"),
            ForeignAction.WriteFile("/d/a", "newer"),
            ForeignAction.WriteFile("/d/later", ""),
            ForeignAction.DeleteTree("/d/e"),
            ForeignAction.RestoreTree("/backup", "/d"));

        Assert.Equal("backup/a=old backup/e/b=old d/a=old d/e/b=old", _rig.Tree());
        Assert.True(StatusOf("/d").Status.IsSameFile(before.Status));
    }

    [Fact]
    public void A_disk_that_is_filled_takes_nothing_more_until_it_is_freed_or_something_is_removed()
    {
        _rig.Write("/a", "x").Write("/b", "x");
        Perform(ForeignAction.FillDisk("/", bytesLeft: 4096, inodesLeft: 1));
        _rig.Write("/c", "x");
        Assert.Equal(Errno.NoSpace, _rig.Calls.Open("/d", OpenFlags.Write | OpenFlags.Create, Rig.Mode640, out _));
        using (FileHandle file = _rig.Open("/c"))
        {
            Assert.Equal(Errno.NoSpace, _rig.Files.Write(file, "x"u8, 4096, out _));
        }

        _rig.Unlink("/a").Write("/d", "x");
        _rig.Machine.LosePower(keepsUnsynced: true);
        _rig.Process = _rig.Machine.Start();
        Assert.Equal(Errno.NoSpace, _rig.Calls.Open("/e", OpenFlags.Write | OpenFlags.Create, Rig.Mode640, out _));
        Perform(ForeignAction.FreeDisk("/"));
        _rig.Write("/e", "x");
    }

    [Fact]
    public void Filesystems_are_mounted_over_what_is_there_and_unmounted()
    {
        _rig.Make("/d").Write("/d/a", "x");
        Perform(ForeignAction.Mount(new SimulatedMount("/d", PersistenceProfile.Tmpfs)));
        _rig.Write("/d/b", "y");
        Assert.Equal(Errno.NotFound, _rig.Calls.Stat("/d/a", follow: true, out _));
        Assert.NotEqual(StatusOf("/").Status.Device, StatusOf("/d").Status.Device);
        using FileHandle open = _rig.Open("/d/b");

        Perform(ForeignAction.Unmount("/d"));
        Assert.Equal("x", _rig.Read("/d/a"));
        Assert.Equal("y", _rig.Read(open));
        Perform(ForeignAction.BindMount("/d", "/d"), ForeignAction.DeleteTree("/d"));
        Assert.Equal("d/", _rig.Tree());
        Assert.Throws<IOException>(() => Perform(ForeignAction.Unmount("/")));
        Assert.Throws<IOException>(() => Perform(ForeignAction.BindMount("/missing", "/d")));
    }

    [Fact]
    public void A_filesystem_is_made_read_only_and_what_is_synced_is_there_after_a_power_loss()
    {
        Perform(ForeignAction.WriteFile("/a", "x"), ForeignAction.Sync(), ForeignAction.WriteFile("/b", "x"),
            ForeignAction.SetReadOnly("/", true));
        Assert.Throws<IOException>(() => Perform(ForeignAction.WriteFile("/c", "x")));
        Perform(ForeignAction.SetReadOnly("/", false));
        _rig.Machine.LosePower(keepsUnsynced: false);

        Assert.Equal("a=x", _rig.Tree());
    }

    [Fact]
    public void An_action_is_called_as_the_program_that_does_it()
    {
        Assert.Equal("rm -rf /a", ForeignAction.DeleteTree("/a").ToString());
        Assert.Equal("chmod 640 /a", ForeignAction.SetMode("/a", Rig.Mode640).ToString());
        Assert.Equal("chown 1:2 /a", ForeignAction.SetOwner("/a", new FileOwner(1, 2)).ToString());
        Assert.Equal("mount --bind /a /b", ForeignAction.BindMount("/a", "/b").ToString());
    }

    private void Perform(params ForeignAction[] actions) => actions.ToList().ForEach(action => action.Perform(_rig.Machine));

    private NodeStatus StatusOf(string path)
    {
        Assert.Equal(Errno.None, _rig.Calls.Stat(path, follow: false, out NodeStatus status));
        return status;
    }
}
