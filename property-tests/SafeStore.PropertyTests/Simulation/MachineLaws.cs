using Xunit;

namespace SafeStore.PropertyTests.Simulation;

public sealed class MachineLaws
{
    [Fact]
    public void Whatever_processes_do_and_whatever_befalls_them_the_store_holds_what_was_acknowledged_and_whole_transactions_only()
    {
        var tally = new Tally();
        Laws.Check(SimulatedScripts.Any, 300, script => Play(script, tally), SimulatedScripts.Shrink);
        tally.Print("any script on any machine");
    }

    [Fact]
    public void A_recovery_after_a_crash_and_any_recoveries_that_crashed_leaves_nothing_for_a_second_one_to_change()
    {
        var tally = new Tally();
        Laws.Check(
            SimulatedScripts.Crashes,
            300,
            script =>
            {
                var interpreter = new SimulatedInterpreter(script, tally);
                interpreter.Run();
                string once = interpreter.Recover();
                Assert.Equal(once, interpreter.Recover());
            },
            SimulatedScripts.Shrink);
        tally.Print("recovery");
    }

    private static void Play(SimulatedScript script, Tally tally)
    {
        var interpreter = new SimulatedInterpreter(script, tally);
        interpreter.Run();
        interpreter.Close();
    }
}
