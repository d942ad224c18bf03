using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Faults;
using SafeStore.CrashTests.Support;
using SafeStore.FileSystem;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.CrashTests.Disks;

/// <summary>Backups on a disk that is full, or may only be read.</summary>
public sealed class BackupDiskTests : IDisposable
{
    private const int BigBytes = 300_000;

    private readonly TempDirectory _temp = new();
    private readonly Mount _disk;

    public BackupDiskTests() => _disk = Mount.Of("ext4", _temp, "16M");

    private StoreLayout Store => StoreLayout.At(Path.Combine(_temp.Path, "store"));

    private BackupDirectory Backups => new(Path.Combine(_disk.Path, "backups"));

    public void Dispose()
    {
        _disk.Dispose();
        _temp.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(BigBytes / 2)]
    public async Task A_backup_that_finds_no_space_leaves_the_old_ones_whole_and_the_next_one_succeeds_when_there_is_some(int left)
    {
        await using StateStore store = await SeedAsync();
        Backup first = (await Backups.CreateAsync(Store)).Backup;
        await Sample.PutAsync(store, Workloads.One, "later");
        string spare = Path.Combine(_disk.Path, "spare");
        await File.WriteAllBytesAsync(spare, new byte[left + 1], TestContext.Current.CancellationToken);
        string filler = _disk.Fill()!;
        File.Delete(spare);

        StorageException failure = await Assert.ThrowsAsync<StorageException>(() => Backups.CreateAsync(Store));

        Assert.Equal((Errno.NoSpace, "no-space"), (failure.Errno, failure.Code));
        Assert.Contains("ENOSPC", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"'{Backups.Path}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("free some space there", failure.Message, StringComparison.Ordinal);
        AssertWhole(first);
        File.Delete(filler);
        AssertWhole(first, (await Backups.CreateAsync(Store)).Backup);
    }

    /// <summary>What a killed one has left may be all that is missing.</summary>
    [Fact]
    public async Task A_backup_has_the_space_that_an_unfinished_one_took()
    {
        await using StateStore store = await SeedAsync();
        Backup first = (await Backups.CreateAsync(Store)).Backup;
        string unfinished = Directory.CreateDirectory(Path.Combine(Backups.Path, ".unfinished-0123456789abcdef/run/sb-1")).FullName;
        await File.WriteAllBytesAsync(
            Path.Combine(unfinished, "big.json"), new byte[2 * BigBytes], TestContext.Current.CancellationToken);
        _ = _disk.Fill();

        AssertWhole(first, (await Backups.CreateAsync(Store)).Backup);
    }

    [Fact]
    public async Task Backups_on_a_read_only_disk_are_listed_verified_and_restored_and_none_is_made()
    {
        await using StateStore store = await SeedAsync();
        Backup first = (await Backups.CreateAsync(Store)).Backup;
        _disk.Remount("ro");

        StorageException failure = await Assert.ThrowsAsync<StorageException>(() => Backups.CreateAsync(Store));

        Assert.Equal(Errno.ReadOnly, failure.Errno);
        AssertWhole(first);
        await foreach (RestoredSandbox restored in BackupRestore.RunAsync(first.Path, Store))
        {
            Assert.Equal(RestoredKind.Same, restored.Kind);
        }
    }

    private void AssertWhole(params Backup[] backups)
    {
        Assert.Equal(backups, Backups.List().Select(static each => each.Backup));
        Assert.All(backups, each => Assert.Empty(Backups.Verify(each.Name).Problems));
        Assert.Equal(backups.Length, Directory.GetFileSystemEntries(Backups.Path).Length);
    }

    private async Task<StateStore> SeedAsync()
    {
        StateStore store = await StateStore.OpenAsync(Store, Workloads.Options);
        await Workloads.SeedAsync(store);
        await Sample.PutAsync(store, Workloads.One, new string('x', BigBytes), "big.json");
        return store;
    }
}
