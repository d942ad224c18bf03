using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 3 and 29: what a holder may still do with a lock that has lost its meaning.</summary>
public sealed class HolderFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("remove the sandbox")]
    [InlineData("remove a container")]
    [InlineData("create a container")]
    [InlineData("put a document")]
    [InlineData("delete a document")]
    public async Task A_holder_whose_sandbox_was_deleted_and_made_anew_by_another_process_changes_nothing_of_it(string change)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore old = await Sample.OpenAsync(layout);
        await using StateStore young = await Sample.OpenAsync(layout);
        await using SandboxLock held = await old.LockAsync(Workloads.One);
        Directory.Delete(Path.Combine(layout.Config, Workloads.One), recursive: true);
        Directory.Delete(Path.Combine(layout.Run, Workloads.One), recursive: true);
        _ = await Workloads.CreateAsync(young, Workloads.One, "web", "db");
        await AssertChangesNothingAsync(layout, () => Describe(held.Change(), change).CommitAsync());
    }

    [Theory]
    [InlineData("remove the sandbox")]
    [InlineData("remove a container")]
    [InlineData("put a document")]
    public async Task A_holder_whose_lock_file_was_replaced_changes_nothing_that_another_process_has_locked_since(string change)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore old = await Sample.OpenAsync(layout);
        await using StateStore young = await Sample.OpenAsync(layout);
        await using SandboxLock held = await old.LockAsync(Workloads.One);
        File.Delete(Metadata.SandboxLock(layout, Workloads.One));
        await using SandboxLock other = await young.LockAsync(Workloads.One);
        _ = await other.Change().PutJson(StoreRoot.Config, null, "config.json", Workloads.Json("acknowledged")).CommitAsync();
        await AssertChangesNothingAsync(layout, () => Describe(held.Change(), change).CommitAsync());
        _ = await other.Change().PutJson(StoreRoot.Config, null, "config.json", Workloads.Json("goes on")).CommitAsync();
    }

    [Fact]
    public async Task A_transaction_over_two_sandboxes_changes_neither_when_one_was_deleted_and_made_anew()
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore old = await Sample.OpenAsync(layout);
        await using StateStore young = await Sample.OpenAsync(layout);
        await using SandboxLocks held = await old.LockManyAsync(
            [SandboxTarget.Existing(Workloads.One), SandboxTarget.Existing(Workloads.Two)]);
        Directory.Delete(Path.Combine(layout.Config, Workloads.Two), recursive: true);
        Directory.Delete(Path.Combine(layout.Run, Workloads.Two), recursive: true);
        _ = await Workloads.CreateAsync(young, Workloads.Two, "web");
        Transaction transaction = held.Change();
        _ = transaction.For(Workloads.One).PutJson(StoreRoot.Config, null, "config.json", Workloads.Json("new"));
        _ = transaction.For(Workloads.Two).RemoveSandbox();
        await AssertChangesNothingAsync(layout, () => transaction.CommitAsync());
    }

    /// <summary>Its caller has read what was there before the first transaction, which is to become visible.</summary>
    [Theory]
    [InlineData("EIO")]
    [InlineData("EACCES")]
    [InlineData("EPERM")]
    [InlineData("EBUSY")]
    public async Task A_lock_is_spent_when_its_transaction_is_durable_and_not_published(string error)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("lock sb-1 exclusive");
        using (var tracer = new Tracer(child, "trace=renameat2,renameat,rename", $"inject=renameat2,renameat,rename:error={error}"))
        {
            Assert.StartsWith("error CommitNotPublishedException", child.Ask("put-held config.json first"));
            _ = tracer.Detach();
        }

        Assert.StartsWith("error ", child.Ask("put-held other.json second"));
        Assert.StartsWith("error ", child.Ask("put-held config.json third"));
        _ = child.Expect("unlock");
        _ = child.Expect("lock sb-1 exclusive");
        Assert.Contains("first", Files.Read(Path.Combine(layout.Config, Workloads.One, "config.json")));
        Assert.False(File.Exists(Path.Combine(layout.Config, Workloads.One, "other.json")));
        _ = child.Expect("put-held config.json fourth");
        _ = child.Expect("unlock");
        child.End();
    }

    [Fact]
    public async Task Locks_of_several_sandboxes_are_spent_when_their_transaction_is_durable_and_not_published()
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        string document = Path.Combine(layout.Config, Workloads.Two, "config.json");
        await using (SandboxLocks held = await store.LockManyAsync(
            [SandboxTarget.Existing(Workloads.One), SandboxTarget.Existing(Workloads.Two)]))
        {
            Scene.Forbid(document); // after the locks: what is odd then only the rename meets
            _ = await Assert.ThrowsAsync<CommitNotPublishedException>(async () => await PutBothAsync(held, "first"));
            Scene.Allow(document);
            Exception? refused = await Record.ExceptionAsync(async () => await PutBothAsync(held, "second"));
            Assert.True(refused is SafeStoreException or InvalidOperationException, refused?.ToString() ?? "It was committed.");
        }

        await using SandboxLocks next = await store.LockManyAsync(
            [SandboxTarget.Existing(Workloads.One), SandboxTarget.Existing(Workloads.Two)]);
        Sample.AssertSays("first", store, Workloads.One);
        Sample.AssertSays("first", store, Workloads.Two);
    }

    private static async Task PutBothAsync(SandboxLocks held, string value)
    {
        Transaction transaction = held.Change();
        _ = transaction.For(Workloads.One).PutJson(StoreRoot.Config, null, "config.json", Workloads.Json(value));
        _ = transaction.For(Workloads.Two).PutJson(StoreRoot.Config, null, "config.json", Workloads.Json(value));
        _ = await transaction.CommitAsync();
    }

    private static SandboxChange Describe(SandboxChange change, string what) => what switch
    {
        "remove the sandbox" => change.RemoveSandbox(),
        "remove a container" => change.RemoveContainer("web"),
        "create a container" => change.CreateContainer("cache"),
        "put a document" => change.PutJson(StoreRoot.Config, null, "config.json", Workloads.Json("stale")),
        _ => change.Remove(StoreRoot.Config, null, "config.json"),
    };

    private static async Task AssertChangesNothingAsync(StoreLayout layout, Func<ValueTask<Lsn>> commit)
    {
        string before = Trees.Of(layout);
        Exception? refused = await Record.ExceptionAsync(async () => await commit());
        Assert.Equal(before, Trees.Of(layout));
        Assert.True(refused is SafeStoreException and not CommitNotPublishedException, refused?.ToString() ?? "It was committed.");
    }
}
