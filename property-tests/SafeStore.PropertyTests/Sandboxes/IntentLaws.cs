using SafeStore.PropertyTests.Simulation;
using Xunit;

namespace SafeStore.PropertyTests.Sandboxes;

public sealed class IntentLaws
{
    [Fact]
    public void Every_side_effect_belongs_to_a_committed_sandbox_or_is_undone_whatever_fails_and_whoever_dies()
    {
        var tally = new Tally();
        Laws.Check(IntentScript.Any, 1500, script => new IntentWorld(script, tally).Run(), IntentScript.Shrink);
        tally.Print("intents");
        Assert.True(tally["crashes"] > 0 && tally["handler runs"] > 0 && tally["undo-failed"] > 0 && tally["owned at the end"] > 0);
    }
}
