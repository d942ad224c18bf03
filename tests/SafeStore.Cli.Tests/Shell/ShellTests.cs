using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Shell;

/// <summary>Completion in the shells themselves, and the manual page as man's own formatter reads it.</summary>
public sealed class ShellTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("safestore-shell-");

    public ShellTests()
    {
        string tool = Path.Combine(_directory.FullName, "safestore");
        File.WriteAllText(tool, $"#!/bin/sh\nexec {BuiltTool.ShellCommand} \"$@\"\n");
        File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("safestore repai", "repair")]
    [InlineData("safestore cat --po", "--pointer")]
    [InlineData("safestore completion f", "fish")]
    [InlineData("safestore tree --store ./store sb", "sb-1")]
    [InlineData("safestore cat --store ./store sb", "sb-1/")]
    [InlineData("safestore cat --store ./store sb-1/s", "sb-1/state.json")]
    [InlineData("safestore rm --store ./store sb-1/w", "sb-1/web/config.json")]
    [InlineData("safestore diff --store ./none sb", "")]
    public async Task Bash_completes_what_the_tool_and_the_store_know(string line, string expected)
    {
        string store = Path.Combine(_directory.FullName, "store");
        _ = await ToolProcess.RunAsync(["apply", "--store", store], """
            {"sandbox":"sb-1","ops":[{"createSandbox":true},{"put":"state.json","value":1},{"createContainer":"web"}]}
            {"sandbox":"sb-1","ops":[{"put":"config.json","container":"web","root":"config","value":2}]}

            """);
        string script = $$"""
            eval "$(safestore completion bash)"
            COMP_WORDS=({{line}}) COMP_LINE='{{line}}' COMP_POINT={{line.Length}}
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _safestore
            printf '%s\n' "${COMPREPLY[@]}"
            """;

        Assert.Equal(expected, (await RunAsync("bash", "-c", script)).Trim());
    }

    [Theory]
    [InlineData("safestore repai", "repair")]
    [InlineData("safestore cat --po", "--pointer")]
    [InlineData("safestore ls --store ./some", "./somewhere/")]
    public async Task Fish_completes_what_the_tool_knows_and_directories(string line, string expected)
    {
        _ = _directory.CreateSubdirectory("somewhere");

        string found = await RunAsync("fish", "--no-config", "-c", $"safestore completion fish | source; complete -C '{line}'");

        Assert.Equal(expected, found.Split('\t')[0].Trim());
    }

    [Theory]
    [InlineData("safestore repai", "safestore repair")]
    [InlineData("safestore ls --store ./some", "safestore ls --store ./somewhere")]
    public async Task Zsh_completes_what_the_tool_knows_and_directories(string line, string expected)
    {
        _ = _directory.CreateSubdirectory("somewhere");
        string session = $"""
            zmodload zsh/zpty
            zpty z zsh -f -i
            zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; eval "$(safestore completion zsh)"'
            zpty -w z 'bindkey "^I" complete-word; echo REA""DY'
            zpty -r z answer '*READY*'
            zpty -w -n z $'{line}\t; echo EN""D\n'
            zpty -r z answer '*END*'
            print -r -- "$answer"
            zpty -d z
            """;

        Assert.Contains(expected, await RunAsync("zsh", "-f", "-c", session), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_manual_has_every_command_and_option_that_help_has_and_no_fault_of_form()
    {
        string page = Path.Combine(_directory.FullName, "safestore.1");
        string text = await RunAsync(
            "bash", "-c", $"safestore man > {page}; groff -man -ww -z {page} 2>&1; groff -man -Tascii -P-c -P-b -P-u {page}");

        ToolResult help = await ToolProcess.RunAsync(["--help"]);
        string[] commands =
        [
            .. help.Lines.SkipWhile(static line => line != "Commands:").Skip(1)
                .Where(static line => line.StartsWith("  ", StringComparison.Ordinal))
                .Select(static line => line.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)[0]),
        ];
        Assert.Contains("man", commands);
        Assert.All(commands, command => Assert.Contains($"safestore {command}", text, StringComparison.Ordinal));
        Assert.Contains("--accept-loss", text, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", text, StringComparison.OrdinalIgnoreCase);
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = _directory.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_directory.FullName}:{start.Environment["PATH"]}";
        start.Environment["TERM"] = "dumb";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", await errors);
        return output;
    }
}
