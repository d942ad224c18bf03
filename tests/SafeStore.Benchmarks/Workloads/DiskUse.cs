using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>
/// W7: what commits write to the device, and what lies on it afterwards, counted by the kernel; all of the device's users count.
/// </summary>
internal sealed class DiskUse() : Workload(
    "W7", "bytes on disk and write amplification: 100 sandboxes, one document rewritten per commit, closed at the end", Way.Raw.Name,
    new Metric("device bytes per byte", "0.0") { IsCost = true }, new Metric("flushes per commit", "0.00"), new Metric("KiB on disk"))
{
    private const int Sandboxes = 100;
    private const int Count = 4000;

    public override int RoundsOf(int asked) => Math.Min(asked, 3) + 1;

    public override async Task RunAsync(Session session, int round)
    {
        BlockDevice? device = BlockDevice.Of(session.Directory);
        foreach (Way way in session.Ways)
        {
            string place = session.NewPlace();
            try
            {
                await MeasureAsync(session, way, device, place, round);
            }
            catch (Exception failure) when (way != Way.SafeStore)
            {
                await Console.Error.WriteLineAsync($"{way.Name}: {failure.Message}");
            }
            finally
            {
                Session.Remove(place);
            }
        }
    }

    private async Task MeasureAsync(Session session, Way way, BlockDevice? device, string place, int round)
    {
        int commits = session.Scale(way, Count);
        long bytes;
        long flushes;
        await using (Contestant contestant = way.Make(place))
        {
            await contestant.OpenAsync(1);
            for (int i = 0; i < Sandboxes && way.KeepsSandboxes; i++)
            {
                await contestant.CommitAsync(0, Names.Sandbox(i), isNew: true, documents: 1, i);
            }

            (bytes, flushes) = device is null ? default : await device.ReadAsync(session.Directory);
            for (int i = 0; i < commits; i++)
            {
                await contestant.CommitAsync(0, Names.Sandbox(i * 37 % Sandboxes), isNew: false, documents: 1, i);
            }
        }

        (long bytesAfter, long flushesAfter) = device is null ? default : await device.ReadAsync(session.Directory);
        if (round > 0)
        {
            Table.Add("1 writer", way.Name, way.IsDurable, (bytesAfter - bytes) / ((double)commits * SampleDocument.Bytes),
                (flushesAfter - flushes) / (double)commits, await UsedKibAsync(place));
        }
    }

    private static async Task<double> UsedKibAsync(string place)
    {
        var start = new ProcessStartInfo("du", ["-sk", place]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        string text = await process.StandardOutput.ReadToEndAsync();
        return double.Parse(text.Split('\t')[0], CultureInfo.InvariantCulture);
    }
}
