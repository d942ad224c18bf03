using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>
/// What other programs, and disks that forget or mix up, do to the files behind the store's back: what it notices, and what it cannot.
/// </summary>
public sealed class ForeignHandsTests : IDisposable
{
    private readonly TestStore _disk = new();

    public static TheoryData<string, bool> ChangesOfAVanishedSandbox
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string change in s_changes.Keys)
            {
                data.Add(change, true);
                data.Add(change, false);
            }

            return data;
        }
    }

    private static readonly Dictionary<string, Action<SandboxChange>> s_changes = new()
    {
        ["replace a document"] = static change => change.PutText(StoreRoot.Run, null, "state.json", "2"),
        ["replace one in the other root"] = static change => change.PutText(StoreRoot.Config, null, "config.json", "2"),
        ["add a document"] = static change => change.PutText(StoreRoot.Config, null, "new.json", "2"),
        ["add one to a container"] = static change => change.PutText(StoreRoot.Config, "web", "new.json", "2"),
        ["create a container"] = static change => change.CreateContainer("db").PutText(StoreRoot.Run, "db", "state.json", "2"),
    };

    public void Dispose() => _disk.Dispose();

    [Theory]
    [InlineData(nameof(IDurableFileSystem.CreateFile), "/scratch/", null)] // it is being staged
    [InlineData(nameof(IDurableFileSystem.Rename), "/sb/state.json", "2")] // it is in the log
    public async Task A_removed_sandbox_that_another_program_made_again_survives_a_kill_in_the_middle_of_its_next_transaction(string verb,
        string path, string? expected)
    {
        var hooked = new SafeStore.Tests.FileSystem.ScriptedFileSystem();
        await using StateStore store = await _disk.OpenAsync(hooked);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "state.json", "1"));
        await store.ChangeAsync("sb", static change => change.RemoveSandbox());
        Directory.CreateDirectory(_disk.PathOf(StoreRoot.Run, "sb"));
        await File.WriteAllTextAsync(_disk.PathOf(StoreRoot.Run, "sb/others.json"), "7", TestContext.Current.CancellationToken);
        StoreLayout? dead = null;
        hooked.Before = call =>
        {
            dead ??= call.Verb == verb && call.Path.Contains(path, StringComparison.Ordinal) ? _disk.CopyAsAfterAKill() : null;
            return Errno.None;
        };
        await store.ChangeAsync("sb", static change => change.PutText(StoreRoot.Run, null, "state.json", "2"));

        await using StateStore again = await StateStore.OpenAsync(dead!, _disk.Options, TestContext.Current.CancellationToken);
        Assert.Equal("7", await File.ReadAllTextAsync(Path.Combine(dead!.Run, "sb/others.json"), TestContext.Current.CancellationToken));
        Assert.Equal(["sb"], again.ListSandboxes());
        Assert.Equal(expected, again.ReadText("sb", StoreRoot.Run, null, "state.json"));
    }

    [Theory]
    [MemberData(nameof(ChangesOfAVanishedSandbox))]
    public async Task A_commit_to_a_sandbox_that_another_program_deleted_meanwhile_fails_and_makes_no_half_of_it(string change, bool warm)
    {
        await using StateStore store = await _disk.OpenAsync();
        await FillAsync(store, "sb-1");
        if (!warm)
        {
            // A change by somebody else: what the store had open of the sandbox is not believed any more.
            await using StateStore other = await _disk.OpenAsync();
            await other.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "state.json", "1"));
        }

        await using (SandboxLock held = await store.LockAsync("sb-1"))
        {
            Directory.Delete(_disk.PathOf(StoreRoot.Config, "sb-1"), recursive: true);
            Directory.Delete(_disk.PathOf(StoreRoot.Run, "sb-1"), recursive: true);
            SandboxChange what = held.Change();
            s_changes[change](what);
            SafeStoreException failure = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await what.CommitAsync());
            Assert.True(failure is NotFoundException or StorageException { Errno: Errno.NotFound }, failure.ToString());
        }

        Assert.Empty(store.ListSandboxes());
        Assert.Empty(Strays());
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("sb-1"));
        await FillAsync(store, "sb-1"); // and can be made again
        Assert.Equal("1", store.ReadText("sb-1", StoreRoot.Run, null, "state.json"));
    }

    [Fact]
    public async Task A_sandbox_that_another_program_deleted_before_recovery_stays_deleted_and_is_reported()
    {
        await using StateStore store = await _disk.OpenAsync();
        await FillAsync(store, "sb-1");
        await FillAsync(store, "sb-2");
        await store.CheckpointAsync();
        await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "state.json", "2"));
        StoreLayout copy = _disk.CopyAsAfterAKill();
        Directory.Delete(Path.Combine(copy.Config, "sb-1"), recursive: true);
        Directory.Delete(Path.Combine(copy.Run, "sb-1"), recursive: true);

        var messages = new Messages();
        await using StateStore recovered = await StateStore.OpenAsync(copy, _disk.Options with { Logger = messages });
        Assert.Equal(["sb-2"], recovered.ListSandboxes());
        Assert.Contains("sb-1", Assert.Single(messages.OfEvent(7)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_for_a_lock_file_that_is_replaced_meanwhile_gets_the_lock_of_the_new_one()
    {
        await using StateStore one = await _disk.OpenAsync();
        await using StateStore two = await _disk.OpenAsync();
        await FillAsync(one, "sb-1");
        string path = _disk.PathOf(StoreRoot.Run, "sb-1/lock");
        SandboxLock held = await one.LockApartAsync("sb-1");
        Task<SandboxLock> waiter = two.LockApartAsync("sb-1", timeout: Timeout.InfiniteTimeSpan);
        Assert.False(waiter.IsCompleted);
        File.Delete(path);
        await File.WriteAllBytesAsync(path, []);
        await held.DisposeAsync();
        while (!waiter.IsCompleted)
        {
            _disk.Clock.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        await using SandboxLock waited = await waiter;
        using (var flock = System.Diagnostics.Process.Start("flock", ["--nonblock", path, "true"]))
        {
            await flock.WaitForExitAsync();
            Assert.Equal(1, flock.ExitCode);
        }

        await Assert.ThrowsAsync<LockTimeoutException>(() => one.LockApartAsync("sb-1", timeout: StoreCalls.Once));
    }

    /// <summary>A limit: the lock is the lock file's. Who takes that away while it is held takes the lock away.</summary>
    [Fact]
    public async Task Who_deletes_the_lock_file_of_a_held_sandbox_breaks_its_lock()
    {
        await using StateStore one = await _disk.OpenAsync();
        await using StateStore two = await _disk.OpenAsync();
        await FillAsync(one, "sb-1");
        await using SandboxLock held = await one.LockApartAsync("sb-1");
        File.Delete(_disk.PathOf(StoreRoot.Run, "sb-1/lock"));
        await using SandboxLock second = await two.LockApartAsync("sb-1", timeout: StoreCalls.Once);
        Assert.Equal(held.Version, second.Version);
    }

    [Fact]
    public async Task A_sandbox_made_anew_has_nothing_of_the_old_one_when_a_power_loss_brings_the_old_directories_back()
    {
        await using StateStore store = await _disk.OpenAsync();
        await FillAsync(store, "sb-1");
        await store.ChangeAsync("sb-1", static change => change.CreateContainer("old").PutText(StoreRoot.Config, "web", "old.json", "1"));
        await store.CheckpointAsync();
        StoreLayout old = _disk.CopyAsAfterAKill();
        await store.ChangeAsync("sb-1", static change => change.RemoveSandbox());
        await store.CreateAsync("sb-1", static change => change.CreateContainer("web").PutText(StoreRoot.Run, "web", "new.json", "2"));
        StoreLayout copy = _disk.CopyAsAfterAKill();
        foreach ((string from, string to) in new[] { (old.Config, copy.Config), (old.Run, copy.Run) })
        {
            // Neither the removal nor the creation was on the disk.
            Directory.Delete(Path.Combine(to, "sb-1"), recursive: true);
            Directory.Move(Path.Combine(from, "sb-1"), Path.Combine(to, "sb-1"));
        }

        await using StateStore recovered = await StateStore.OpenAsync(copy, _disk.Options);
        Assert.Equal(new Dictionary<string, string> { ["run:sb-1/web/new.json"] = "2" }, recovered.ReadEverything());
        Assert.Equal(["web"], recovered.ListContainers("sb-1"));
    }

    /// <summary>A limit: documents are the user's JSON, without a checksum. Damage that leaves JSON cannot be told from a value.</summary>
    [Fact]
    public async Task Every_flipped_bit_of_a_document_is_reported_or_read_as_it_stands_and_hurts_no_other()
    {
        await using StateStore store = await _disk.OpenAsync();
        await FillAsync(store, "sb-1");
        string path = _disk.PathOf(StoreRoot.Run, "sb-1/state.json");
        byte[] good = "{\"name\":\"web\",\"n\":17}"u8.ToArray();
        int reported = 0;
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] bad = [.. good];
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            await File.WriteAllBytesAsync(path, bad);
            try
            {
                Assert.Equal(bad, store.ReadJson(new DocumentId("sb-1", null, StoreRoot.Run, "state.json")));
            }
            catch (DocumentCorruptException)
            {
                reported++;
            }

            Assert.Equal(bad, await File.ReadAllBytesAsync(path));
            Assert.Equal("1", store.ReadText("sb-1", StoreRoot.Config, null, "config.json"));
        }

        Assert.InRange(reported, 1, (good.Length * 8) - 1);
    }

    /// <summary>A limit: a document does not say whose it is.</summary>
    [Fact]
    public async Task A_document_in_the_place_of_another_is_read_as_it_stands()
    {
        await using StateStore store = await _disk.OpenAsync();
        await FillAsync(store, "sb-1");
        await store.CreateAsync("sb-2", static change => change.PutText(StoreRoot.Run, null, "state.json", "\"of the other\""));
        File.Copy(_disk.PathOf(StoreRoot.Run, "sb-2/state.json"), _disk.PathOf(StoreRoot.Run, "sb-1/state.json"), overwrite: true);
        Assert.Equal("\"of the other\"", store.ReadText("sb-1", StoreRoot.Run, null, "state.json"));
    }

    /// <summary>The second half is a limit: after the checkpoint, nothing but the document itself says how new it is.</summary>
    [Fact]
    public async Task A_document_that_went_back_is_mended_while_the_log_has_it_and_read_as_it_stands_after_the_checkpoint()
    {
        await using StateStore store = await _disk.OpenAsync();
        await FillAsync(store, "sb-1");
        await store.ChangeAsync("sb-1", static change => change.PutText(StoreRoot.Run, null, "state.json", "2"));
        StoreLayout logged = _disk.CopyAsAfterAKill();
        await File.WriteAllTextAsync(Path.Combine(logged.Run, "sb-1", "state.json"), "1"); // its rename was lost
        await using (StateStore recovered = await StateStore.OpenAsync(logged, _disk.Options))
        {
            Assert.Equal("2", recovered.ReadText("sb-1", StoreRoot.Run, null, "state.json"));
        }

        await store.CheckpointAsync();
        StoreLayout checkpointed = _disk.CopyAsAfterAKill();
        await File.WriteAllTextAsync(Path.Combine(checkpointed.Run, "sb-1", "state.json"), "1");
        await using StateStore fooled = await StateStore.OpenAsync(checkpointed, _disk.Options);
        Assert.Equal("1", fooled.ReadText("sb-1", StoreRoot.Run, null, "state.json"));
    }

    /// <summary>A limit: nothing looks for ids that a case-insensitive directory would take for one.</summary>
    [Fact]
    public async Task Ids_that_differ_by_case_only_are_two()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync(
            "sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Run, null, "A.json", "2"));
        await store.CreateAsync("SB", static change => change.PutText(StoreRoot.Run, null, "a.json", "3"));
        Assert.Equal(
            new Dictionary<string, string> { ["run:SB/a.json"] = "3", ["run:sb/A.json"] = "2", ["run:sb/a.json"] = "1" },
            store.ReadEverything());
    }

    private static Task<Lsn> FillAsync(StateStore store, string sandbox) => store.CreateAsync(sandbox, static change => change
        .CreateContainer("web")
        .PutText(StoreRoot.Config, null, "config.json", "1")
        .PutText(StoreRoot.Run, null, "state.json", "1")
        .PutText(StoreRoot.Config, "web", "config.json", "1"));

    private IEnumerable<string> Strays() => new[] { _disk.Layout.ConfigMetadata, _disk.Layout.RunMetadata }
        .SelectMany(static metadata => Directory.GetFileSystemEntries(Path.Combine(metadata, "new"))
            .Concat(Directory.GetDirectories(Path.Combine(metadata, "scratch")).SelectMany(Directory.GetFileSystemEntries)));
}
