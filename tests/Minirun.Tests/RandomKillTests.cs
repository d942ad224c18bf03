using System;
using System.Globalization;
using System.Threading.Tasks;
using Minirun.Tests.Support;
using Xunit;

namespace Minirun.Tests;

/// <summary>The same daemon over SafeStore and over JSON files, killed at random moments under load.</summary>
public sealed class RandomKillTests(ITestOutputHelper output)
{
    private const int Kills = 100;

    [Fact]
    public async Task A_hundred_kills_at_random_moments_leave_nothing()
    {
        Requirements.Check();
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");

        // The load of one is the weather of the other.
        Remains[] remains = await Task.WhenAll(RunAsync("safestore", seed), RunAsync("json", seed));

        output.WriteLine(Remains.TableOf(remains[1], remains[0]));
        Assert.Equal(Remains.None, remains[0]); // what JSON files leave is chance: KillAtEachStepTests has the certain part
    }

    private async Task<Remains> RunAsync(string state, int seed)
    {
        var random = new Random(seed);
        var load = new Load(random);
        await using Ground ground = Ground.Make(state);
        for (int kill = 0; kill < Kills; kill++)
        {
            await using DaemonProcess daemon = DaemonProcess.Start(ground.Paths, state);
            if (random.Next(5) == 0)
            {
                await Task.Delay(random.Next(40)); // while it starts and sweeps
                await daemon.KillAsync();
            }
            else
            {
                await load.RunUntilKilledAsync(daemon);
            }
        }

        await using DaemonProcess last = await DaemonProcess.StartAndConnectAsync(ground.Paths, state);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{state}: {Kills} kills, {load.Answered} requests done, {load.Errors} refused"));
        return await Remains.CountAsync(ground, last);
    }
}
