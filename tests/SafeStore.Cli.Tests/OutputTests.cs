using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using Xunit;

namespace SafeStore.Cli.Tests;

/// <summary>What the tool says when it cannot write what it has to say, or may not look.</summary>
public sealed class OutputTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_full_or_closed_standard_output_is_named()
    {
        await _scene.SeedAsync();

        string store = $"--store '{_scene.Store}'";
        foreach (string arguments in new[]
        {
            "--help", "--version", $"ls {store}", "torture --rounds 1", $"apply {store} <<< '{{\"sandbox\":\"sb-1\",\"ops\":[]}}'",
        })
        {
            await AssertAsync($"{arguments} > /dev/full", "standard output: No space left on device");
        }

        await AssertAsync($"put sb-1/state.json -v {store} <<< 1 > /dev/full", "The change is made, with LSN 3. Could not write");
        await AssertAsync("--help >&-", "standard output");
        await AssertAsync($"ls {store} >&-", "standard output");
    }

    [Fact]
    public async Task A_file_of_the_store_never_takes_the_place_of_a_closed_stream()
    {
        await _scene.SeedAsync();
        using Process tool = Process.Start(new ProcessStartInfo(
            "bash", ["-c", $"exec {BuiltTool.ShellCommand} apply --store '{_scene.Store}' 2>&-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        await tool.StandardInput.WriteLineAsync("""{"sandbox":"sb-1","ops":[{"put":"state.json","value":1}]}""");
        await tool.StandardInput.FlushAsync(TestContext.Current.CancellationToken);

        string? answer = await tool.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith("{\"lsn\":", answer, StringComparison.Ordinal);
        string? taken = new FileInfo($"/proc/{tool.Id}/fd/2").LinkTarget;
        Assert.True(taken == "/dev/null" || BuiltTool.Native is null, taken); // a runtime that is not in the program takes it itself
        tool.StandardInput.Close();
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, tool.ExitCode);
    }

    [Fact]
    public async Task Metadata_beside_the_roots_that_may_not_be_read_is_not_called_missing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Another user needs root.");
        await _scene.SeedAsync();
        string config = _scene.PathOf("../kata/config");
        string run = _scene.PathOf("../kata/run");
        await (await StateStore.OpenAsync(StoreLayout.Beside(config, run))).DisposeAsync();
        foreach (string path in new[] { _scene.PathOf(".."), _scene.PathOf("../kata"), config, run })
        {
            File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        }

        foreach (string command in new[] { "list", "checkpoint" })
        {
            await AssertAsync(
                $"{command} --config '{config}' --run '{run}'", "EACCES", "setpriv --reuid 65534 --regid 65534 --clear-groups");
        }
    }

    private static async Task AssertAsync(string commandLine, string message, string behind = "")
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-c", $"{behind} {BuiltTool.ShellCommand} {commandLine}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        shell.StandardInput.Close();
        string errors = await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((commandLine, 1), (commandLine, shell.ExitCode));
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
    }
}
