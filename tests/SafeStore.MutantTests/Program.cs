using System;
using System.Threading.Tasks;

namespace SafeStore.MutantTests;

/// <summary>Runs the tests; or what they need a process of its own for.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args) =>
        args is [BlockedPool.Verb, var scenario, var directory, var mutant] ? BlockedPool.Run(scenario, directory, mutant)
        : Array.Exists(args, static arg => arg is "--server" or "--internal-msbuild-node")
            ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(
                args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
}
