using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

public sealed class ConcurrentLaws
{
    private static Gen<Trouble?> Kills =>
        from skip in Gen.Choose(0, 120)
        from afterwards in Gen.Elements(false, true)
        select (Trouble?)new Trouble.Killed(skip, afterwards, Everybody: false);

    private static Gen<Trouble?> PowerLosses =>
        from skip in Gen.Choose(0, 120)
        from afterwards in Gen.Elements(false, true)
        from seed in SimulatedScripts.Seed
        select (Trouble?)new Trouble.PowerLost(skip, afterwards, seed);

    [Fact]
    public void In_any_order_of_calls_holders_are_alone_everybody_is_served_and_there_is_one_history() =>
        Check(Gen.Constant<Trouble?>(null), 300, "concurrent processes");

    [Fact]
    public void When_one_process_is_killed_in_the_middle_the_others_go_on_with_one_history() =>
        Check(Kills, 300, "concurrent processes, one killed");

    [Fact]
    public void When_the_power_is_lost_in_the_middle_recovery_goes_on_with_one_history() =>
        Check(PowerLosses, 300, "concurrent processes, power lost");

    private static void Check(Gen<Trouble?> troubles, int count, string name)
    {
        var tally = new Tally();
        Laws.Check(ConcurrentPlan.Any(troubles), count, plan => new ConcurrentStage(plan, tally).Run(), ConcurrentPlan.Shrink, name);
        tally.Print(name);
    }
}
