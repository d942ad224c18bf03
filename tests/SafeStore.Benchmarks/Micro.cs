using System.IO;
using System.Threading.Tasks;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

namespace SafeStore.Benchmarks;

/// <summary>The parts of a commit and a read on their own, with what they allocate.</summary>
internal static class Micro
{
    public static Task RunAsync(string directory)
    {
        EngineParts.Place = directory;
        // In this process: a project that BenchmarkDotNet generates would not have this repository's package versions.
        IConfig config = DefaultConfig.Instance
            .AddJob(Job.ShortRun.WithToolchain(new InProcessNoEmitToolchain(logOutput: false)))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .WithArtifactsPath(Path.Join(directory, "micro"));
        BenchmarkRunner.Run<EngineParts>(config);
        return Task.CompletedTask;
    }
}
