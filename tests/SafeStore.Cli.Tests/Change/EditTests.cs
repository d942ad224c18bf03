using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Change;

/// <summary>What becomes of a document and of what was saved, with sed and the like as editors.</summary>
public sealed partial class EditTests : IDisposable
{
    private readonly LookScene _scene = new();
    private readonly List<string> _kept = [];

    public void Dispose()
    {
        _kept.ForEach(static path => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true));
        _scene.Dispose();
    }

    [Fact]
    public async Task What_is_saved_is_written_without_the_line_end_that_the_editor_adds()
    {
        await _scene.SeedAsync();

        ToolResult result = await EditAsync("printf '{\"n\":5}\\n' >", "sb-1/state.json", "--verbose");

        Assert.Equal((0, ""), (result.Code, result.Errors));
        Assert.Equal("3: wrote run:sb-1/state.json, 7 bytes", Assert.Single(result.Lines));
        Assert.Equal("{\"n\":5}", await ReadAsync());
    }

    [Fact]
    public async Task What_is_saved_unchanged_writes_nothing()
    {
        await _scene.SeedAsync();

        ToolResult result = await EditAsync("touch", "sb-1/state.json", "--verbose");

        Assert.Equal((0, "run:sb-1/state.json is unchanged"), (result.Code, Assert.Single(result.Lines)));
        using var view = StoreView.Open(StoreLayout.At(_scene.Store));
        Assert.Equal(new Lsn(1), view.ReadSandbox("sb-1").Version);
    }

    [Fact]
    public async Task A_damaged_document_can_be_mended()
    {
        await _scene.SeedAsync();
        await File.WriteAllTextAsync(_scene.PathOf("run/sb-1/state.json"), "{\"n\":", TestContext.Current.CancellationToken);

        ToolResult result = await EditAsync("sed -i s/:/:6}/", "sb-1/state.json");

        Assert.Equal((0, ""), (result.Code, result.Errors));
        Assert.Equal("{\"n\":6}", await ReadAsync());
    }

    [Fact]
    public async Task An_edit_of_a_sandbox_that_was_changed_meanwhile_is_refused_and_kept()
    {
        await _scene.SeedAsync();
        string other = $"echo 7 | {BuiltTool.ShellCommand} put sb-1/other.json --root run --store '{_scene.Store}' && sed -i s/0/5/";

        ToolResult result = await EditAsync(other, "sb-1/state.json");

        Assert.Equal((1, "{\"n\":0}"), (result.Code, await ReadAsync()));
        Assert.Contains("is at version 3, not at 1", result.Errors, StringComparison.Ordinal);
        Assert.Equal("{\"n\":5}", await KeptAsync(result));
        string[] advice = Regex.Match(result.Errors, "To write it: safestore (.*)").Groups[1].Value.Split(' ');
        Assert.Equal(0, (await ToolProcess.RunAsync(advice)).Code);
        Assert.Equal("{\"n\":5}", await ReadAsync());
    }

    [Fact]
    public async Task What_is_no_document_is_kept_and_not_written()
    {
        await _scene.SeedAsync();

        ToolResult result = await EditAsync("sed -i s/0/x/", "sb-1/state.json");

        Assert.Equal((1, "{\"n\":0}"), (result.Code, await ReadAsync()));
        Assert.Contains("cannot be a document", result.Errors, StringComparison.Ordinal);
        Assert.Equal("{\"n\":x}", await KeptAsync(result));
    }

    [Fact]
    public async Task What_is_no_document_is_offered_again_at_a_terminal()
    {
        await _scene.SeedAsync();
        string log = _scene.PathOf("../log");
        string command = $"{BuiltTool.ShellCommand} edit sb-1/state.json --store "
            + $"'{_scene.Store}'";
        var start = new ProcessStartInfo("script", ["--quiet", "--return", "--command", command, log])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["VISUAL"] = $"{_scene.PathOf("../editor")}";
        await File.WriteAllTextAsync(
            _scene.PathOf("../editor"), "#!/bin/sh\ngrep -q x \"$1\" && exec sed -i s/x/8/ \"$1\"\nexec sed -i s/0/x/ \"$1\"\n",
            TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_scene.PathOf("../editor"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        using Process terminal = Process.Start(start)!;
        await terminal.StandardInput.WriteAsync("y\n".AsMemory(), TestContext.Current.CancellationToken);
        await terminal.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        string shown = await terminal.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await terminal.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(terminal.ExitCode == 0, shown);
        Assert.Contains("Edit again? [Y/n]", shown, StringComparison.Ordinal);
        Assert.Equal("{\"n\":8}", await ReadAsync());
    }

    [Fact]
    public async Task An_editor_that_fails_writes_nothing()
    {
        await _scene.SeedAsync();

        foreach ((string editor, string message) in new[]
        {
            ("false", "ended with code 1"), ("rm", "removed the file"), (" ", "No editor is set"),
        })
        {
            ToolResult result = await EditAsync(editor, "sb-1/state.json");
            Assert.Equal((editor, 1), (editor, result.Code));
            Assert.Contains(message, result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_an_editor_that_is_killed_has_left_beside_the_file_is_kept()
    {
        await _scene.SeedAsync();
        await File.WriteAllTextAsync(
            _scene.PathOf("../editor"),
            "cd \"$(dirname \"$1\")\"; rm -f \"$1\"; echo swap > .swp; kill -9 $$",
            TestContext.Current.CancellationToken);

        ToolResult result = await EditAsync($"sh {_scene.PathOf("../editor")}", "sb-1/state.json");

        Assert.Equal((1, "{\"n\":0}"), (result.Code, await ReadAsync()));
        string directory = Regex.Match(result.Errors, "has left is kept in '([^']+)'").Groups[1].Value;
        _kept.Add(Path.Combine(directory, ".swp"));
        Assert.Equal("swap\n", await File.ReadAllTextAsync(_kept[0], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_written_and_keeps_the_edit()
    {
        await _scene.SeedAsync();
        IReadOnlyList<string> before = _scene.All();

        ToolResult result = await EditAsync("sed -i s/0/5/", "sb-1/state.json", "--dry-run");

        Assert.Equal(0, result.Code);
        Assert.Equal(before, _scene.All());
        Assert.Equal("{\"n\":5}", await KeptAsync(result with { Errors = Assert.Single(result.Lines) }));
    }

    private async Task<ToolResult> EditAsync(string editor, params string[] arguments)
    {
        string[] behind = ["env", "VISUAL=", $"EDITOR={editor}"];
        return await _scene.RunBehindAsync(behind, string.Join(' ', ["edit", .. arguments]));
    }

    private async Task<string> KeptAsync(ToolResult result)
    {
        string path = KeptPath().Match(result.Errors).Groups[1].Value;
        _kept.Add(path);
        return await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
    }

    private Task<string> ReadAsync() =>
        File.ReadAllTextAsync(_scene.PathOf("run/sb-1/state.json"), TestContext.Current.CancellationToken);

    [GeneratedRegex("The edit is kept in '([^']+)'")]
    private static partial Regex KeptPath();
}
