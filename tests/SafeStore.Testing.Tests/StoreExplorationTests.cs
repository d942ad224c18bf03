using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Testing.Stores;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>
/// The store itself under the explorer. SAFESTORE_EXPLORATION_SEEDS=n explores n random workloads per machine, SAFESTORE_EXPLORATION_SEED=s
/// starts at s.
/// </summary>
public sealed class StoreExplorationTests(ITestOutputHelper output)
{
    public static TheoryData<int, string> Machines() =>
        [.. StoreTorture.Machines.Select(static (machine, index) => new TheoryDataRow<int, string>(index, machine.ToString()))];

    [Theory]
    [MemberData(nameof(Machines))]
    public async Task A_store_survives_every_crash_at_every_call(int index, string machine)
    {
        CrashReport? sum = null;
        long start = Stopwatch.GetTimestamp();
        ulong first = Number("SAFESTORE_EXPLORATION_SEED", 1) + (ulong)index;
        for (ulong seed = first; seed < first + Number("SAFESTORE_EXPLORATION_SEEDS", 1); seed++)
        {
            CrashReport report =
                await StoreTorture.RunAsync(
                    StoreTorture.Machines[index],
                    TortureRound.Thorough,
                    seed,
                    Environment.ProcessorCount,
                    null,
                    TestContext.Current.CancellationToken);
            report.ThrowIfViolated();
            sum = sum is null ? report : sum.Add(report);
        }

        output.WriteLine($"{machine}: {sum}; {sum!.States / Stopwatch.GetElapsedTime(start).TotalSeconds:F0} states/s");
    }

    private static ulong Number(string variable, ulong preset) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : preset;
}
