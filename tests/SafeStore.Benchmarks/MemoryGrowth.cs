using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks;

/// <summary>
/// Memory after commits to many sandboxes: it must not grow with the number of those that are not locked. And what a commit allocates.
/// </summary>
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
            (double byAll, double byCommitter) = await AllocatedAsync(contestant, total);
            await Console.Out.WriteLineAsync(
                $"{total,6} sandboxes: {resident / 1024.0 / 1024,5:0.0} MiB resident, {managed / 1024,6} KiB managed, {handles,4} "
                + $"handles, per commit of {SampleDocument.Bytes} bytes {byCommitter,5:0} allocated by who commits, {byAll,5:0} by all "
                + $"threads");
        }
    }

    /// <summary>
    /// What a commit allocates, on all threads (checkpoints among them) and, where it began and ended on one thread, on that one.
    /// </summary>
    private static async Task<(double ByAll, double ByCommitter)> AllocatedAsync(SafeStoreContestant contestant, int total)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        (long own, int counted) = (0, 0);
        for (int i = 0; i < Commits; i++)
        {
            string sandbox = Names.Sandbox(i % total);
            int thread = Environment.CurrentManagedThreadId;
            long start = GC.GetAllocatedBytesForCurrentThread();
            await contestant.CommitAsync(0, sandbox, isNew: false, documents: 1, i);
            if (thread == Environment.CurrentManagedThreadId)
            {
                own += GC.GetAllocatedBytesForCurrentThread() - start;
                counted++;
            }
        }

        return ((GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Commits, own / (double)Math.Max(counted, 1));
    }
}
