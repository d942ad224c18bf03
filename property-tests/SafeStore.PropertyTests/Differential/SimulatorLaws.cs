using System.Linq;
using FsCheck.Fluent;
using Xunit;

namespace SafeStore.PropertyTests.Differential;

public sealed class SimulatorLaws
{
    [Fact]
    public void The_simulator_answers_any_calls_as_the_kernel_does_on_a_disk_or_in_memory() =>
        Laws.Check(Calls.Scripts.Select(static script => new Script(script)), 300, static script => Comparison.Run(script.Calls),
            static script => Laws.DropChunks(script.Calls).Select(static calls => new Script(calls)));

    private sealed record Script(Call[] Calls)
    {
        public override string ToString() => Gens.Lines(Calls);
    }
}
