using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

public sealed class GroupCommitTests
{
    [Fact]
    public async Task Commits_of_one_batch_that_meet_a_failed_sync_at_the_change_of_the_segment_are_not_acknowledged()
    {
        using var test = new TestStore();
        test.Options = test.Options with { SegmentBytes = 16 * 1024 };
        var fileSystem = new ScriptedFileSystem();
        StateStore store = await test.OpenAsync(fileSystem);
        foreach (string sandbox in new[] { "sb-1", "sb-2", "sb-3" })
        {
            await store.CreateAsync(sandbox);
        }

        await store.CheckpointAsync(); // an empty segment: what follows fits only one of the two
        using var leads = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        fileSystem.Before = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.TryLock) && call.Path.EndsWith("/log.lock", StringComparison.Ordinal))
            {
                leads.Set();
                goOn.Wait();
            }

            return call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.SyncData) } ? Errno.InputOutput : Errno.None;
        };
        string large = "\"" + new string('x', 9000) + "\"";
        Task first = Task.Run(() => store.ChangeAsync("sb-1", change => change.PutText(StoreRoot.Run, null, "a", large)));
        leads.Wait();
        Task second = store.ChangeAsync("sb-2", change => change.PutText(StoreRoot.Run, null, "a", large));
        goOn.Set();

        await Assert.ThrowsAsync<StoreFaultedException>(() => first);
        await Assert.ThrowsAsync<StoreFaultedException>(() => second);
        fileSystem.Before = null;
        await store.DisposeAsync();
        await using StateStore again = await test.OpenAsync();
        Assert.Contains(again.ReadText("sb-1", StoreRoot.Run, null, "a"), new[] { large, null });
    }
}
