using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Support;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.CrashTests.Disks;

/// <summary>What the doctor sees of real filesystems, and that all of them can what it tries.</summary>
public sealed class DoctorOnDisksTests : IDisposable
{
    private readonly TempDirectory _images = new();

    public void Dispose() => _images.Dispose();

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task A_disk_of_a_usual_kind_has_no_problem(string kind)
    {
        using var disk = Mount.Of(kind, _images, kind == "ext4" ? "256M" : null);
        await using (await StateStore.OpenAsync(disk.Layout))
        {
            Assert.DoesNotContain(FindingLevel.Problem, All(disk.Layout).Select(static each => each.Level));
        }

        Assert.Equal([".safestore"], Directory.GetFileSystemEntries(disk.Layout.Config).Select(Path.GetFileName));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(disk.Layout.ConfigMetadata), static path =>
            path.Contains("doctor", StringComparison.Ordinal));
    }

    [Fact]
    public void A_filesystem_in_memory_is_a_problem_for_the_config_root_only()
    {
        using var disk = Mount.Of("ext4", _images, "256M");
        using var memory = Mount.Tmpfs("64m");

        Assert.Equal(["volatile-config"], Problems(StoreLayout.Of($"{memory.Path}/config", $"{memory.Path}/run")));
        Assert.Empty(Problems(StoreLayout.Of($"{disk.Path}/config", $"{memory.Path}/run")));
    }

    [Fact]
    public void A_disk_without_journal_is_a_problem()
    {
        string image = Mount.MakeImage("ext4", _images.Path, "256M");
        Tool.Run("tune2fs", "-O", "^has_journal", image);
        using var disk = Mount.OfImage(image);

        Assert.Equal(["no-journal"], Problems(disk.Layout));
    }

    [Fact]
    public void Options_are_seen_that_the_mount_table_shows_and_that_it_leaves_out()
    {
        string image = Mount.MakeImage("ext4", _images.Path, "256M");
        Tool.Run("tune2fs", "-o", "journal_data_writeback", "-e", "continue", image); // defaults, of which the table says nothing
        using var disk = Mount.OfImage(image);
        disk.Remount("discard,nobarrier");

        Assert.Equal(
            ["data-writeback", "discard", "errors-continue", "no-barrier"],
            All(disk.Layout).Where(each => each.Place == disk.Path).Select(static each => each.Code).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_disk_that_has_become_read_only_after_an_error_is_a_problem()
    {
        using var disk = Mount.Of("ext4", _images, "256M");
        disk.FailExt4();

        Assert.Equal(["create", "filesystem-errors", "read-only"], Problems(disk.Layout));
    }

    [Fact]
    public void A_full_disk_is_a_problem()
    {
        using var disk = Mount.Of("ext4", _images);
        _ = disk.Fill();
        Assert.Contains("space", Problems(disk.Layout));

        using var small = Mount.Tmpfs("64m", "nr_inodes=12");
        Assert.Contains("inodes", Problems(StoreLayout.Of($"{disk.Path}/config", $"{small.Path}/run")));
    }

    [Fact]
    public async Task A_mount_below_a_root_is_told_and_one_in_place_of_the_metadata_is_a_problem()
    {
        using var disk = Mount.Of("ext4", _images, "256M");
        await (await StateStore.OpenAsync(disk.Layout)).DisposeAsync();
        Tool.Run("mount", "--bind", disk.Layout.ConfigMetadata, disk.Layout.RunMetadata);
        try
        {
            Assert.Equal(["metadata-elsewhere"], Problems(disk.Layout));
            Assert.Contains(StoreDoctor.Examine(disk.Layout), each =>
                each.Code == "mounts-below" && each.Message.Contains(disk.Layout.RunMetadata, StringComparison.Ordinal));
        }
        finally
        {
            Tool.Run("umount", disk.Layout.RunMetadata);
        }
    }

    [Fact]
    public async Task A_project_that_the_root_hands_down_and_the_metadata_has_not_is_a_problem()
    {
        using var disk = Mount.Of("xfs", _images);
        await using (StateStore store = await StateStore.OpenAsync(disk.Layout))
        {
            await using SandboxLock sandbox = await store.LockNewAsync("sb-1");
        }

        Tool.Run("xfs_io", "-c", "chproj 42", "-c", "chattr +P", disk.Layout.Run);

        DoctorFinding found = Assert.Single(
            StoreDoctor.Examine(disk.Layout), static each => each.Level == FindingLevel.Problem);
        Assert.Equal(("project", disk.Layout.RunMetadata), (found.Code, found.Place));
    }

    private static List<DoctorFinding> All(StoreLayout layout) => [.. StoreDoctor.Examine(layout), .. StoreDoctor.Try(layout)];

    private static string[] Problems(StoreLayout layout) =>
        [.. All(layout).Where(static each => each.Level == FindingLevel.Problem).Select(static each => each.Code)
            .Distinct().Order(StringComparer.Ordinal)];
}
