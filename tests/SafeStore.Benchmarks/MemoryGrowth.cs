using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks;

/// <summary>Memory after commits to many sandboxes: it must not grow with the number of those that are not locked. And what a commit allocates.</summary>
internal static class MemoryGrowth
{
    private const int Commits = 2000;

    public static async Task RunAsync(string directory, Arguments arguments)
    {
        await using var contestant = new SafeStoreContestant(Path.Join(directory, "memory"));
        await contestant.OpenAsync(1);
        int made = 0;
        foreach (int total in new[] { 100, 1_000, 5_000, arguments.Number("--sandboxes", 10_000) })
        {
            for (; made < total; made++)
            {
                await contestant.CommitAsync(0, Names.Sandbox(made), isNew: true, documents: 1, made);
            }

            // As it is, before a collection that nobody would ask for.
            long resident = Environment.WorkingSet;
            long managed = GC.GetTotalMemory(forceFullCollection: true);
            int handles = Directory.GetFileSystemEntries("/proc/self/fd").Length;
            await Console.Out.WriteLineAsync(
                $"{total,6} sandboxes: {resident / 1024.0 / 1024,5:0.0} MiB resident, {managed / 1024,6} KiB managed, {handles,4} handles, {await AllocatedAsync(contestant, total),6:0} bytes allocated per commit of {SampleDocument.Bytes}");
        }
    }

    private static async Task<double> AllocatedAsync(SafeStoreContestant contestant, int total)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < Commits; i++)
        {
            await contestant.CommitAsync(0, Names.Sandbox(i % total), isNew: false, documents: 1, i);
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Commits;
    }
}
