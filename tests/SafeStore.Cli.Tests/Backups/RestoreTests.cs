using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Backups;

/// <summary>What a restore brings back, and what it refuses.</summary>
public sealed class RestoreTests : IDisposable
{
    private readonly BackupScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_new_store_has_byte_for_byte_what_the_store_had()
    {
        await SeedAsync();
        SortedDictionary<string, string> before = BackupScene.DocumentsIn(_scene.Store);
        Backup backup = (await _scene.BackUpAsync()).Backup;

        List<RestoredSandbox> restored = await _scene.RestoreAsync(backup, "copy");

        Assert.All(restored, static each => Assert.Equal(RestoredKind.New, each.Kind));
        Assert.Equal(before, BackupScene.DocumentsIn(backup.Path));
        Assert.Equal(before, BackupScene.DocumentsIn(_scene.PathOf("copy")));
        Assert.All(await _scene.RestoreAsync(backup, "copy"), static each => Assert.Equal(RestoredKind.Same, each.Kind));
    }

    [Fact]
    public async Task More_sandboxes_than_fit_into_one_transaction_are_restored_one_by_one()
    {
        await using (StateStore store = await _scene.OpenAsync())
        {
            await using SandboxLocks locks = await store.LockManyAsync(
                Enumerable.Range(0, 257).Select(static number => new SandboxTarget($"sb-{number}", IsNew: true)));
            Transaction change = locks.Change();
            for (int number = 0; number < 257; number++)
            {
                _ = change.For($"sb-{number}").PutJson(StoreRoot.Run, null, "state.json", BackupScene.Number(number));
            }

            await change.CommitAsync();
        }

        List<RestoredSandbox> restored = await _scene.RestoreAsync((await _scene.BackUpAsync()).Backup, "copy");

        Assert.Equal(257, restored.Select(static each => each.Lsn).Distinct().Count());
        Assert.Equal(BackupScene.DocumentsIn(_scene.Store), BackupScene.DocumentsIn(_scene.PathOf("copy")));
    }

    [Fact]
    public async Task What_differs_is_replaced_only_when_asked_and_becomes_as_the_backup_has_it()
    {
        await SeedAsync();
        SortedDictionary<string, string> before = BackupScene.DocumentsIn(_scene.Store);
        Backup backup = (await _scene.BackUpAsync()).Backup;
        await using StateStore store = await _scene.OpenAsync();
        await using (SandboxLock held = await store.LockAsync("sb-1"))
        {
            await held.Change().RemoveContainer("web").CreateContainer("db").PutJson(StoreRoot.Run, "db", "a.json", "1"u8)
                .PutJson(StoreRoot.Run, null, "new.json", "2"u8).PutJson(StoreRoot.Run, null, "state.json", "3"u8).CommitAsync();
        }

        await store.RemoveSandboxAsync("sb-2");
        await using (SandboxLock held = await store.LockNewAsync("sb-9"))
        {
            await held.Change().CommitAsync();
        }

        SortedDictionary<string, string> changed = BackupScene.DocumentsIn(_scene.Store);
        BackupException refused = await Assert.ThrowsAsync<BackupException>(() => _scene.RestoreAsync(backup, "store"));
        List<RestoredSandbox> planned = await _scene.RestoreAsync(backup, "store", new RestoreOptions { IsDryRun = true });
        Assert.Equal(changed, BackupScene.DocumentsIn(_scene.Store));
        List<RestoredSandbox> restored = await _scene.RestoreAsync(backup, "store", new RestoreOptions { Replace = true });

        Assert.Contains("sb-1", refused.Message, StringComparison.Ordinal);
        Assert.Equal([RestoredKind.Changed, RestoredKind.New], planned.Select(static each => each.Kind));
        Assert.Equal((RestoredKind.Removed, RestoredKind.New), (planned[0].Containers["db"], planned[0].Containers["web"]));
        Assert.Equal(planned.Select(static each => each.Documents), restored.Select(static each => each.Documents));
        Assert.Single(restored.Select(static each => each.Lsn).Distinct());
        SortedDictionary<string, string> after = BackupScene.DocumentsIn(_scene.Store);
        Assert.True(after.Remove("config/sb-9") && after.Remove("run/sb-9"));
        Assert.Equal(before, after);
        Assert.Equal((2, 0), (restored[0].Quarantines.Count, planned[0].Quarantines.Count));
        string kept = restored[0].Quarantines[1]; // of the run root
        Assert.Equal(("1", "2", "3"), (Kept("db/a.json"), Kept("new.json"), Kept("state.json")));
        Assert.True(File.Exists($"{kept}/manifest.json"));

        string Kept(string path) => File.ReadAllText($"{kept}/documents/sb-1/{path}");
    }

    [Fact]
    public async Task A_foreign_file_in_a_container_that_goes_and_a_document_that_no_file_is_are_kept()
    {
        await SeedAsync();
        Backup backup = (await _scene.BackUpAsync()).Backup;
        await using (StateStore store = await _scene.OpenAsync())
        {
            await using SandboxLock held = await store.LockAsync("sb-1");
            await held.Change().CreateContainer("db").PutJson(StoreRoot.Run, null, "new.json", "2"u8).CommitAsync();
        }

        await File.WriteAllTextAsync(_scene.PathOf("store/config/sb-1/db/.swp"), "swp", TestContext.Current.CancellationToken);

        RestoredSandbox restored = (await _scene.RestoreAsync(backup, "store", new RestoreOptions { Replace = true }))[0];

        Assert.Equal("swp", await File.ReadAllTextAsync(
            $"{restored.Quarantines[0]}/documents/sb-1/db/.swp", TestContext.Current.CancellationToken));
        Assert.Equal("2", await File.ReadAllTextAsync(
            $"{restored.Quarantines[1]}/documents/sb-1/new.json", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Work_tells_how_far_it_has_come()
    {
        await SeedAsync();
        var told = new List<BackupProgress>();
        var progress = new Listed(told);
        Backup backup = (await _scene.BackUpAsync(new BackupOptions { Progress = progress })).Backup;
        _ = _scene.Backups.Verify(backup.Name, progress, TestContext.Current.CancellationToken);
        _ = await _scene.RestoreAsync(backup, "copy", new RestoreOptions { Progress = progress });

        Assert.Equal([1, 2, 1, 2, 1, 2, 2], told.Select(static each => each.Sandboxes)); // restored together
        Assert.All(told, static each => Assert.Equal(2, each.All));
    }

    [Fact]
    public async Task A_dry_run_takes_a_store_that_was_not_made_to_its_end_for_a_new_one_and_refuses_one_that_has_lost_its_document()
    {
        await SeedAsync();
        Backup backup = (await _scene.BackUpAsync()).Backup;
        string anchor = "config/.safestore/store.json";
        _ = Directory.CreateDirectory(_scene.PathOf("half/run"));
        _ = Directory.CreateDirectory(_scene.PathOf("half/config/.safestore"));
        File.Copy(Path.Combine(_scene.Store, anchor), Path.Combine(_scene.PathOf("half"), anchor));
        var dryRun = new RestoreOptions { IsDryRun = true };

        Assert.All(await _scene.RestoreAsync(backup, "half", dryRun), static each => Assert.Equal(RestoredKind.New, each.Kind));
        Assert.All(await _scene.RestoreAsync(backup, "half"), static each => Assert.NotNull(each.Lsn));

        File.Delete(Path.Combine(_scene.PathOf("half"), anchor));
        StoreMetadataException planned =
            await Assert.ThrowsAsync<StoreMetadataException>(() => _scene.RestoreAsync(backup, "half", dryRun));
        StoreMetadataException refused = await Assert.ThrowsAsync<StoreMetadataException>(() => _scene.RestoreAsync(backup, "half"));
        Assert.Equal(refused.Message, planned.Message);
    }

    [Fact]
    public async Task A_sandbox_that_is_locked_is_not_restored_and_none_of_its_transaction_is()
    {
        await SeedAsync();
        Backup backup = (await _scene.BackUpAsync()).Backup;
        await using StateStore store = await _scene.OpenAsync();
        await using (SandboxLock held = await store.LockAsync("sb-1"))
        {
            await held.Change().PutJson(StoreRoot.Run, null, "state.json", "3"u8).CommitAsync();
            var options = new StoreOptions { LockTimeout = TimeSpan.Zero };

            await Assert.ThrowsAsync<LockTimeoutException>(async () =>
            {
                await foreach (RestoredSandbox _ in BackupRestore.RunAsync(
                    backup.Path, _scene.Layout, new RestoreOptions { Replace = true }, options))
                {
                }
            });
        }

        Assert.Equal("3", await File.ReadAllTextAsync(Path.Combine(_scene.Store, "run/sb-1/state.json")));
    }

    [Theory]
    [InlineData("config")]
    [InlineData("run/sb-1/web")]
    [InlineData("run/.safestore")]
    public async Task A_directory_of_backups_that_a_link_leads_to_inside_the_store_is_refused(string inside)
    {
        await SeedAsync();
        Directory.CreateSymbolicLink(_scene.PathOf("link"), Path.Combine(_scene.Store, inside));
        SortedDictionary<string, string> before = BackupScene.DocumentsIn(_scene.Store);

        await Assert.ThrowsAsync<BackupException>(() => new BackupDirectory(_scene.PathOf("link/backups")).CreateAsync(_scene.Layout));

        Assert.Equal(before, BackupScene.DocumentsIn(_scene.Store));
    }

    [Fact]
    public async Task Some_sandboxes_can_be_backed_up_and_restored_by_name()
    {
        await SeedAsync();
        Backup some = (await _scene.BackUpAsync(new BackupOptions { Sandboxes = ["sb-2"] })).Backup;
        Backup all = (await _scene.BackUpAsync(new BackupOptions { Keep = 1 })).Backup;

        Assert.Equal((false, 1), (some.IsWhole, some.Sandboxes));
        Assert.Equal([some.Name, all.Name], _scene.Backups.List().Select(static each => each.Name)); // --keep does not count it
        await Assert.ThrowsAsync<NotFoundException>(() => _scene.RestoreAsync(some, "copy", new RestoreOptions { Sandboxes = ["sb-1"] }));
        Assert.Equal("sb-1", Assert.Single(await _scene.RestoreAsync(all, "copy", new RestoreOptions { Sandboxes = ["sb-1"] })).Sandbox);
        await Assert.ThrowsAsync<NotFoundException>(() => _scene.BackUpAsync(new BackupOptions { Sandboxes = ["sb-3"] }));
    }

    [Fact]
    public async Task Only_what_has_changed_is_read_again_and_the_oldest_backups_are_removed()
    {
        await SeedAsync();
        Backup[] made = new Backup[4];
        for (int turn = 0; turn < made.Length; turn++)
        {
            await using (StateStore store = await _scene.OpenAsync())
            {
                await using SandboxLock held = await store.LockAsync("sb-1");
                await held.Change().PutJson(StoreRoot.Run, null, "state.json", BackupScene.Number(turn)).CommitAsync();
            }

            BackupResult result = await _scene.BackUpAsync(new BackupOptions { Keep = 2 });
            made[turn] = result.Backup;
            Assert.Equal(turn == 0 ? 0 : 1, result.Reused);
        }

        Assert.Equal(made[2..].Select(static each => each.Name), _scene.Backups.List().Select(static each => each.Name));
        Assert.Equal("""{"n":3}""", await File.ReadAllTextAsync(Path.Combine(made[3].Path, "run/sb-1/state.json")));
        Assert.Equal(0, (await _scene.BackUpAsync(new BackupOptions { IsFull = true })).Reused);
    }

    [Fact]
    public async Task A_damaged_backup_is_never_removed_and_told_each_time()
    {
        await SeedAsync();
        Backup old = (await _scene.BackUpAsync()).Backup;
        await File.WriteAllTextAsync($"{old.Path}/run/sb-1/state.json", """{"n":8}""", TestContext.Current.CancellationToken);

        for (int turn = 0; turn < 2; turn++)
        {
            BackupResult result = await _scene.Backups.CreateAsync(
                _scene.Layout, new BackupOptions { Keep = 1 }, TestContext.Current.CancellationToken);

            Assert.Contains(old.Path, Assert.Single(result.Problems).Message, StringComparison.Ordinal);
            Assert.Equal(turn, result.Removed.Count);
            Assert.Equal([old.Name, result.Backup.Name], _scene.Backups.List().Select(static each => each.Name));
        }

        Assert.Empty(_scene.Backups.FindSurplus(_scene.Layout, 2, TestContext.Current.CancellationToken));
    }

    private async Task SeedAsync()
    {
        await using StateStore store = await _scene.OpenAsync();
        foreach (string sandbox in new[] { "sb-1", "sb-2" })
        {
            await using SandboxLock held = await store.LockNewAsync(sandbox);
            await held.Change().CreateContainer("web").CreateContainer("empty")
                .PutJson(StoreRoot.Run, null, "state.json", BackupScene.Number(7))
                .PutJson(StoreRoot.Config, "web", "config.json", "{ \"spaces\" : [ ] }"u8).CommitAsync();
        }
    }

    private sealed class Listed(List<BackupProgress> told) : IProgress<BackupProgress>
    {
        public void Report(BackupProgress value) => told.Add(value);
    }
}
