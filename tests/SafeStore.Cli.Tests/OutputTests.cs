using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.FileSystem;
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
    public async Task A_full_or_closed_standard_error_changes_no_exit_code()
    {
        await _scene.SeedAsync();
        foreach (string error in new[] { "2>/dev/full", "2>&-" })
        {
            await AssertAsync($"ls --store nosuch {error}", null, code: 1);
            await AssertAsync($"nosuchcmd {error}", null, code: 64);
            await AssertAsync($"diff sb-1 sb-9 --store '{_scene.Store}' {error}", null, code: 1);
        }
    }

    [Fact]
    public async Task A_sync_that_fails_in_a_recovery_is_told_by_the_exit_code_of_a_faulted_store() => Assert.Equal(
        ExitCode.Faulted, await Tool.GuardAsync(static _ => throw new StorageException("sync during recovery", "/s", Errno.InputOutput)));

    [Fact]
    public async Task What_an_argument_has_does_not_steer_the_terminal_and_no_directory_is_named()
    {
        await AssertAsync("ls --store $'\\e[31m'", "\\u001b[31m");
        await AssertAsync("ls --store x", "The current directory does not exist any more", "mkdir $$; cd $$; rmdir ../$$;", "/tmp");
    }

    [Fact]
    public async Task A_terminal_gets_no_sequence_with_NO_COLOR()
    {
        await _scene.SeedAsync();
        using Process shell = Process.Start(new ProcessStartInfo(
            "script", ["-qec", $"NO_COLOR=1 TERM=xterm {BuiltTool.ShellCommand} tree --store '{_scene.Store}'", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        string output = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Contains("sb-1", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", output, StringComparison.Ordinal);
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

    private static async Task AssertAsync(string commandLine, string? message, string behind = "", string place = "", int code = 1)
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-c", $"{behind} {BuiltTool.ShellCommand} {commandLine}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = place,
        })!;
        shell.StandardInput.Close();
        string errors = await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((commandLine, code), (commandLine, shell.ExitCode));
        if (message is null)
        {
            return;
        }

        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.Single(errors.TrimEnd('\n').Split('\n'));
    }
}
