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

    private static void Play(SimulatedScript script, Tally tally)
    {
        var interpreter = new SimulatedInterpreter(script, tally);
        interpreter.Run();
        interpreter.Close();
    }
}
