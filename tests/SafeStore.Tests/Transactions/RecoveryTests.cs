using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>A power loss may bring back what a transaction took away: a copy of the store gets it again, and is recovered.</summary>
public sealed class RecoveryTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_deleted_document_that_came_back_goes_again()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync(
            "sb", static change =>
            change.CreateContainer("web").PutText(StoreRoot.Config, null, "a", "1").PutText(StoreRoot.Run, "web", "b", "1"));
        await store.ChangeAsync(
            "sb", static change =>
            change.Remove(StoreRoot.Config, null, "a").Remove(StoreRoot.Run, "web", "b").Remove(StoreRoot.Run, null, "never"));
        StoreLayout copy = _test.CopyAsAfterAKill();
        await File.WriteAllTextAsync(Path.Combine(copy.Config, "sb", "a"), "1", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(copy.Run, "sb", "web", "b"), "1", TestContext.Current.CancellationToken);
        await RecoverAsync(copy, []);
    }

    [Fact]
    public async Task A_removed_container_that_came_back_goes_again_and_one_made_anew_has_nothing_of_the_old()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync(
            "sb", static change => change.CreateContainer("gone").CreateContainer("anew").PutText(StoreRoot.Run, "anew", "old", "1"));
        await store.ChangeAsync("sb", static change => change.RemoveContainer("gone").RemoveContainer("anew"));
        await store.ChangeAsync("sb", static change => change.CreateContainer("anew").PutText(StoreRoot.Config, "anew", "new", "2"));
        StoreLayout copy = _test.CopyAsAfterAKill();
        foreach (string root in new[] { copy.Config, copy.Run })
        {
            Directory.CreateDirectory(Path.Combine(root, "sb", "gone"));
            await File.WriteAllTextAsync(Path.Combine(root, "sb", "gone", "x"), "1", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(root, "sb", "anew", "old"), "1", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(root, "sb", "anew", ".theirs"), "1", TestContext.Current.CancellationToken);
        }

        await RecoverAsync(copy, new() { ["config:sb/anew/new"] = "2" });
        Assert.False(Directory.Exists(Path.Combine(copy.Config, "sb", "gone")) || Directory.Exists(Path.Combine(copy.Run, "sb", "gone")));
        Assert.True(File.Exists(Path.Combine(copy.Run, "sb", "anew", ".theirs"))); // no name of ours
    }

    [Fact]
    public async Task A_sandbox_made_anew_has_nothing_of_the_old_one()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync(
            "sb", static change => change.CreateContainer("web").CreateContainer("old").PutText(StoreRoot.Run, null, "old.json", "1"));
        await store.ChangeAsync("sb", static change => change.RemoveSandbox());
        await store.CreateAsync(
            "sb", static change =>
            change.CreateContainer("web").PutText(StoreRoot.Run, "web", "new.json", "2").PutText(StoreRoot.Config, null, "c.json", "3"));
        StoreLayout copy = _test.CopyAsAfterAKill();
        foreach (string root in new[] { copy.Config, copy.Run })
        {
            Directory.CreateDirectory(Path.Combine(root, "sb", "old"));
            await File.WriteAllTextAsync(Path.Combine(root, "sb", "old", "x.json"), "1", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(root, "sb", "web", "x.json"), "1", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(root, "sb", "old.json"), "1", TestContext.Current.CancellationToken);
            File.CreateSymbolicLink(Path.Combine(root, "sb", "link"), "/nowhere");
        }

        await RecoverAsync(copy, new() { ["run:sb/web/new.json"] = "2", ["config:sb/c.json"] = "3" });
        Assert.False(Directory.Exists(Path.Combine(copy.Config, "sb", "old")) || Directory.Exists(Path.Combine(copy.Run, "sb", "old")));
        Assert.True(File.Exists(Path.Combine(copy.Run, "sb", "lock")));
        Assert.NotNull(new FileInfo(Path.Combine(copy.Run, "sb", "link")).LinkTarget); // not ours to remove
    }

    [Fact]
    public async Task A_removed_sandbox_that_came_back_goes_again()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync(
            "sb", static change => change.PutText(StoreRoot.Run, null, "a", "1").PutText(StoreRoot.Config, null, "b", "1"));
        StoreLayout before = _test.CopyAsAfterAKill();
        await store.ChangeAsync("sb", static change => change.RemoveSandbox());
        StoreLayout copy = _test.CopyAsAfterAKill();
        Directory.Move(Path.Combine(before.Config, "sb"), Path.Combine(copy.Config, "sb"));
        Directory.Move(Path.Combine(before.Run, "sb"), Path.Combine(copy.Run, "sb"));
        await RecoverAsync(copy, []);
        Assert.False(Directory.Exists(Path.Combine(copy.Config, "sb")) || Directory.Exists(Path.Combine(copy.Run, "sb")));
    }

    [Fact]
    public async Task An_update_that_was_not_on_the_disk_is_repeated_with_its_directories_synced_and_what_was_staged_is_emptied()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync(
            "sb", static change =>
            change.CreateContainer("web").PutText(StoreRoot.Run, null, "a", "1").PutText(StoreRoot.Config, "web", "b", "1"));
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        await store.ChangeAsync(
            "sb", static change => change.PutText(StoreRoot.Run, null, "a", "2").PutText(StoreRoot.Config, "web", "b", "2"));
        StoreLayout copy = _test.CopyAsAfterAKill();
        await File.WriteAllTextAsync(Path.Combine(copy.Run, "sb", "a"), "1", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(copy.Config, "sb", "web", "b"), "1", TestContext.Current.CancellationToken);
        foreach (string metadata in new[] { copy.RunMetadata, copy.ConfigMetadata })
        {
            Directory.CreateDirectory(Path.Combine(metadata, "new", "half"));
            await File.WriteAllTextAsync(Path.Combine(metadata, "new", "half", "c"), "x", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(Directory.GetDirectories(Path.Combine(metadata, "scratch")).Single(),
                "0123456789abcdef"), "x");
        }

        var synced = new HashSet<string>();
        var watched = new ScriptedFileSystem();
        watched.Before = call =>
        {
            _ = call.Verb == nameof(IDurableFileSystem.SyncDirectory) && synced.Add(call.Path);
            return Errno.None;
        };
        await using (StateStore recovered = await StateStore.OpenAsync(copy, _test.Options with { FileSystem = watched }))
        {
            Assert.Superset(
                new HashSet<string> { Path.Combine(copy.Run, "sb"), Path.Combine(copy.Config, "sb", "web"), Path.Combine(copy.Config, "sb"),
                copy.Run, copy.Config }, synced);
            Assert.Superset(new HashSet<string> { Path.Combine(copy.RunMetadata, "new"), Path.Combine(copy.ConfigMetadata, "new"),
                Path.Combine(copy.RunMetadata, "scratch") }, synced);
        }

        foreach (string metadata in new[] { copy.RunMetadata, copy.ConfigMetadata })
        {
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(metadata, "new")));
            Assert.Empty(Directory.GetFileSystemEntries(Assert.Single(Directory.GetDirectories(Path.Combine(metadata, "scratch")))));
        }

        await RecoverAsync(copy, new() { ["run:sb/a"] = "2", ["config:sb/web/b"] = "2" });
    }

    [Fact]
    public async Task Recovery_that_writes_documents_anew_syncs_each_before_it_gets_its_name_and_more_of_them_than_a_batch_holds()
    {
        StoreLayout copy = await DieWithManyDocumentsAsync();
        Array.ForEach(Directory.GetFiles(Path.Combine(copy.Config, "sb")), File.Delete);
        string scratch = Path.Combine(copy.ConfigMetadata, "scratch") + "/";
        string sandbox = Path.Combine(copy.Config, "sb");
        var watched = new ScriptedFileSystem();
        (int created, int started, int synced, int renamed, bool isInOrder) = (0, 0, 0, 0, true);
        watched.Before = call =>
        {
            bool isStaged = call.Path.StartsWith(scratch, StringComparison.Ordinal);
            bool isPublished = call.Verb == nameof(IDurableFileSystem.Rename) && call.Path.StartsWith(sandbox + "/",
                StringComparison.Ordinal);
            if (isStaged || isPublished || call.Path == sandbox)
            {
                created += isStaged && call.Verb == nameof(IDurableFileSystem.CreateFile) ? 1 : 0;
                created -= isStaged && call.Verb == nameof(IDurableFileSystem.Unlink) ? 1 : 0; // the opener has tried the directory
                started += isStaged && call.Verb == nameof(IDurableFileSystem.StartWriteBack) ? 1 : 0;
                synced += isStaged && call.Verb == nameof(IDurableFileSystem.SyncFile) ? 1 : 0;
                renamed += isPublished ? 1 : 0;
                isInOrder &= started <= created && synced <= started && renamed <= synced && created - renamed <= 64
                    && (!isPublished || synced == created) // the whole batch first
                    && (call.Path != sandbox || call.Verb != nameof(IDurableFileSystem.SyncDirectory) || renamed == 150);
            }

            return Errno.None;
        };
        await RecoverAsync(copy, Enumerable.Range(0, 150).ToDictionary(static i => $"config:sb/d{i}", static i => $"{i}"), watched);
        Assert.Equal((150, 150, 150, 150, true), (created, started, synced, renamed, isInOrder));
    }

    [Fact]
    public async Task Recovery_that_makes_a_sandbox_anew_builds_it_out_of_sight_and_syncs_all_of_it_before_the_watermark()
    {
        StoreLayout copy = await DieWithManyDocumentsAsync();
        string sandbox = Path.Combine(copy.Config, "sb");
        Directory.Delete(sandbox, recursive: true);
        string scratch = Path.Combine(copy.ConfigMetadata, "scratch") + "/";
        var watched = new ScriptedFileSystem();
        (int created, int synced, int appeared, bool isInOrder) = (0, 0, 0, true);
        watched.Before = call =>
        {
            bool isStaged = call.Path.StartsWith(scratch, StringComparison.Ordinal);
            created += isStaged && call.Verb == nameof(IDurableFileSystem.CreateFile) ? 1 : 0;
            created -= isStaged && call.Verb == nameof(IDurableFileSystem.Unlink) ? 1 : 0; // the opener has tried the directory
            synced += isStaged && call.Verb == nameof(IDurableFileSystem.SyncFile) ? 1 : 0;
            appeared += call.Path == sandbox && call.Verb == FileSystemCall.RenameNoReplace ? 1 : 0;
            isInOrder &= (appeared == 0 || created == 150)
                && (call.Verb != nameof(IDurableFileSystem.Write) || !call.Path.Contains("/watermark.", StringComparison.Ordinal)
                    || synced == 150);
            return Errno.None;
        };
        await RecoverAsync(copy, Enumerable.Range(0, 150).ToDictionary(static i => $"config:sb/d{i}", static i => $"{i}"), watched);
        Assert.Equal((150, 150, 1, true), (created, synced, appeared, isInOrder));
    }

    [Fact]
    public async Task A_lock_word_whose_sync_fails_in_a_recovery_ends_it_and_the_next_mends_it()
    {
        StoreLayout copy;
        await using (StateStore store = await _test.OpenAsync())
        {
            for (int i = 0; i < 70; i++) // more than are synced at a time
            {
                await store.CreateAsync($"sb-{i}");
            }

            await store.ChangeAsync("sb-0", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
            copy = _test.CopyAsAfterAKill();
        }

        var scripted = new ScriptedFileSystem();
        StoreOptions options = _test.Options with { FileSystem = scripted };
        int syncs = 0;
        scripted.Before = call =>
            call.Path.EndsWith("/lock", StringComparison.Ordinal) && call.Verb == nameof(IDurableFileSystem.SyncFile) && ++syncs == 1
            ? Errno.NoSpace : Errno.None;
        StorageException failure = await Assert.ThrowsAsync<StorageException>(async () => await StateStore.OpenAsync(copy, options));
        Assert.EndsWith("/lock", failure.Path, StringComparison.Ordinal);

        var synced = new HashSet<string>();
        scripted.Before = call =>
        {
            _ = call.Path.EndsWith("/lock", StringComparison.Ordinal) && call.Verb == nameof(IDurableFileSystem.SyncFile)
                && synced.Add(call.Path);
            return Errno.None;
        };
        await using StateStore again = await StateStore.OpenAsync(copy, options);
        Assert.Equal("1", again.ReadText("sb-0", StoreRoot.Run, null, "a"));
        Assert.Equal(70, synced.Count);
    }

    [Theory]
    [InlineData(Errno.NoSpace)]
    [InlineData(Errno.Damaged)]
    [InlineData(Errno.ProcessFileLimit)]
    public async Task A_directory_that_cannot_be_synced_ends_the_recovery_if_its_sandbox_is_in_the_log_and_no_other_is_looked_at(
        Errno error)
    {
        StoreLayout copy;
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.CreateAsync("cold");
            await store.CheckpointAsync(TestContext.Current.CancellationToken);
            await store.CreateAsync("hot");
            copy = _test.CopyAsAfterAKill();
        }

        string failing = Path.Combine(copy.Run, "hot");
        bool isMet = false;
        var scripted = new ScriptedFileSystem();
        scripted.Before = call =>
        {
            bool meets = (call.Path == failing && call.Verb == nameof(IDurableFileSystem.SyncDirectory))
                || call.Path.StartsWith(Path.Combine(copy.Run, "cold"), StringComparison.Ordinal);
            isMet |= meets;
            return meets ? error : Errno.None;
        };
        StoreOptions options = _test.Options with { FileSystem = scripted };
        StorageException failure = await Assert.ThrowsAsync<StorageException>(async () => await (await StateStore.OpenAsync(copy,
            options)).DisposeAsync());
        Assert.Equal((failing, error), (failure.Path, failure.Errno));

        failing = "/none";
        isMet = false;
        await using StateStore again = await StateStore.OpenAsync(copy, options);
        Assert.False(isMet);
        scripted.Before = null;
        Assert.Equal(["cold", "hot"], again.ListSandboxes());
    }

    [Fact]
    public async Task A_creation_of_which_nothing_was_on_the_disk_is_repeated()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync(
            "sb", static change =>
            change.CreateContainer("web").PutText(StoreRoot.Run, null, "a", "1").PutText(StoreRoot.Config, "web", "b", "2"));
        StoreLayout copy = _test.CopyAsAfterAKill();
        Directory.Delete(Path.Combine(copy.Config, "sb"), true);
        Directory.Delete(Path.Combine(copy.Run, "sb"), true);
        await RecoverAsync(copy, new() { ["run:sb/a"] = "1", ["config:sb/web/b"] = "2" });
        Assert.True(Directory.Exists(Path.Combine(copy.Run, "sb", "web")));
    }

    [Fact]
    public async Task A_sandbox_that_another_program_removed_is_not_made_again()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "2"));
        StoreLayout copy = _test.CopyAsAfterAKill();
        Directory.Delete(Path.Combine(copy.Config, "sb"), true);
        Directory.Delete(Path.Combine(copy.Run, "sb"), true);
        await RecoverAsync(copy, []);
        Assert.False(Directory.Exists(Path.Combine(copy.Config, "sb")) || Directory.Exists(Path.Combine(copy.Run, "sb")));
    }

    [Fact]
    public async Task A_removal_that_was_not_published_is_finished_by_the_next_locker()
    {
        var faulty = new ScriptedFileSystem();
        await using StateStore other = await _test.OpenAsync();
        await using StateStore store = await _test.OpenAsync(faulty);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Config, null, "a", "1"));
        faulty.Before = static call => call.Verb == FileSystemCall.RenameNoReplace ? Errno.InputOutput : Errno.None;
        await Assert.ThrowsAsync<CommitNotPublishedException>(() => store.ChangeAsync("sb", static change => change.RemoveSandbox()));
        await Assert.ThrowsAsync<NotFoundException>(() => other.LockApartAsync("sb"));
        Assert.Empty(other.ListSandboxes());
        Assert.Empty(Directory.GetFileSystemEntries(_test.Layout.Run, "sb*"));
    }

    [Fact]
    public async Task A_lock_whose_commit_was_not_published_is_spent_and_the_next_finishes_the_commit()
    {
        var faulty = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(faulty);
        await store.CreateAsync(
            "sb", static change => change.PutText(StoreRoot.Run, null, "a", "1").PutText(StoreRoot.Run, null, "b", "1"));
        SandboxLock held = await store.LockApartAsync("sb");
        faulty.Before = static call =>
            call.Verb == FileSystemCall.Exchange && call.Path.EndsWith("/b", StringComparison.Ordinal) ? Errno.InputOutput
            : Errno.None;
        CommitNotPublishedException failure = await Assert.ThrowsAsync<CommitNotPublishedException>(
            async () => await held.Change().PutText(StoreRoot.Run, null, "a", "2").PutText(StoreRoot.Run, null, "b", "2").CommitAsync());
        faulty.Before = null;
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await held.Change().PutText(StoreRoot.Run, null, "a", "9").CommitAsync()); // computed from what was read before
        await held.DisposeAsync();
        await using SandboxLock next = await store.LockApartAsync("sb");
        Assert.Equal(failure.Lsn, next.Version);
        Assert.Equal(failure.Lsn.Next, await next.Change().PutText(StoreRoot.Run, null, "c",
            "3").CommitAsync(TestContext.Current.CancellationToken));
        Assert.Equal(new Dictionary<string, string> { ["run:sb/a"] = "2", ["run:sb/b"] = "2", ["run:sb/c"] = "3" }, store.ReadEverything());
    }

    [Theory]
    [InlineData(Errno.Invalid)]
    [InlineData(Errno.NotImplemented)]
    [InlineData(Errno.NotSupported)]
    [InlineData(Errno.NotFound)]
    public async Task A_filesystem_that_cannot_exchange_is_served_by_renames(Errno errno)
    {
        var scripted = new ScriptedFileSystem { Before = call => call.Verb == FileSystemCall.Exchange ? errno : Errno.None };
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "1"));
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "2"));
        Assert.Equal("2", store.ReadText("sb", StoreRoot.Run, null, "a"));
        Assert.Equal(["a", "lock"], Array.ConvertAll(Sorted(Directory.GetFiles(_test.PathOf(StoreRoot.Run, "sb"))), Path.GetFileName));
    }

    private async Task<StoreLayout> DieWithManyDocumentsAsync()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change =>
        {
            for (int i = 0; i < 150; i++)
            {
                change.PutText(StoreRoot.Config, null, $"d{i}", $"{i}");
            }
        });
        return _test.CopyAsAfterAKill();
    }

    private static string[] Sorted(string[] paths)
    {
        Array.Sort(paths, StringComparer.Ordinal);
        return paths;
    }

    private async Task RecoverAsync(StoreLayout copy, Dictionary<string, string> expected, ScriptedFileSystem? watched = null)
    {
        await using StateStore recovered =
            await StateStore.OpenAsync(copy, watched is null ? _test.Options : _test.Options with { FileSystem = watched });
        var documents = new Dictionary<string, string>();
        foreach (string root in new[] { copy.Config, copy.Run })
        {
            foreach (string path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
            {
                string relative = Path.GetRelativePath(root, path);
                if (!relative.StartsWith(".safestore", StringComparison.Ordinal)
                    && Path.GetFileName(path) is not ("lock" or "link" or ".theirs"))
                {
                    documents.Add(
                        $"{(root == copy.Config ? "config" : "run")}:{relative}",
                        await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
                }
            }
        }

        Assert.Equal(expected, documents);
    }
}
