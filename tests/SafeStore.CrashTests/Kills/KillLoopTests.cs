using System;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kills;

/// <summary>Writers that do nothing but commit are killed at random moments.</summary>
public sealed class KillLoopTests(ITestOutputHelper output)
{
    private const int Rounds = 25;

    [Fact]
    public async Task Fifty_random_kills_of_two_writers_lose_and_tear_nothing()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var directory = new TempDirectory();
        var layout = StoreLayout.At(directory.Path);
        var check = new StampCheck();
        await using (StateStore store = await StateStore.OpenAsync(layout, Workloads.Options))
        {
            await StampCheck.SeedAsync(store);
        }

        for (int round = 0; round < Rounds; round++)
        {
            // By turns: another process has the store open and resolves what the dead left, or nobody has and the next opening recovers.
            StateStore? living = round % 2 == 0 ? await StateStore.OpenAsync(layout, Workloads.Options) : null;
            KillTwo(layout, round, random, check);
            await using StateStore store = living ?? await StateStore.OpenAsync(layout, Workloads.Options);
            await check.AssertHoldsAsync(store);
        }

        output.WriteLine($"{Rounds * 2} kills, {check.Acknowledged} acknowledged transactions");
    }

    private static void KillTwo(StoreLayout layout, int round, Random random, StampCheck check)
    {
        using ChildProcess first = ChildProcess.Open(layout);
        using ChildProcess second = ChildProcess.Open(layout);
        first.Send(string.Create(CultureInfo.InvariantCulture, $"write-for-ever first-{round} {random.Next()}"));
        second.Send(string.Create(CultureInfo.InvariantCulture, $"write-for-ever second-{round} {random.Next()}"));
        Kill(first, random, check);
        Kill(second, random, check); // it has met what the first left
    }

    private static void Kill(ChildProcess child, Random random, StampCheck check)
    {
        for (int left = random.Next(1, 60); left > 0; left--)
        {
            check.Add(child.ReadLine()!);
        }

        Thread.SpinWait(random.Next(20_000)); // any moment within a commit
        check.AddAll(child.Kill());
    }
}
