using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>Stores whose filesystem has no attributes, or no room for one, at every crash.</summary>
public sealed class StampExplorationTests
{
    private static readonly DocumentId s_document = new("sb", null, StoreRoot.Config, "a.json");

    [Fact]
    public async Task A_store_on_a_filesystem_without_attributes_survives_every_crash_without_stamps()
    {
        var invariants = new StoreInvariants(StoreLayout.At("/store"));
        PersistenceProfile profile = PersistenceProfile.Strict with { Name = "without attributes", HasUserAttributes = false };
        CrashReport report = await new CrashExplorer(Options(profile)).ExploreAsync(
            run => WorkAsync(run, invariants, unstamped: 3), state => CheckAsync(state, invariants));
        report.ThrowIfViolated();
    }

    [Fact]
    public async Task A_store_without_room_for_one_stamp_never_has_another_content_s()
    {
        var invariants = new StoreInvariants(StoreLayout.At("/store")) { AllowsUnstamped = true };
        CrashReport report = await new CrashExplorer(Options(PersistenceProfile.Strict)).ExploreAsync(
            run =>
            {
                run.Machine.Faults = new FaultPlan().Add(new FaultRule
                {
                    Operations = [Operation.SetAttribute],
                    Path = "/store/config/.safestore/scratch/*",
                    Skip = 1,
                    Fault = new CallFails(Errno.NoSpace),
                });
                return WorkAsync(run, invariants, unstamped: 1);
            },
            state => CheckAsync(state, invariants));
        report.ThrowIfViolated();
    }

    private static CrashExplorerOptions Options(PersistenceProfile profile) =>
        new() { Profiles = [profile], ExhaustiveMax = 12, Samples = 2, NestedEvery = 64 };

    private static async ValueTask WorkAsync(CrashRun run, StoreInvariants invariants, long unstamped)
    {
        StateStore store = await invariants.OpenAsync(run.Process);
        for (int number = 1; number <= 3; number++)
        {
            run.Begin(number);
            await using (SandboxLock held = number == 1 ? await store.LockNewAsync("sb") : await store.LockAsync("sb"))
            {
                SandboxChange change = held.Change();
                change.PutJson(StoreRoot.Config, null, "a.json", Encoding.UTF8.GetBytes($"{number}"));
                await change.CommitAsync();
            }

            run.Acknowledge(number);
        }

        Assert.Equal(unstamped, store.Statistics.Unstamped);
        await store.DisposeAsync();
    }

    private static async ValueTask CheckAsync(CrashState state, StoreInvariants invariants)
    {
        StateStore store = await invariants.RecoverAsync(state);
        if (state.Acknowledged.Count > 0)
        {
            int found = int.Parse(Encoding.UTF8.GetString(store.ReadJson(s_document)!), System.Globalization.CultureInfo.InvariantCulture);
            if (found != (int)state.Acknowledged[^1] && found != (int)state.Begun[^1])
            {
                throw new CrashViolationException($"After {state.Acknowledged[^1]} was acknowledged, the document says {found}.");
            }
        }
    }
}
