using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what lets waiters go on although callers that block have all threads of the pool.</summary>
public sealed class StarvationMutantTests
{
    [Theory]
    [InlineData("timers-on-the-pool-alone")]
    public Task A_caller_is_told_of_its_time_out_although_others_block_every_thread_of_the_pool(string mutant) =>
        Kill.ByAsync(mutant, () => RunAsync(BlockedPool.WaitsForLock, mutant));

    [Theory]
    [InlineData("signals-on-the-pool-alone")]
    public Task Callers_that_commit_together_come_back_although_others_block_every_thread_of_the_pool(string mutant) =>
        Kill.ByAsync(mutant, () => RunAsync(BlockedPool.Commits, mutant));

    private static async Task RunAsync(string scenario, string mutant)
    {
        string directory = Path.Combine(Path.GetTempPath(), $"safestore-test-{Guid.NewGuid():N}");
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "SafeStore.MutantTests.dll"), BlockedPool.Verb, scenario, directory,
            Mutant.Is(mutant) ? mutant : "none",
        ];
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo(dotnet, arguments) { Environment = { ["DOTNET_PROCESSOR_COUNT"] = "2" } };
        try
        {
            using Process child = Process.Start(start)!;
            await child.WaitForExitAsync();
            Violation.Unless(child.ExitCode != BlockedPool.Stuck, "They are stuck.");
            Assert.Equal(0, child.ExitCode);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
