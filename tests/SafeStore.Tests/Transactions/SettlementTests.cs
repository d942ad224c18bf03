using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>A store that was closed in order is opened without a look into every sandbox; any other is swept.</summary>
public sealed class SettlementTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_store_that_was_closed_in_order_is_opened_without_a_look_into_its_sandboxes()
    {
        await using (StateStore first = await _test.OpenAsync())
        await using (StateStore second = await _test.OpenAsync())
        {
            await first.CreateAsync("sb-1", static change => change.PutJson(StoreRoot.Config, null, "a.json", "1"u8.ToArray()));
            await second.ChangeAsync("sb-1", static change => change.PutJson(StoreRoot.Run, null, "b.json", "2"u8.ToArray()));
        }

        Assert.Empty(await LookedIntoAsync());
        Assert.Empty(await LookedIntoAsync()); // nor after a life without transactions
    }

    [Fact]
    public async Task A_store_one_of_whose_processes_has_not_closed_it_is_swept()
    {
        await using StateStore left = await _test.OpenAsync();
        await left.CreateAsync("sb-1");
        await (await _test.OpenAsync()).DisposeAsync();
        await File.WriteAllTextAsync(_test.PathOf(StoreRoot.Run, "sb-1/.ss-0123456789abcdef.tmp"), "", TestContext.Current.CancellationToken);

        StoreLayout copy = _test.CopyAsAfterAKill();
        Assert.NotEmpty(await LookedIntoAsync(copy));
        Assert.False(File.Exists(Path.Combine(copy.Run, "sb-1", ".ss-0123456789abcdef.tmp")));
        Assert.Empty(await LookedIntoAsync(copy)); // that life was closed in order
    }

    [Fact]
    public async Task A_store_one_of_whose_transactions_has_failed_is_swept()
    {
        var scripted = new ScriptedFileSystem();
        await using (StateStore store = await _test.OpenAsync(scripted))
        {
            await store.CreateAsync("sb-1");
            scripted.Before = static call => call.Verb == nameof(IDurableFileSystem.CreateFile) ? Errno.NoSpace : Errno.None;
            await Assert.ThrowsAsync<StorageException>(() => store.ChangeAsync("sb-1", static change => change.PutJson(StoreRoot.Run, null, "b.json", "2"u8.ToArray())));
            scripted.Before = null;
        }

        Assert.NotEmpty(await LookedIntoAsync());
        Assert.Empty(await LookedIntoAsync());
    }

    [Fact]
    public async Task A_store_with_a_sandbox_that_could_not_be_looked_into_is_swept_each_time()
    {
        await using StateStore left = await _test.OpenAsync();
        Directory.CreateDirectory(_test.PathOf(StoreRoot.Run, "sb-1"));
        File.CreateSymbolicLink(_test.PathOf(StoreRoot.Run, "sb-1/lock"), "/dev/null");
        StoreLayout copy = _test.CopyAsAfterAKill();
        Assert.NotEmpty(await LookedIntoAsync(copy));
        Assert.NotEmpty(await LookedIntoAsync(copy));
        Assert.NotEmpty(await LookedIntoAsync(copy));
    }

    [Fact]
    public async Task A_sandbox_that_another_program_has_made_needs_no_second_look()
    {
        await using StateStore left = await _test.OpenAsync();
        Directory.CreateDirectory(_test.PathOf(StoreRoot.Run, "sb-1"));
        StoreLayout copy = _test.CopyAsAfterAKill();
        Assert.NotEmpty(await LookedIntoAsync(copy));
        Assert.Empty(await LookedIntoAsync(copy));
    }

    [Fact]
    public async Task A_store_whose_run_root_is_new_is_swept()
    {
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.CreateAsync("sb-1", static change => change.PutJson(StoreRoot.Config, null, "a.json", "1"u8.ToArray()));
        }

        Directory.Delete(_test.Layout.Run, recursive: true);
        Assert.NotEmpty(await LookedIntoAsync());
    }

    [Fact]
    public async Task A_mark_that_cannot_be_synced_faults_the_store_and_the_next_opener_sweeps()
    {
        var scripted = new ScriptedFileSystem();
        StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("sb-1");
        await store.CheckpointAsync(TestContext.Current.CancellationToken);
        scripted.Before = static call => call.Verb == nameof(IDurableFileSystem.SyncData) && call.Path.EndsWith(Watermark.FileName, StringComparison.Ordinal) ? Errno.InputOutput : Errno.None;
        await store.DisposeAsync();

        Assert.NotEmpty(await LookedIntoAsync());
    }

    [Fact]
    public async Task A_store_in_which_a_failure_could_not_be_told_is_swept()
    {
        var scripted = new ScriptedFileSystem();
        await using (StateStore store = await _test.OpenAsync(scripted))
        {
            await store.CreateAsync("sb-1");
            int created = 0;
            scripted.Before = call =>
            {
                bool fails = (call.Verb == nameof(IDurableFileSystem.CreateFile) && ++created == 2)
                    || (call.Verb == nameof(IDurableFileSystem.Write) && call.Path.EndsWith("/open.lock", StringComparison.Ordinal));
                return fails ? Errno.NoSpace : Errno.None;
            };
            await Assert.ThrowsAnyAsync<SafeStoreException>(() => store.ChangeAsync("sb-1", static change => change.PutJson(StoreRoot.Run, null, "b.json", "2"u8.ToArray()).PutJson(StoreRoot.Run, null, "c.json", "2"u8.ToArray())));
            scripted.Before = null;
        }

        Assert.NotEmpty(await LookedIntoAsync());
        Assert.Empty(Directory.GetFiles(_test.Layout.Run, ".ss-*", SearchOption.AllDirectories));
    }

    /// <summary>Opens and closes the store; the paths below the sandbox's directories that were looked at before it was open.</summary>
    private async Task<List<string>> LookedIntoAsync(StoreLayout? layout = null)
    {
        layout ??= _test.Layout;
        var listed = new List<string>();
        var scripted = new ScriptedFileSystem
        {
            Before = call =>
            {
                lock (listed)
                {
                    listed.Add(call.Path);
                }

                return Errno.None;
            },
        };
        StateStore store = await StateStore.OpenAsync(layout, _test.Options with { FileSystem = scripted }, TestContext.Current.CancellationToken);
        scripted.Before = null;
        await store.DisposeAsync();
        return [.. listed.Where(path => path.Contains("/sb-1", StringComparison.Ordinal))];
    }
}
