using SafeStore;
using SafeStore.Testing;
using Xunit;

namespace Consumer.Tests;

/// <summary>What a user's unit test may look like.</summary>
public sealed class PowerCutTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public async Task A_commit_survives_a_power_cut(ulong seed)
    {
        await using var simulated = await SimulatedStore.OpenAsync();
        await using (SandboxLock sandbox = await simulated.Store.LockNewAsync("sb-1"))
        {
            await sandbox.Change().PutJson(StoreRoot.Config, null, "config.json", "{}"u8).CommitAsync();
        }

        StateStore store = await simulated.LosePowerAsync(seed);

        Assert.Equal(["sb-1"], store.ListSandboxes());
    }
}
