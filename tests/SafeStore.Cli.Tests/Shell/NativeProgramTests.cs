using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Shell;

/// <summary>The native program that <c>dotnet publish</c> makes; tests/run.sh publishes it and names it in SAFESTORE_TOOL.</summary>
public sealed class NativeProgramTests
{
    private const string Reason = "SAFESTORE_TOOL does not name the native program; tests/run.sh does.";

    [Fact]
    public void It_is_one_file_below_17_MB()
    {
        Assert.SkipUnless(BuiltTool.Native is not null, Reason);
        Assert.InRange(new FileInfo(BuiltTool.Native!).Length, 1, 16_999_999);
        string[] beside = Directory.GetFileSystemEntries(Path.GetDirectoryName(BuiltTool.Native)!);
        Assert.Equal(["safestore", "samples"], beside.Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task It_needs_no_runtime()
    {
        Assert.SkipUnless(BuiltTool.Native is not null, Reason);
        var start = new ProcessStartInfo(BuiltTool.Native!, ["--version"]) { RedirectStandardOutput = true };
        start.Environment.Clear();
        using Process tool = Process.Start(start)!;
        string output = await tool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, tool.ExitCode);
        Assert.Equal((await ToolProcess.RunAsync(["--version"])).Lines[0], output.Trim());
    }
}
