using SafeStore;
using SafeStore.Testing;
using Xunit;

namespace Consumer.Tests;

/// <summary>What a user's unit test may look like.</summary>
public sealed class PowerCutTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_commit_survives_a_power_cut(int seed)
    {
        await using var simulated = await SimulatedStore.OpenAsync();
        await simulated.Store.CreateAsync("sb-1", change => change.PutText(StoreRoot.Config, null, "config.json", "{}"));

        StateStore store = await simulated.LosePowerAsync(seed);

        Assert.Equal(["sb-1"], store.ListSandboxes());
    }
}
