using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Operations;
using SafeStore.Operations.Doctor;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary>What the doctor makes of what it sees: each finding, and none where nothing is wrong.</summary>
public sealed class DoctorCheckTests
{
    private const string Limits = """
        Limit                     Soft Limit           Hard Limit           Units
        Max file size             unlimited            unlimited            bytes
        Max open files            256                  1048576              files
        """;

    private static readonly FileSystemTraits s_disk = new("ext4", IsVolatile: false, IsLocal: true);
    private static readonly FileSystemTraits s_memory = new("tmpfs", IsVolatile: true, IsLocal: true);

    private static readonly FileStatus s_directory = new(
        FileKind.Directory, 2049, 2, 4096, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, 2)
    {
        MountId = 36,
    };

    private static readonly PlaceFacts s_good =
        new(StoreRoot.Config, "/srv/demo/config", "/srv/demo/config", s_disk, s_directory)
        {
            Mount = new MountEntry("/srv", "ext4", "/dev/sda1", "rw,relatime"),
            Options = new HashSet<string>(["rw", "relatime", "errors=remount-ro"]),
            Device = new DeviceFacts("sda", "write back"),
            Space = new SpaceLeft(1L << 40, 1 << 20),
            Parent = new NamedStatus("/srv/demo", s_directory),
            Metadata = new NamedStatus("/srv/demo/config/.safestore", s_directory),
            MetadataEntries = [new NamedStatus("/srv/demo/config/.safestore/root.json", s_directory)],
        };

    private static readonly DateTimeOffset s_now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly MachineFacts s_machine = new(
        s_now, new ChangedFile("/srv/demo/config/.safestore/root.json", s_now), [new ProcessLimits("self", 1024, null)], null);

    [Fact]
    public void Nothing_is_said_of_a_good_place() => Assert.Empty(Of(s_good));

    [Fact]
    public void A_run_root_in_memory_is_as_it_should_be() =>
        Assert.Empty(Of(s_good with { Root = StoreRoot.Run, Traits = s_memory }));

    [Fact]
    public void A_config_root_in_memory_is_a_problem() => AssertFound(
        "problem volatile-config /srv/demo/config", s_good with { Traits = s_memory });

    [Theory]
    [InlineData("nfs")]
    [InlineData("fuse")]
    public void A_filesystem_of_another_kernel_is_a_problem(string name) => AssertFound(
        "problem remote-filesystem /srv/demo/config", s_good with { Traits = s_disk with { Name = name, IsLocal = false } });

    [Fact]
    public void A_filesystem_without_journal_is_a_problem() =>
        AssertFound("problem no-journal /srv", s_good with { Traits = s_good.Traits with { IsJournaled = false } });

    [Fact]
    public void Layers_are_told_and_are_a_problem_without_syncs()
    {
        PlaceFacts layers = s_good with { Traits = s_good.Traits with { Name = "overlayfs" } };

        AssertFound("note overlay /srv/demo/config", layers);
        Assert.Equal(
            ["problem overlay-volatile /srv", "note overlay /srv/demo/config"],
            Of(layers with { Options = new HashSet<string>(["rw", "volatile"]) }).Select(Shown).OrderDescending());
    }

    [Fact]
    public void A_kind_of_filesystem_that_is_not_known_is_told() =>
        AssertFound("note unknown-filesystem /srv/demo/config", s_good with { Traits = s_good.Traits with { Name = "0x12345678" } });

    [Theory]
    [InlineData("nobarrier", "problem no-barrier /srv")]
    [InlineData("barrier=0", "problem no-barrier /srv")]
    [InlineData("fsync_mode=nobarrier", "problem no-barrier /srv")]
    [InlineData("noload", "problem no-log-replay /srv")]
    [InlineData("norecovery", "problem no-log-replay /srv")]
    [InlineData("ro", "problem read-only /srv")]
    [InlineData("emergency_ro", "problem read-only /srv")]
    [InlineData("shutdown", "problem read-only /srv")]
    [InlineData("data=writeback", "note data-writeback /srv")]
    [InlineData("errors=continue", "note errors-continue /srv")]
    [InlineData("discard", "note discard /srv")]
    public void An_option_of_the_mount_is_told(string option, string expected) =>
        AssertFound(expected, s_good with { Options = new HashSet<string>(["relatime", option]) });

    [Fact]
    public void Errors_that_the_filesystem_has_counted_are_a_problem() =>
        AssertFound("problem filesystem-errors /srv", s_good with { Errors = 3 });

    [Fact]
    public void A_device_that_gets_no_flushes_is_told() =>
        AssertFound("note write-cache sda", s_good with { Device = new DeviceFacts("sda", "write through") });

    [Fact]
    public void Metadata_on_another_mount_is_a_problem() => AssertFound(
        "problem metadata-elsewhere /srv/demo/config/.safestore",
        s_good with { Metadata = s_good.Metadata! with { Status = s_directory with { MountId = 37 } } });

    [Fact]
    public void Mounts_below_are_counted()
    {
        DoctorFinding found = Assert.Single(Of(s_good with { MountsBelow = ["/a", "/b", "/c", "/d", "/e", "/f", "/g"] }));

        Assert.Equal("note mounts-below /srv/demo/config", Shown(found));
        Assert.Contains("/a, /b, /c, /d, /e and 2 more.", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_project_that_the_metadata_does_not_have_is_a_problem() =>
        AssertFound("problem project /srv/demo/config/.safestore", s_good with { Project = 42 });

    [Fact]
    public void A_sandbox_of_another_project_is_a_problem() => AssertFound(
        "problem project /srv/demo/config", s_good with { Project = 42, StagedProject = 42, OddProjects = ["sb-1"] });

    [Theory]
    [InlineData(UnixFileMode.OtherWrite, "problem writable-by-others")]
    [InlineData(UnixFileMode.GroupWrite, "note writable-by-group")]
    public void Rights_to_write_are_told(UnixFileMode right, string expected)
    {
        FileStatus open = s_directory with { Mode = s_directory.Mode | right };

        AssertFound($"{expected} /srv/demo/config", s_good with { Status = open });
        AssertFound($"{expected} /srv/demo/config/.safestore", s_good with { Metadata = s_good.Metadata! with { Status = open } });
        AssertFound(
            $"{expected} /srv/demo/config/.safestore/words",
            s_good with { MetadataEntries = [new NamedStatus("/srv/demo/config/.safestore/words", open)] });
    }

    [Fact]
    public void A_directory_from_which_every_user_may_take_the_root_is_a_problem()
    {
        FileStatus open = s_directory with { Mode = s_directory.Mode | UnixFileMode.OtherWrite };

        AssertFound("problem writable-by-others /srv/demo", s_good with { Parent = new NamedStatus("/srv/demo", open) });
        Assert.Empty(Of(s_good with
        {
            Parent = new NamedStatus("/srv/demo", open with { Mode = open.Mode | UnixFileMode.StickyBit }),
        }));
    }

    [Fact]
    public void The_rights_of_a_directory_above_a_store_that_does_not_exist_yet_are_its_own() => Assert.Empty(Of(s_good with
    {
        Place = "/srv",
        Status = s_directory with { Mode = s_directory.Mode | UnixFileMode.OtherWrite },
    }));

    [Fact]
    public void Another_owner_is_told() => AssertFound(
        "note owner /srv/demo/config/.safestore/words",
        s_good with
        {
            MetadataEntries = [new NamedStatus("/srv/demo/config/.safestore/words", s_directory with { Owner = new FileOwner(7, 0) })],
        });

    [Theory]
    [InlineData(1 << 20, 1 << 20, "problem space /srv/demo/config")]
    [InlineData(8 << 20, 1 << 20, "note space /srv/demo/config")]
    [InlineData(1L << 40, 7, "problem inodes /srv/demo/config")]
    [InlineData(1L << 40, 700, "note inodes /srv/demo/config")]
    public void Too_little_space_is_told(long bytes, long inodes, string expected) =>
        AssertFound(expected, s_good with { Space = new SpaceLeft(bytes, inodes) });

    [Fact]
    public void The_run_root_has_no_log_to_make_room_for() =>
        Assert.Empty(Of(s_good with { Root = StoreRoot.Run, Space = new SpaceLeft(8 << 20, 1 << 20) }));

    [Fact]
    public void Nothing_is_said_of_a_good_machine() => Assert.Empty(Of(s_machine));

    [Fact]
    public void A_clock_before_2020_or_behind_the_store_is_a_problem()
    {
        Assert.Equal(["problem clock clock"], Of(s_machine with { Now = DateTimeOffset.UnixEpoch }).Select(Shown));
        Assert.Equal([$"problem clock {s_machine.Newest!.Path}"], Of(s_machine with { Now = s_now.AddHours(-1) }).Select(Shown));
        Assert.Empty(Of(s_machine with { Now = s_now.AddSeconds(-59) }));
    }

    [Fact]
    public void Low_limits_of_any_process_are_told() => Assert.Equal(
        ["note open-files process 4711", "problem file-size process 4711"],
        Of(s_machine with { Limits = [.. s_machine.Limits, new ProcessLimits("4711", 256, 1 << 20)] }).Select(Shown));

    [Fact]
    public void Little_memory_is_told() =>
        Assert.Equal(["note memory this process"], Of(s_machine with { MemoryMax = 32 << 20 }).Select(Shown));

    [Fact]
    public void Limits_are_read_as_the_kernel_writes_them()
    {
        Assert.Equal(new ProcessLimits("1", 256, null), ProcessLimits.Parse("1", Limits));
        Assert.Equal(new ProcessLimits("1", null, null), ProcessLimits.Parse("1", ""));
    }

    [Theory]
    [InlineData("0::/user.slice\n", "/sys/fs/cgroup/user.slice/memory.max", "1048576\n", 1048576L)]
    [InlineData("0::/user.slice\n", "/sys/fs/cgroup/user.slice/memory.max", "max\n", null)]
    [InlineData("4:memory:/a\n0::/\n", "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1048576\n", 1048576L)]
    [InlineData("0::/\n", "/sys/fs/cgroup/memory.max", "1048576\n", 1048576L)]
    [InlineData("", "", "", null)]
    public void The_memory_of_the_control_group_is_read_in_both_versions(string groups, string path, string text, long? expected) =>
        Assert.Equal(expected, MemoryGroup.ReadMax(asked => asked == "/proc/self/cgroup" ? groups : asked == path ? text : ""));

    [Fact]
    public void The_table_of_mounts_tells_what_lies_below()
    {
        const string Table = "27 1 254:0 / / rw - ext4 /dev/vda rw,discard\n30 27 0:3 / /srv/a\\040b rw - tmpfs t rw\n"
            + "31 27 0:4 / /srv/a\\040b/c rw,noexec shared:1 - tmpfs t rw,size=4k\n32 27 0:5 / /srv/a\\040bc rw - tmpfs t rw\n";

        Assert.Equal(["/srv/a b/c"], MountInfo.PointsBelow(Table, "/srv/a b"));
        Assert.Equal(["/srv/a b", "/srv/a b/c", "/srv/a bc"], MountInfo.PointsBelow(Table, "/"));
        Assert.Equal(
            new MountEntry("/srv/a b/c", "tmpfs", "t", "rw,noexec") { FilesystemOptions = "rw,size=4k" }, MountInfo.Find(Table, 31));
    }

    private static IEnumerable<DoctorFinding> Of(PlaceFacts place) =>
        [.. FilesystemCheck.Run(place), .. PlaceCheck.Run(place), .. SpaceCheck.Run(place, new StoreOptions())];

    private static IEnumerable<DoctorFinding> Of(MachineFacts machine) => MachineCheck.Run(machine, new StoreOptions());

    private static void AssertFound(string expected, PlaceFacts place) => Assert.Equal([expected], Of(place).Select(Shown));

    private static string Shown(DoctorFinding found) =>
        $"{(found.Level == FindingLevel.Problem ? "problem" : "note")} {found.Code} {found.Place}";
}
