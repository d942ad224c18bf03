using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 27 and 28: what depends on the filesystem that the store lies on.</summary>
public sealed class FileSystemFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task On_btrfs_the_names_that_durability_rests_on_are_synced_by_a_sync_of_the_whole_filesystem()
    {
        Mount disk = _scene.Disk("btrfs");
        StoreLayout layout = disk.Layout;
        using var child = new ChildProcess(layout);
        _ = child.Expect("disarm");
        AssertSyncsAll(child, "open");
        _ = child.Expect("create sb-1");
        _ = child.Expect("create sb-2");
        string segment = Metadata.Segment(layout);
        using (var tracer = new Tracer(child, "trace=syncfs"))
        {
            while (Metadata.Segment(layout) == segment)
            {
                _ = child.Expect("put sb-1 1 value 1");
            }

            Assert.Contains(tracer.Detach(), static call => Tracer.NameOf(call) == "syncfs"); // the new segment's name
        }

        _ = child.Expect("remove sb-2");
        AssertSyncsAll(child, "checkpoint");
        child.End();
        await Sample.AssertOpensAndWorksAsync(layout, Workloads.One);
    }

    [Theory]
    [InlineData("ext4", "^has_journal")]
    [InlineData("ext2", "")]
    public async Task A_store_on_a_filesystem_without_a_journal_opens_with_a_warning(string kind, string features)
    {
        Mount disk = NoJournal(kind, features);
        var reports = new Reports();
        await using (StateStore store = await Sample.OpenAsync(disk.Layout, Workloads.Options with { Logger = reports }))
        {
            await Workloads.SeedAsync(store);
        }

        Assert.Contains(reports.Warnings, static warning => warning.Contains("journal", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_store_on_a_filesystem_with_a_journal_opens_without_a_warning()
    {
        Mount disk = _scene.Disk("ext4");
        var reports = new Reports();
        await using StateStore store = await Sample.OpenAsync(disk.Layout, Workloads.Options with { Logger = reports });
        Assert.Empty(reports.Warnings);
    }

    private static void AssertSyncsAll(ChildProcess child, string command)
    {
        using var tracer = new Tracer(child, "trace=syncfs");
        _ = child.Expect(command);
        Assert.Contains(tracer.Detach(), static call => Tracer.NameOf(call) == "syncfs");
    }

    private Mount NoJournal(string kind, string features)
    {
        string image = Path.Combine(_scene.Path, "no-journal.img");
        Tool.Run("truncate", "-s", "32M", image);
        Tool.Run("mkfs." + kind, [.. features.Length > 0 ? new[] { "-O", features } : [], "-q", "-F", image]);
        return _scene.Own(Mount.OfImage(image));
    }
}
