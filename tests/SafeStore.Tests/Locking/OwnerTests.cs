using System;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Tests.Locking;

/// <summary>StateStore.BeginOwner.</summary>
public sealed class OwnerTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task An_owner_that_locks_twice_through_methods_of_its_own_is_refused_at_once()
    {
        await using StateStore store = await OpenAsync();
        using (store.BeginOwner("create sb"))
        {
            SandboxLock held = await store.LockApartAsync("sb");

            LockAlreadyHeldException refusal = await Assert.ThrowsAsync<LockAlreadyHeldException>(() => store.LockApartAsync("sb"));
            Assert.Contains("'create sb'", refusal.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<LockAlreadyHeldException>(() => Task.Run(() => store.LockApartAsync("sb", LockMode.Shared)));
            await Assert.ThrowsAsync<LockAlreadyHeldException>(
                async () => await store.LockManyAsync([SandboxTarget.Existing("other"), SandboxTarget.Existing("sb")]));
            await (await store.LockApartAsync("other", timeout: StoreCalls.Once)).DisposeAsync();

            await held.DisposeAsync();
            await (await store.LockApartAsync("sb", timeout: StoreCalls.Once)).DisposeAsync();
        }
    }

    [Fact]
    public async Task A_refused_lock_of_several_leaves_nothing_noted()
    {
        await using StateStore store = await OpenAsync();
        using IDisposable owner = store.BeginOwner("both");
        await using SandboxLock held = await store.LockApartAsync("sb");
        await Assert.ThrowsAsync<LockAlreadyHeldException>(
            async () => await store.LockManyAsync([SandboxTarget.Existing("other"), SandboxTarget.Existing("sb")]));

        await using SandboxLock other = await store.LockAsync("other", timeout: StoreCalls.Once);
    }

    [Fact]
    public async Task An_owner_inside_another_meets_the_outer_one_s_locks_and_not_its_siblings()
    {
        await using StateStore store = await OpenAsync();
        using IDisposable outer = store.BeginOwner("outer");
        await using SandboxLock held = await store.LockApartAsync("other");
        using (store.BeginOwner("inner"))
        {
            LockAlreadyHeldException refusal = await Assert.ThrowsAsync<LockAlreadyHeldException>(() => store.LockApartAsync("other"));
            Assert.Contains("'outer'", refusal.Message, StringComparison.Ordinal);
        }

        Task first = BranchAsync("first");
        Task second = BranchAsync("second");
        await first;
        await second;

        async Task BranchAsync(string label)
        {
            using IDisposable branch = store.BeginOwner(label);
            await using SandboxLock sandbox = await store.LockApartAsync("sb");
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_time_out_names_the_owner_and_for_how_long_it_has_the_lock()
    {
        await using StateStore store = await OpenAsync();
        Task<SandboxLock> taking;
        using (store.BeginOwner("create sb"))
        {
            taking = store.LockApartAsync("sb");
        }

        SandboxLock held = await taking;
        _test.Clock.Advance(TimeSpan.FromSeconds(2.5));

        LockTimeoutException failure =
            await Assert.ThrowsAsync<LockTimeoutException>(() => store.LockApartAsync("sb", timeout: StoreCalls.Once));
        Assert.Equal("create sb", failure.Owner);
        Assert.Contains("which is 'create sb', for 2.5 s", failure.Message, StringComparison.Ordinal);

        await held.DisposeAsync();
        await using SandboxLock unnamed = await store.LockApartAsync("sb");
        failure = await Assert.ThrowsAsync<LockTimeoutException>(() => store.LockApartAsync("sb", timeout: StoreCalls.Once));
        Assert.Null(failure.Owner);
    }

    [Fact]
    public async Task After_its_disposal_a_flow_locks_without_it()
    {
        await using StateStore store = await OpenAsync();
        store.BeginOwner("before").Dispose();
        await using SandboxLock held = await store.LockApartAsync("sb");

        await Assert.ThrowsAsync<LockTimeoutException>(() => store.LockApartAsync("sb", timeout: StoreCalls.Once));
    }

    [Fact]
    public async Task An_owner_that_goes_on_for_ever_forgets_what_it_has_released()
    {
        await using StateStore store = await OpenAsync();
        using IDisposable owner = store.BeginOwner("worker");
        for (int i = 0; i < 100; i++)
        {
            string sandbox = i % 2 == 0 ? "sb" : "other";
            await (await store.LockApartAsync(sandbox, timeout: StoreCalls.Once)).DisposeAsync();
            await Assert.ThrowsAsync<NotFoundException>(() => store.LockApartAsync($"no-{i}", timeout: StoreCalls.Once));
        }
    }

    private async Task<StateStore> OpenAsync()
    {
        StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb");
        await store.CreateAsync("other");
        return store;
    }
}
