using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Log;

/// <summary>How a process writes and syncs the log, alone and beside others; store objects act as processes.</summary>
public sealed class SharedLogTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();
    private readonly List<FileSystemCall> _calls = [];

    public SharedLogTests() => _test.Options = _test.Options with { LockTimeout = StoreCalls.Once };

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_process_that_is_alone_takes_no_turn_for_its_sync()
    {
        await using StateStore store = await OpenAsync();
        Watch();
        await PutAsync(store, "own", 1);
        Assert.DoesNotContain(_calls, IsTurn);
        Assert.Single(_calls, static call => call.IsSync);
    }

    [Fact]
    public async Task A_process_beside_others_takes_its_turn_until_it_has_long_been_alone_again()
    {
        await using StateStore store = await OpenAsync();
        await using (StateStore other = await _test.OpenAsync())
        {
            await other.CreateAsync("other");
            await PutAsync(other, "other", 1);
        }

        Watch();
        await PutAsync(store, "own", 1);
        Assert.Contains(_calls, IsTurn);
        for (int number = 2; number <= 64; number++)
        {
            await PutAsync(store, "own", number);
        }

        _calls.Clear();
        await PutAsync(store, "own", 65);
        Assert.DoesNotContain(_calls, IsTurn);
    }

    [Fact]
    public async Task What_was_written_past_the_cache_is_read_by_another_process()
    {
        await using StateStore store = await OpenAsync();
        await using StateStore other = await _test.OpenAsync();
        await other.CreateAsync("other");
        for (int round = 0; round < 3; round++)
        {
            for (int number = 0; number < 70; number++)
            {
                await PutAsync(store, "own", number); // the last ones past the cache
            }

            Lsn expected = await VersionAsync(store, "own");
            await PutAsync(other, "other", round);
            Assert.Equal(expected.Next, await VersionAsync(other, "other"));
        }
    }

    [Fact]
    public async Task A_disk_that_refuses_writes_past_the_cache_is_written_through_it()
    {
        await using StateStore store = await OpenAsync();
        _scripted.Before = static call => call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.OpenFile) } ? Errno.Invalid : Errno.None;
        await PutAsync(store, "own", 1);
        await PutAsync(store, "own", 2);
        Assert.Equal("2", store.ReadText("own", StoreRoot.Run, null, "n"));
    }

    [Fact]
    public async Task A_disk_that_refuses_such_a_write_only_when_it_comes_is_written_through_the_cache()
    {
        StateStore store = await OpenAsync();
        int refused = 0;
        _scripted.Before = call => call.IsAppend && refused++ == 0 ? Errno.Invalid : Errno.None;
        await PutAsync(store, "own", 1);
        Assert.Equal(2, refused);
        await store.DisposeAsync();
        await using StateStore again = await _test.OpenAsync();
        Assert.Equal("1", again.ReadText("own", StoreRoot.Run, null, "n"));
    }

    [Fact]
    public async Task A_single_writer_syncs_on_its_own_thread_and_several_on_the_log_thread_until_one_is_alone_again()
    {
        var scripted = new ScriptedFileSystem { SyncsSideBySide = 2 };
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("own");
        await store.CreateAsync("second");
        await store.CreateAsync("third");
        var threads = new List<string?>();
        var waiting = new List<Task>();
        scripted.Before = call =>
        {
            if (call.IsSync)
            {
                threads.Add(Thread.CurrentThread.Name);
                if (threads.Count == 1)
                {
                    waiting.Add(PutAsync(store, "second", 1));
                    waiting.Add(PutAsync(store, "third", 1));
                }
            }

            return Errno.None;
        };
        await PutAsync(store, "own", 1);
        await Task.WhenAll(waiting);
        await PutAsync(store, "own", 2);
        await PutAsync(store, "own", 3);
        Assert.Equal([false, true, true, false], threads.Select(static name => name == "SafeStore log"));
    }

    private static bool IsTurn(FileSystemCall call) =>
        call.Verb == nameof(IDurableFileSystem.TryLock) && call.Path.EndsWith("/store.json#2", StringComparison.Ordinal);

    private void Watch() => _scripted.Before = call =>
    {
        _calls.Add(call);
        return Errno.None;
    };

    private async Task<StateStore> OpenAsync()
    {
        StateStore store = await _test.OpenAsync(_scripted);
        await store.CreateAsync("own");
        return store;
    }

    private static async Task PutAsync(StateStore store, string sandbox, int number) =>
        await store.ChangeAsync(sandbox, change => change.PutText(StoreRoot.Run, null, "n", $"{number}"));

    private static async Task<Lsn> VersionAsync(StateStore store, string sandbox)
    {
        await using SandboxLock held = await store.LockAsync(sandbox);
        return held.Version;
    }
}
