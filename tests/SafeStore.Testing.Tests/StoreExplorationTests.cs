using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Tasks;
using SafeStore.Testing.Stores;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>The store itself under the explorer.</summary>
public sealed class StoreExplorationTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Machines()
    {
        var machines = new TheoryData<string, string>();
        foreach (PersistenceProfile profile in PersistenceProfile.Gates)
        {
            if (!profile.IsVolatile)
            {
                machines.Add(profile.Name, "same");
            }
        }

        machines.Add("strict", "strict");
        machines.Add("strict", "tmpfs");
        machines.Add("ext4-ordered", "tmpfs");
        return machines;
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public async Task A_store_survives_every_crash_at_every_call(string profile, string run)
    {
        SimulatedMount? mount = run == "same" ? null : new SimulatedMount("/run", Named(run));
        StoreWorkload workload = StoreWorkload.On(mount);
        var options = new CrashExplorerOptions
        {
            Profiles = [Named(profile)],
            Machine = new SimulatedMachineOptions { Mounts = mount is null ? [] : [mount] },
            Workers = Environment.ProcessorCount,
        };
        CrashReport? sum = null;
        long start = Stopwatch.GetTimestamp();
        foreach (ulong seed in Seeds())
        {
            ImmutableArray<StoreStep> steps = new StoreScripts(seed).Next(12);
            CrashReport report = await new CrashExplorer(options with { Seed = seed }).ExploreStepsAsync<StoreStep>(steps, workload.PerformAsync, workload.CheckAsync, TestContext.Current.CancellationToken);
            report.ThrowIfViolated();
            sum = sum is null ? report : sum.Add(report);
        }

        output.WriteLine($"{profile}, run root on {run}: {sum}; {sum!.States / Stopwatch.GetElapsedTime(start).TotalSeconds:F0} states/s");
    }

    private static IEnumerable<ulong> Seeds()
    {
        string? given = Environment.GetEnvironmentVariable("SAFESTORE_EXPLORATION_SEEDS");
        ulong count = given is null ? 2 : ulong.Parse(given, CultureInfo.InvariantCulture);
        for (ulong seed = 1; seed <= count; seed++)
        {
            yield return seed;
        }
    }

    private static PersistenceProfile Named(string name)
    {
        foreach (PersistenceProfile profile in PersistenceProfile.Gates)
        {
            if (profile.Name == name)
            {
                return profile;
            }
        }

        throw new ArgumentException($"There is no profile {name}.", nameof(name));
    }
}
