using System;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Locking;

/// <summary>LockOrCreateAsync, UpdateAsync and Exists.</summary>
public sealed class LockOrCreateTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_new_sandbox_is_created_by_the_change_and_an_existing_one_is_locked()
    {
        await using StateStore store = await _test.OpenAsync();
        Assert.False(store.Exists("sb"));
        await using (SandboxLock held = await store.LockOrCreateAsync("sb"))
        {
            Assert.True(held.IsNew);
            await held.Change().CreateContainer("web").CommitAsync();
            Assert.False(held.IsNew);
        }

        Assert.True(store.Exists("sb"));
        Assert.True(store.Exists("sb", "web"));
        Assert.False(store.Exists("sb", "db"));
        Assert.False(store.Exists("no", "web"));
        Assert.Throws<ArgumentException>(() => store.Exists(".."));
        Assert.Throws<ArgumentException>(() => store.Exists("sb", "lock"));
        await using (SandboxLock held = await store.LockOrCreateAsync("sb"))
        {
            Assert.False(held.IsNew);
            await Assert.ThrowsAsync<LockAlreadyHeldException>(async () => await store.LockOrCreateAsync("sb"));
            await Assert.ThrowsAsync<LockTimeoutException>(ApartAsync);
        }

        async Task ApartAsync()
        {
            Task<SandboxLock> other;
            using (System.Threading.ExecutionContext.SuppressFlow())
            {
                other = Task.Run(async () => await store.LockOrCreateAsync("sb", StoreCalls.Once));
            }

            await other;
        }
    }

    [Fact]
    public async Task One_that_waits_for_the_turn_of_a_creation_locks_what_that_has_made()
    {
        await using StateStore store = await _test.OpenAsync();
        SandboxLock first = await NewAsync(store);
        Task<SandboxLock> second = NewAsync(store);
        Assert.False(second.IsCompleted);
        Lsn made = await first.Change().CommitAsync();
        await first.DisposeAsync();

        await using SandboxLock held = await second;
        Assert.Equal((false, made), (held.IsNew, held.Version));

        static async Task<SandboxLock> NewAsync(StateStore store) => await store.LockOrCreateAsync("sb");
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public async Task What_another_process_does_after_the_look_is_met_by_another_look_if_there_is_time(bool exists, bool isInTime)
    {
        await using StateStore other = await _test.OpenAsync(new ScriptedFileSystem());
        if (exists)
        {
            await other.CreateAsync("sb");
        }

        var fs = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(fs);
        Task? meanwhile = null;
        int looks = 0;
        fs.Before = call =>
        {
            bool isLook = call.Verb == nameof(IDurableFileSystem.Stat) && call.Path.EndsWith("/sb", StringComparison.Ordinal);
            bool hasLooked = exists ? looks == 1 && !isLook : isLook && looks == 2;
            looks += isLook ? 1 : 0;
            if (hasLooked && meanwhile is null)
            {
                meanwhile = exists ? other.RemoveSandboxAsync("sb").AsTask() : other.CreateAsync("sb");
                Assert.True(meanwhile.IsCompletedSuccessfully); // on this thread
            }

            return Errno.None;
        };
        if (isInTime)
        {
            await using SandboxLock held = await store.LockOrCreateAsync("sb");
            Assert.Equal(exists, held.IsNew);
        }
        else
        {
            LockTimeoutException failure =
                await Assert.ThrowsAsync<LockTimeoutException>(async () => await store.LockOrCreateAsync("sb", StoreCalls.Once));
            Assert.Contains("has created or removed the sandbox meanwhile", failure.Message, StringComparison.Ordinal);
        }

        Assert.NotNull(meanwhile);
    }

    [Fact]
    public async Task A_store_that_is_only_looked_at_refuses()
    {
        await (await _test.OpenAsync()).DisposeAsync();
        _test.Options = _test.Options with { Opening = StoreOpening.ReadOnly };
        await using StateStore store = await _test.OpenAsync();

        await Assert.ThrowsAsync<StoreReadOnlyException>(async () => await store.LockOrCreateAsync("sb"));
        Assert.False(store.Exists("sb"));
    }

    [Fact]
    public async Task An_update_locks_changes_commits_and_releases()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a", "1"));

        Lsn version = await store.UpdateAsync(
            "sb", static (held, change) => change.PutText(StoreRoot.Run, null, "b", $"{held.Version.Value}"));
        Lsn later = await store.UpdateAsync("sb", static async (held, change) =>
        {
            await Task.Yield();
            change.Remove(StoreRoot.Run, null, "a");
        });

        Assert.Equal((null, "1"), (store.ReadText("sb", StoreRoot.Run, null, "a"), store.ReadText("sb", StoreRoot.Run, null, "b")));
        Assert.True(later > version);
        await using SandboxLock held = await store.LockAsync("sb", timeout: StoreCalls.Once);
        Assert.Equal(later, held.Version);
        await Assert.ThrowsAsync<LockAlreadyHeldException>(async () => await store.UpdateAsync("sb", static (_, _) => { }));
    }

    [Fact]
    public async Task An_update_whose_method_fails_changes_nothing_and_leaves_no_lock_nor_warning()
    {
        var messages = new Messages();
        _test.Options = _test.Options with { Logger = messages };
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb");

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await store.UpdateAsync("sb", static (_, change) =>
        {
            change.PutText(StoreRoot.Run, null, "a", "1");
            throw new TimeZoneNotFoundException();
        }));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.UpdateAsync("no", static (_, _) => { }));

        Assert.Null(store.ReadText("sb", StoreRoot.Run, null, "a"));
        Assert.Empty(messages.OfEvent(15));
        await (await store.LockAsync("sb", timeout: StoreCalls.Once)).DisposeAsync();
    }

    [Fact]
    public async Task A_change_that_is_dropped_with_its_lock_leaves_one_warning_without_its_contents()
    {
        var messages = new Messages();
        _test.Options = _test.Options with { Logger = messages };
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb");
        SandboxLock held = await store.LockAsync("sb");
        held.Change().PutText(StoreRoot.Run, null, "a", "\"secret\"").CreateContainer("web");
        _ = held.Change();
        await held.Change().PutText(StoreRoot.Run, null, "b", "1").CommitAsync();
        await Assert.ThrowsAsync<NotFoundException>(async () => await held.Change().RemoveContainer("no").CommitAsync());
        await held.DisposeAsync();
        await held.DisposeAsync();

        Assert.Equal(
            "A change of sandbox sb with 2 edits was not committed before its lock was released: nothing of it was stored",
            Assert.Single(messages.OfEvent(15)));
    }

    [Fact]
    public async Task A_change_of_several_sandboxes_that_is_dropped_is_told_for_each_that_it_edits()
    {
        var messages = new Messages();
        _test.Options = _test.Options with { Logger = messages };
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("a");
        await store.CreateAsync("b");
        await using (SandboxLocks locks = await store.LockManyAsync([SandboxTarget.Existing("a"), SandboxTarget.Existing("b")]))
        {
            locks.Change().For("b").RemoveSandbox();
        }

        Assert.Contains("sandbox b with 1 edits", Assert.Single(messages.OfEvent(15)), StringComparison.Ordinal);
    }
}
