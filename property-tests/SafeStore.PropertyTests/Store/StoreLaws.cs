using System.Threading.Tasks;
using Xunit;

namespace SafeStore.PropertyTests.Store;

public sealed class StoreLaws
{
    [Fact]
    public void Any_transactions_by_two_processes_with_any_reopening_and_killing_leave_what_a_dictionary_would_hold() =>
        Laws.Check(Scripts.Any, 150, static script => RunAsync(script).GetAwaiter().GetResult(), Scripts.Shrink);

    private static async Task RunAsync(Script script)
    {
        await using var world = new World(script);
        await new Interpreter(world).RunAsync(script);
    }
}
