using System;
using System.Threading.Tasks;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of the checkpoint of a store that is open and idle.</summary>
public sealed class IdleMutantTests
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("idle-not-checkpointed")]
    [InlineData("busy-segment-sealed")]
    public Task A_store_is_checkpointed_once_when_nothing_was_committed_for_an_interval(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            SimulatedProcess process = lab.Machine.Start();
            StateStore store =
                await Lab.OpenAsync(process, Lab.Options with { SegmentBytes = 256 * 1024, CheckpointInterval = s_interval });
            await store.CreateAsync("sb", static change => change.Put("a.json", "0"));
            for (int i = 1; i <= 8; i++)
            {
                process.Clock.Advance(s_interval);
                await store.ChangeAsync("sb", change => change.Put("a.json", $"{i}"));
            }

            Violation.Unless(store.Statistics.Checkpoints == 0, "Its current segment was sealed although there were commits.");
            process.Clock.Advance(2 * s_interval);
            Violation.Unless(store.Statistics.Checkpoints == 1, "It was not checkpointed.");
            process.Clock.Advance(8 * s_interval);
            Violation.Unless(store.Statistics.Checkpoints == 1, "It was checkpointed again.");

            await store.ChangeAsync("sb", static change => change.Put("a.json", "9"));
            process.Clock.Advance(2 * s_interval);
            Violation.Unless(store.Statistics.Checkpoints == 2, "The second time it was not.");
        });
}
