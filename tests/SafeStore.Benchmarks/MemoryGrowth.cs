using System;
using System.IO;
using System.Threading.Tasks;

namespace SafeStore.Benchmarks;

/// <summary>Memory after commits to many sandboxes: it must not grow with the number of those that are not locked.</summary>
internal static class MemoryGrowth
{
    public static async Task RunAsync(string directory)
    {
        await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(Path.Join(directory, "memory")));
        int made = 0;
        foreach (int total in new[] { 100, 1_000, 5_000, 10_000 })
        {
            for (; made < total; made++)
            {
                await using SandboxLock sandbox = await store.LockNewAsync($"sb-{made}");
                await sandbox.Change().PutJson(StoreRoot.Run, null, "state.json", Clockwork.Document(made)).CommitAsync();
            }

            long managed = GC.GetTotalMemory(forceFullCollection: true);
            long handles = Directory.GetFileSystemEntries("/proc/self/fd").Length;
            await Console.Out.WriteLineAsync($"{total,6} sandboxes: {managed / 1024,6} KiB managed, {Environment.WorkingSet / 1024 / 1024,4} MiB resident, {handles,4} handles");
        }
    }
}
