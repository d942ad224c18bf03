using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Lock, LockOrCreate, Commit and Dispose, for callers that are synchronous.</summary>
public sealed class SynchronousTests : IDisposable
{
    private const int Threads = 8;
    private const int Commits = 20;

    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Threads_lock_and_commit_without_async()
    {
        await using StateStore store = await _test.OpenAsync();
        Task[] threads = [.. Enumerable.Range(0, Threads).Select(i => OnThread(() => CommitMany(store, $"sb-{i}")))];
        await Task.WhenAll(threads);

        Assert.Equal(Threads, store.ListSandboxes().Count);
        Assert.All(Enumerable.Range(0, Threads), i => Assert.Equal(Commits, store.ListContainers($"sb-{i}").Count));
    }

    [Fact]
    public async Task They_fail_as_the_asynchronous_calls_do()
    {
        await using StateStore store = await _test.OpenAsync();
        await OnThread(() =>
        {
            Assert.Throws<NotFoundException>(() => store.Lock("sb"));
            using SandboxLock held = store.LockOrCreate("sb");
            Assert.Throws<OperationCanceledException>(() => held.Change().CreateContainer("web").Commit(new CancellationToken(true)));
            SandboxChange change = held.Change().CreateContainer("web");
            Assert.Equal(change.Commit(), held.Version);
            Assert.Throws<InvalidOperationException>(() => change.Commit());
            Assert.Throws<LockAlreadyHeldException>(() => store.Lock("sb"));
            Assert.Throws<AlreadyExistsException>(() => held.Change().CreateContainer("web").Commit());
        });

        await using SandboxLock again = await store.LockAsync("sb", timeout: TimeSpan.Zero);
        Assert.Equal(["web"], again.ListContainers());
    }

    private static void CommitMany(StateStore store, string sandbox)
    {
        store.LockOrCreate(sandbox).Dispose();
        for (int i = 0; i < Commits; i++)
        {
            using SandboxLock held = i == 0 ? store.LockOrCreate(sandbox) : store.Lock(sandbox);
            held.Change().CreateContainer($"c-{i}").Commit();
        }
    }

    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
