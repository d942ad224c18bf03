using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 15, 18 and 19: an opening that says what it may do.</summary>
public sealed class OpeningFaultTests : IDisposable
{
    private readonly Scene _scene = new();
    private readonly Users _users = new();

    private static StoreOptions ReadOnly => Workloads.Options with { Opening = StoreOpening.ReadOnly };

    private static StoreOptions MustExist => Workloads.Options with { Opening = StoreOpening.MustExist };

    public void Dispose()
    {
        _users.Dispose();
        _scene.Dispose();
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("tmpfs")]
    public async Task A_store_on_a_read_only_mount_is_read(string kind)
    {
        Mount disk = _scene.Disk(kind);
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        disk.Remount("ro");
        await AssertIsReadAsync(layout);
    }

    [Theory]
    [InlineData("dump", 0)]
    [InlineData("list", 0)]
    [InlineData("verify", 0)]
    [InlineData("repair", 0)]
    public async Task A_command_that_only_looks_works_on_a_read_only_mount(string command, int code)
    {
        Mount disk = _scene.Disk("ext4");
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        disk.Remount("ro");
        (int ended, string output) = Tool.TryRun(
            "dotnet", Path.Combine(AppContext.BaseDirectory, "SafeStore.Cli.dll"), command, "--config", layout.Config, "--run", layout.Run);
        Assert.True(ended == code, output);
    }

    /// <summary>No block is left, and not one inode.</summary>
    [Fact]
    public async Task A_killed_store_on_a_full_disk_is_read()
    {
        Mount disk = _scene.Disk("ext4", "16M");
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        Deaths.BeforePublishing(layout, "workload update");
        _ = Tool.TryRun("dd", "if=/dev/zero", $"of={Path.Combine(disk.Path, "filler")}", "bs=64k");
        _ = Tool.TryRun("sh", "-c", $"i=0; while : > '{disk.Path}/'$i; do i=$((i+1)); done");
        await AssertIsReadAsync(layout, pending: 1);
    }

    [Fact]
    public async Task A_killed_store_on_a_read_only_mount_is_read_and_says_what_is_not_visible_yet()
    {
        Mount disk = _scene.Disk("ext4");
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        Deaths.BeforePublishing(layout, "workload update");
        disk.Remount("ro");
        await using StateStore store = await Sample.OpenAsync(layout, ReadOnly);
        Assert.Equal(1, store.PendingTransactions);
        Sample.AssertSays("old", store, Workloads.One);
    }

    [Fact]
    public async Task A_read_only_opening_leaves_nothing_behind_and_recovers_nothing()
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        string before = All(layout);
        await AssertIsReadAsync(layout, pending: 1);
        Assert.Equal(before, All(layout));
        await using StateStore store = await Sample.OpenAsync(layout);
        Sample.AssertSays("new", store, Workloads.One);
    }

    [Fact]
    public async Task A_read_only_opening_does_not_disturb_a_living_process_nor_is_it_disturbed()
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess living = ChildProcess.Open(layout);
        _ = living.Expect("put sb-1 1 acknowledged 1");
        await using StateStore store = await Sample.OpenAsync(layout, ReadOnly);
        Sample.AssertSays("acknowledged", store, Workloads.One, "doc-0.json");
        _ = living.Expect("put sb-1 1 later 1");
        _ = living.Expect("checkpoint");
        Sample.AssertSays("later", store, Workloads.One, "doc-0.json");
        living.End();
    }

    [Fact]
    public async Task A_reader_that_is_open_does_not_keep_a_killed_store_from_being_recovered()
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        await using StateStore reader = await Sample.OpenAsync(layout, ReadOnly);
        await using StateStore store = await Sample.OpenAsync(layout);
        Sample.AssertSays("new", reader, Workloads.One);
    }

    [Fact]
    public async Task A_member_of_the_group_with_the_right_to_read_reads_a_store_and_leaves_nothing_behind()
    {
        StoreLayout layout = _scene.Layout;
        Users.Own(layout);
        using (ChildProcess service = _users.Child(layout))
        {
            _ = service.Expect("open");
            _ = service.Expect("create sb-1");
            service.End();
        }

        string before = All(layout);
        using ChildProcess member = _users.Child(layout, Users.Member);
        _ = member.Expect("open read-only");
        Assert.Contains("old", member.Expect("read sb-1 state.json"));
        Assert.StartsWith("error StoreReadOnlyException", member.Ask("put sb-1 1 value 1"));
        member.End();
        Assert.Equal(before, All(layout));
    }

    [Fact]
    public async Task Root_looks_at_a_service_s_store_and_the_service_goes_on()
    {
        StoreLayout layout = _scene.Layout;
        Users.Own(layout);
        using ChildProcess service = _users.Child(layout);
        _ = service.Expect("open");
        _ = service.Expect("create sb-1");
        _ = service.Kill();
        string before = All(layout);
        await using (StateStore store = await Sample.OpenAsync(layout, ReadOnly))
        {
            Sample.AssertSays("old", store, Workloads.One);
        }

        Assert.Equal(before, All(layout));
        using ChildProcess next = _users.Child(layout);
        _ = next.Expect("open");
        _ = next.Expect("put sb-1 1 value 1");
    }

    [Fact]
    public async Task A_read_only_store_refuses_to_change_anything()
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout, ReadOnly);
        Assert.True(store.IsReadOnly);
        _ = await Assert.ThrowsAsync<StoreReadOnlyException>(async () => await store.LockAsync(Workloads.One));
        _ = await Assert.ThrowsAsync<StoreReadOnlyException>(async () => await store.LockNewAsync(Workloads.Three));
        _ = await Assert.ThrowsAsync<StoreReadOnlyException>(async () => await store.CheckpointAsync());
    }

    [Theory]
    [InlineData(StoreOpening.MustExist)]
    [InlineData(StoreOpening.ReadOnly)]
    public async Task An_unmounted_mount_point_is_not_taken_for_a_new_store(StoreOpening opening)
    {
        Mount disk = _scene.Disk("ext4");
        StoreLayout layout = await Scene.SeedAsync(disk.Layout);
        disk.Unmount();
        NotFoundException missing = await Assert.ThrowsAsync<NotFoundException>(async () =>
            await Sample.OpenAsync(layout, Workloads.Options with { Opening = opening }));
        Assert.Contains(Path.GetDirectoryName(layout.Config)!, missing.Message);
        Assert.Empty(Directory.GetFileSystemEntries(disk.Path));
    }

    [Theory]
    [InlineData("config")]
    [InlineData("run")]
    public async Task A_store_one_of_whose_roots_is_not_mounted_is_not_opened(string unmounted)
    {
        Mount disk = _scene.Disk("ext4");
        string here = _scene.Make("here");
        StoreLayout layout = unmounted == "config"
            ? StoreLayout.Of(Path.Combine(disk.Path, "config"), Path.Combine(here, "run"))
            : StoreLayout.Of(Path.Combine(here, "config"), Path.Combine(disk.Path, "run"));
        _ = await Scene.SeedAsync(layout);
        disk.Unmount();
        _ = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout, MustExist));
        Assert.Empty(Directory.GetFileSystemEntries(disk.Path));
    }

    [Fact]
    public async Task Empty_directories_are_not_taken_for_a_store_that_must_exist()
    {
        StoreLayout layout = _scene.Layout;
        Directory.CreateDirectory(layout.Config);
        Directory.CreateDirectory(layout.Run);
        _ = await Assert.ThrowsAsync<NotFoundException>(async () => await Sample.OpenAsync(layout, MustExist));
        Assert.Empty(Directory.GetFileSystemEntries(layout.Config));
        Assert.Empty(Directory.GetFileSystemEntries(layout.Run));
    }

    [Fact]
    public async Task A_store_that_must_exist_and_does_is_opened_and_recovered()
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        await using StateStore store = await Sample.OpenAsync(layout, MustExist);
        Sample.AssertSays("new", store, Workloads.One);
        await Sample.PutAsync(store, Workloads.Two, "works");
    }

    private static async Task AssertIsReadAsync(StoreLayout layout, long pending = 0)
    {
        await using StateStore store = await Sample.OpenAsync(layout, ReadOnly);
        Assert.True(store.IsReadOnly);
        Assert.Equal(pending, store.PendingTransactions);
        Assert.Equal([Workloads.One, Workloads.Two], store.ListSandboxes());
        Sample.AssertSays("old", store, Workloads.One);
        Assert.NotEmpty(store.ListDocuments(Workloads.Two));
    }

    /// <summary>Names, owners, modes, times and contents, metadata included.</summary>
    private static string All(StoreLayout layout) => Tool.TryRun(
        "find", layout.Config, layout.Run, "-printf", "%p %U:%G %m %T@ %s\\n").Output
        + string.Join('\n', new[] { layout.Config, layout.Run }.SelectMany(static root =>
            Directory.GetFiles(root, "*", SearchOption.AllDirectories)).Select(
                static path => Convert.ToHexString(Files.Bytes(path)).GetHashCode(StringComparison.Ordinal)));
}
