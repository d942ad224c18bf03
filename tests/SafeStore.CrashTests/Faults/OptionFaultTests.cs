using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 28: what an option is needed for.</summary>
public sealed class OptionFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("ext4", "^has_journal")]
    [InlineData("ext2", "")]
    public async Task A_filesystem_without_a_journal_is_refused_when_one_is_required_and_nothing_is_made(string kind, string features)
    {
        string image = Path.Combine(_scene.Path, "no-journal.img");
        Tool.Run("truncate", "-s", "32M", image);
        Tool.Run("mkfs." + kind, [.. features.Length > 0 ? new[] { "-O", features } : [], "-q", "-F", image]);
        Mount disk = _scene.Own(Mount.OfImage(image));
        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(async () =>
            await Sample.OpenAsync(disk.Layout, Workloads.Options with { RequireJournal = true }));
        Assert.Contains("journal", refused.Message);
        Assert.False(File.Exists(Path.Combine(disk.Layout.ConfigMetadata, "store.json")));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task A_filesystem_with_a_journal_is_taken_when_one_is_required(string kind)
    {
        Mount disk = _scene.Disk(kind);
        await using StateStore store = await Sample.OpenAsync(disk.Layout, Workloads.Options with { RequireJournal = true });
        await Workloads.SeedAsync(store);
    }
}
