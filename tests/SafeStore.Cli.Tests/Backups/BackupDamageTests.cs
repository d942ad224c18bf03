using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Backups;

/// <summary>What has become of a backup's files since it was made.</summary>
public sealed class BackupDamageTests : IDisposable
{
    private readonly BackupScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Each_damage_of_each_file_and_directory_is_noticed_and_nothing_of_it_is_restored()
    {
        await SeedAsync();
        Backup backup = (await _scene.BackUpAsync()).Backup;
        string[] files = Directory.GetFiles(backup.Path, "*", SearchOption.AllDirectories);
        string[] directories = Directory.GetDirectories(backup.Path, "*", SearchOption.AllDirectories);
        Assert.Equal(4 + 2, files.Length);
        var random = new Random(20);
        foreach (string file in files)
        {
            byte[] bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            for (int turn = 0; turn < 40; turn++)
            {
                byte[] damaged = [.. bytes];
                damaged[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                await DamageAsync(file, damaged, backup);
            }

            await DamageAsync(file, bytes[..^1], backup);
            await DamageAsync(file, [.. bytes, (byte)' '], backup);
            await DamageAsync(file, null, backup);
            await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
            Assert.Empty(Verify(backup));
        }

        foreach (string directory in directories)
        {
            Directory.Move(directory, _scene.PathOf("aside"));
            Assert.NotEmpty(Verify(backup));
            Directory.Move(_scene.PathOf("aside"), directory);
            await File.WriteAllTextAsync(Path.Combine(directory, "stray.json"), "1", TestContext.Current.CancellationToken);
            Assert.NotEmpty(Verify(backup));
            File.Delete(Path.Combine(directory, "stray.json"));
        }

        Assert.Empty(Verify(backup));
    }

    [Fact]
    public async Task A_damaged_document_of_the_backup_before_is_read_from_the_store_again()
    {
        await SeedAsync();
        Backup before = (await _scene.BackUpAsync()).Backup;
        string damaged = Path.Combine(before.Path, "run/sb-1/state.json");
        await File.WriteAllTextAsync(damaged, """{"n":9}""", TestContext.Current.CancellationToken);

        BackupResult next = await _scene.BackUpAsync();

        Assert.Equal(1, next.Reused);
        Assert.Equal("""{"n":1}""", await File.ReadAllTextAsync(
            Path.Combine(next.Backup.Path, "run/sb-1/state.json"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("\"mode\": \"640\"", "\"mode\": \"zz\"")]
    [InlineData("\"bytes\": 7", "\"bytes\": 9223372036854775807")]
    [InlineData("\"sandbox\": \"sb-1\"", "\"sandbox\": \"../sb-1\"")]
    [InlineData("\"sandbox\": \"sb-1\"", "\"sandbox\": \"sb-2\"")]
    [InlineData("\"file\": \"state.json\"", "\"file\": \"../state.json\"")]
    [InlineData("\"sandboxes\": [", "\"sandboxes\": [null,")]
    [InlineData("\"version\": 1", "\"version\": -1")]
    public async Task A_made_up_manifest_with_a_right_checksum_is_refused(string text, string madeUp)
    {
        await SeedAsync();
        Backup backup = (await _scene.BackUpAsync()).Backup;
        string path = Path.Combine(backup.Path, "manifest.json");
        string manifest = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.Contains(text, manifest, StringComparison.Ordinal);
        byte[] bytes = Encoding.UTF8.GetBytes(manifest.Replace(text, madeUp, StringComparison.Ordinal));
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        string sum = $"{Convert.ToHexStringLower(SHA256.HashData(bytes))}  manifest.json\n";
        await File.WriteAllTextAsync(path + ".sha256", sum, TestContext.Current.CancellationToken);

        Assert.Null(Assert.Single(_scene.Backups.List()).Backup);
        Assert.NotEmpty(Verify(backup));
        await Assert.ThrowsAsync<BackupException>(() => _scene.RestoreAsync(backup, "restored"));
        Assert.Equal(0, (await _scene.BackUpAsync()).Reused);
    }

    private IReadOnlyList<StoreProblem> Verify(Backup backup) => _scene.Backups.Verify(backup.Name).Problems;

    /// <param name="file">Which file.</param>
    /// <param name="bytes">What is in it; null if it is gone.</param>
    /// <param name="backup">The backup.</param>
    private async Task DamageAsync(string file, byte[]? bytes, Backup backup)
    {
        if (bytes is null)
        {
            File.Delete(file);
        }
        else
        {
            await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        }

        Assert.NotEmpty(Verify(backup));
        await Assert.ThrowsAsync<BackupException>(() => _scene.RestoreAsync(backup, "restored"));
        Assert.False(Directory.Exists(_scene.PathOf("restored")));
    }

    private async Task SeedAsync()
    {
        await using StateStore store = await _scene.OpenAsync();
        foreach (string sandbox in new[] { "sb-1", "sb-2" })
        {
            await using SandboxLock held = await store.LockNewAsync(sandbox);
            await held.Change().CreateContainer("web").PutJson(StoreRoot.Run, null, "state.json", BackupScene.Number(1))
                .PutJson(StoreRoot.Config, "web", "config.json", BackupScene.Number(2)).CommitAsync(TestContext.Current.CancellationToken);
        }
    }
}
