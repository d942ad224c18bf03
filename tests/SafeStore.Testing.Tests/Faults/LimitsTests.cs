using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.Testing.Tests.Faults;

/// <summary>Space, inodes and handles that run out.</summary>
public sealed class LimitsTests
{
    [Fact]
    public void A_full_disk_takes_what_fits_and_then_nothing()
    {
        var rig = new Rig(new SimulatedMachineOptions { BytesMax = 8192 });
        using FileHandle file = rig.Open("/a", create: true);

        Assert.Equal(Errno.None, rig.Files.Write(file, new byte[10_000], 0, out int count));
        Assert.Equal(8192, count);
        Assert.Equal(Errno.NoSpace, rig.Files.Write(file, new byte[1], 8192, out count));
        Assert.Equal(0, count);
        Assert.Equal(Errno.None, rig.Files.Write(file, new byte[1], 8191, out _));
        Assert.Equal(Errno.NoSpace, rig.Files.Allocate(file, 8193));
        Assert.Equal(Errno.None, rig.Files.Write(file, [], 8192, out _));
    }

    [Fact]
    public void Allocated_space_can_be_written_on_a_full_disk()
    {
        var rig = new Rig(new SimulatedMachineOptions { BytesMax = 8192 });
        rig.Write("/a", "x").Allocate("/a", 4096).Write("/b", "y");
        using FileHandle file = rig.Open("/a");

        Assert.Equal(Errno.None, rig.Files.Write(file, new byte[4095], 1, out int count));
        Assert.Equal(4095, count);
        Assert.Equal(Errno.NoSpace, rig.Files.Write(file, new byte[1], 4096, out _));
    }

    [Fact]
    public void A_file_that_shrinks_or_is_removed_and_closed_gives_its_space_back()
    {
        var rig = new Rig(new SimulatedMachineOptions { BytesMax = 8192 });
        rig.Write("/a", new string('x', 8192)).Resize("/a", 4096).Write("/b", "y");
        FileHandle open = rig.Open("/a");
        rig.Unlink("/a");
        using FileHandle file = rig.Open("/b");
        Assert.Equal(Errno.NoSpace, rig.Files.Write(file, "z"u8, 4096, out _));

        open.Dispose();

        Assert.Equal(Errno.None, rig.Files.Write(file, "z"u8, 4096, out _));
        rig.Write("/t", "").Rename("/t", "/b");
        file.Dispose();
        rig.Write("/b", new string('x', 8192));
    }

    [Fact]
    public void Inodes_run_out_and_are_given_back()
    {
        var rig = new Rig(new SimulatedMachineOptions { InodesMax = 3 });
        rig.Write("/a", "").Make("/d");
        using DirectoryHandle root = rig.Directory();

        Assert.Equal(Errno.NoSpace, rig.Files.CreateFile(root, "b", Rig.Mode640, out FileHandle? file));
        Assert.Null(file);
        Assert.Equal(Errno.NoSpace, rig.Files.MakeDirectory(root, "b", Rig.Mode750, out _));
        rig.Link("/a", "/b").Unlink("/b").Unlink("/a").Write("/b", "");
        Assert.Equal(Errno.None, rig.Files.RemoveDirectory(root, "d"));
        rig.Write("/c", "");
    }

    [Fact]
    public void A_limit_outlives_a_power_loss()
    {
        var rig = new Rig(new SimulatedMachineOptions { BytesMax = 4096, InodesMax = 2 });
        rig.Write("/a", "x").SyncAll();
        rig.Machine.LosePower(seed: 1);
        rig.Process = rig.Machine.Start();
        using DirectoryHandle root = rig.Directory();

        Assert.Equal(Errno.NoSpace, rig.Files.CreateFile(root, "b", Rig.Mode640, out _));
        using FileHandle file = rig.Open("/a");
        Assert.Equal(Errno.NoSpace, rig.Files.Write(file, "x"u8, 4096, out _));
    }

    [Fact]
    public void A_process_has_only_so_many_handles_and_every_call_that_needs_one_says_so()
    {
        var rig = new Rig(new SimulatedMachineOptions { HandlesMax = 2 });
        rig.Make("/d").Write("/a", "");
        SimulatedProcess other = rig.Machine.Start();
        using DirectoryHandle root = rig.Directory();
        FileHandle file = rig.Open("/a");

        Assert.Equal(Errno.ProcessFileLimit, rig.Files.OpenRoot("/", out _));
        Assert.Equal(Errno.ProcessFileLimit, rig.Files.OpenDirectory(root, "d", out _));
        Assert.Equal(Errno.ProcessFileLimit, rig.Files.OpenFile(root, "missing", FileUse.Read, out _));
        Assert.Equal(Errno.ProcessFileLimit, rig.Files.CreateFile(root, "b", Rig.Mode640, out _));
        Assert.Equal(Errno.ProcessFileLimit, rig.Files.MakeDirectory(root, "b", Rig.Mode750, out _));
        Assert.Equal(Errno.ProcessFileLimit, rig.Files.List(root, new List<DirectoryEntry>()));
        Assert.Equal(Errno.None, other.FileSystem.OpenRoot("/", out _));
        file.Dispose();
        Assert.Equal(Errno.None, rig.Files.OpenDirectory(root, "d", out _));
        Assert.Equal("a= d/", Rig.Tree(rig.Disk));
    }

    [Fact]
    public void Removed_directories_that_are_open_survive_any_number_of_calls()
    {
        Rig rig = new Rig(PersistenceProfile.Strict).Make("/d").Make("/d/e").Make("/o").Write("/d/e/f", "x");
        using DirectoryHandle inner = rig.Directory("/d/e");
        using FileHandle words = rig.Open("/d/e/f");
        rig.Rename("/d/e/f", "/o/f").Unlink("/o/f");
        Assert.Equal(Errno.None, rig.Calls.RemoveDirectory("/d/e"));
        Assert.Equal(Errno.None, rig.Calls.RemoveDirectory("/d"));
        Assert.Equal(Errno.None, rig.Calls.RemoveDirectory("/o"));
        rig.Sync("/");
        for (int i = 0; i < 1100; i++)
        {
            Assert.Equal(Errno.None, rig.Calls.Stat("/", follow: true, out NodeStatus _));
        }

        Assert.NotEqual(Errno.None, rig.Files.Stat(inner, "../../x", out _));
        Assert.Equal(Errno.None, rig.Files.SyncDirectory(inner));
        Assert.Equal("x", rig.Read(words));
        Assert.Equal([""], rig.Outcomes());
    }
}
