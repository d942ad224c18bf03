using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>What a change refuses before anything touches the disk.</summary>
public sealed class ChangeRulesTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Contradictions_within_a_change_are_refused_at_once()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change => change.CreateContainer("web"));
        await using SandboxLock held = await store.LockApartAsync("sb");
        SandboxChange change = held.Change().CreateContainer("db").RemoveContainer("web");
        Refused(() => change.CreateContainer("db"));
        Refused(() => change.CreateContainer("web"));
        Refused(() => change.RemoveContainer("web"));
        Refused(() => change.PutText(StoreRoot.Run, "web", "a", "1"));
        Refused(() => change.Remove(StoreRoot.Run, "web", "a"));
        change.PutText(StoreRoot.Run, "db", "a", "1").RemoveSandbox();
        Refused(() => change.RemoveSandbox());
        Refused(() => change.CreateContainer("db"));
        Refused(() => change.RemoveContainer("db"));
        Refused(() => change.PutText(StoreRoot.Run, null, "a", "1"));
        Refused(() => change.Remove(StoreRoot.Run, null, "a"));
        await change.CommitAsync(TestContext.Current.CancellationToken);
        Assert.Empty(store.ListSandboxes());
        Refused(() => change.RequireVersion(new Lsn(1)));
        Refused(() => held.Change().RemoveSandbox()); // it is to be created

        static void Refused(Func<SandboxChange> call) => Assert.Throws<InvalidOperationException>(call);
    }

    [Fact]
    public async Task A_change_that_was_begun_before_its_sandbox_was_removed_or_made_is_refused()
    {
        await using StateStore store = await _test.OpenAsync();
        await using SandboxLock held = await store.LockNewAsync("sb", cancellationToken: TestContext.Current.CancellationToken);
        SandboxChange creation = held.Change();
        SandboxChange late = held.Change().PutText(StoreRoot.Run, null, "a", "1");
        await creation.CommitAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await late.CommitAsync(TestContext.Current.CancellationToken));
        SandboxChange update = held.Change().PutText(StoreRoot.Run, null, "a", "2");
        await held.Change().RemoveSandbox().CommitAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await update.CommitAsync(TestContext.Current.CancellationToken));
        Assert.Empty(store.ListSandboxes());
    }

    [Fact]
    public async Task A_transaction_knows_its_own_sandboxes_only_and_an_empty_one_returns_their_highest_version()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1");
        Lsn highest = await store.CreateAsync("sb-2");
        await store.CreateAsync("sb-3");
        await using SandboxLocks locks =
            await store.LockManyAsync(
            [SandboxTarget.Existing("sb-1"), SandboxTarget.Existing("sb-2")], cancellationToken: TestContext.Current.CancellationToken);
        Transaction transaction = locks.Change();
        Assert.Throws<ArgumentException>(() => transaction.For("sb-3"));
        Assert.Equal(highest, await transaction.CommitAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_change_that_only_makes_one_container_and_removes_another_does_both()
    {
        await using StateStore store = await _test.OpenAsync();
        Lsn before = await store.CreateAsync("sb", static change => change.CreateContainer("old"));
        Lsn after = await store.ChangeAsync("sb", static change => change.CreateContainer("new").RemoveContainer("old"));
        Assert.Equal(before.Next, after);
        Assert.Equal(["new"], store.ListContainers("sb"));
        Assert.True(Directory.Exists(_test.PathOf(StoreRoot.Run, "sb/new")) && Directory.Exists(_test.PathOf(StoreRoot.Config, "sb/new")));
    }

    [Fact]
    public async Task A_directory_that_a_failed_commit_made_and_took_back_is_made_again_by_the_next()
    {
        var scripted = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("sb", static change => change.CreateContainer("web"));
        Directory.Delete(_test.PathOf(StoreRoot.Run, "sb/web")); // another root has it still
        await using SandboxLock held = await store.LockApartAsync("sb");
        int appends = 0;
        scripted.Before = call => call.IsAppend && ++appends == 1 ? Errno.NoSpace : Errno.None;
        await Assert.ThrowsAsync<StorageException>(async () => await held.Change().PutText(StoreRoot.Run, "web", "a", "1").CommitAsync());
        scripted.Before = null;
        Assert.False(Directory.Exists(_test.PathOf(StoreRoot.Run, "sb/web")));
        await held.Change().PutText(StoreRoot.Run, "web", "a", "2").CommitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("2", store.ReadText("sb", StoreRoot.Run, "web", "a"));
    }

    [Fact]
    public async Task A_new_sandbox_cannot_lose_a_container_or_put_into_one_that_it_does_not_create()
    {
        await using StateStore store = await _test.OpenAsync();
        await Assert.ThrowsAsync<NotFoundException>(() => store.CreateAsync("sb", static change => change.RemoveContainer("web")));
        await Assert.ThrowsAsync<NotFoundException>(
            () => store.CreateAsync("sb", static change => change.CreateContainer("db").PutText(StoreRoot.Run, "web", "a", "1")));
        Assert.Empty(store.ListSandboxes());
        await store.CreateAsync(
            "sb", static change => change.CreateContainer("web").PutText(StoreRoot.Run, "web", "a", "1").Remove(StoreRoot.Run, "web", "b"));
        Assert.Equal("1", store.ReadText("sb", StoreRoot.Run, "web", "a"));
    }
}
