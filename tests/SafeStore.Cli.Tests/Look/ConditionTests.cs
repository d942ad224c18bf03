using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary>Each command that looks on stores of all conditions: what it shows, its exit code, and that it leaves all as it is.</summary>
public sealed class ConditionTests : IDisposable
{
    private static readonly string[] s_commands =
    [
        "ls", "ls --long", "tree", "cat sb-2/state.json --pointer /n", "status", "locks", "log", "ls --json", "tree --json",
        "status --json",
    ];

    private readonly LookScene _scene = new();

    public static TheoryData<string> Commands => [.. s_commands];

    public void Dispose() => _scene.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_store_that_does_not_exist_is_not_made(string command)
    {
        ToolResult result = await _scene.RunAsync(command);

        Assert.Equal((1, 0), (result.Code, result.Lines.Count));
        Assert.Contains("does not exist. Check the path", result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scene.Store));
    }

    [Fact]
    public async Task An_empty_store_has_nothing_to_show()
    {
        await _scene.ApplyAsync();

        Assert.Empty((await _scene.RunAsync("ls")).Lines);
        Assert.Empty((await _scene.RunAsync("tree")).Lines);
        Assert.Empty((await _scene.RunAsync("locks --json")).Lines);
        Assert.Empty((await _scene.RunAsync("log --json")).Lines);
        Assert.Equal(0, StatusOf(await _scene.RunAsync("status --json"), 0).GetProperty("sandboxes").GetInt32());
    }

    [Fact]
    public async Task A_read_only_mount_is_enough()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A mount needs root.");
        await _scene.SeedAsync();
        string[] behind = ["unshare", "-m", "sh", "-ec", $"mount --bind '{_scene.Store}' '{_scene.Store}'; "
            + $"mount -o remount,ro,bind '{_scene.Store}'; exec \"$@\"", "sh"];

        await AssertAllAsync(command => _scene.RunBehindAsync(behind, command), 0);
    }

    [Fact]
    public async Task The_right_to_read_is_enough()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Another user needs root.");
        await _scene.SeedAsync();
        await LetInAsync();

        await AssertAllAsync(command => _scene.RunBehindAsync(LookScene.OtherUser, command), 0);
    }

    [Fact]
    public async Task A_store_that_may_not_be_read_is_not_called_missing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Another user needs root.");
        await _scene.SeedAsync();
        File.SetUnixFileMode(Path.GetDirectoryName(_scene.Store)!, UnixFileMode.UserRead | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        foreach (string command in s_commands.Append("dump"))
        {
            ToolResult result = await _scene.RunBehindAsync(LookScene.OtherUser, command);
            Assert.Equal((1, 0), (result.Code, result.Lines.Count));
            Assert.Contains("EACCES", result.Errors, StringComparison.Ordinal);
            Assert.Contains(_scene.Store, result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_lock_that_a_process_holds_is_waited_for()
    {
        await _scene.SeedAsync();
        await using StateStore holder = await StateStore.OpenAsync(StoreLayout.At(_scene.Store));
        await using SandboxLock held = await holder.LockAsync("sb-2");

        await AssertAllAsync(command => _scene.RunAsync(command), 0);
    }

    [Fact]
    public async Task A_store_that_needs_recovery_is_shown_and_not_recovered()
    {
        await _scene.LeavePendingAsync();

        await AssertAllAsync(command => _scene.RunAsync(command), 2, "1 durable transaction is not visible yet");

        Assert.Equal(1, StatusOf(await _scene.RunAsync("status --json"), 2).GetProperty("pendingTransactions").GetInt32());
    }

    [Fact]
    public async Task A_faulted_store_is_shown()
    {
        await _scene.FaultAsync();

        await AssertAllAsync(command => _scene.RunAsync(command), 2, "The store is faulted");

        Assert.Equal("faulted", StatusOf(await _scene.RunAsync("status --json"), 2).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_store_with_a_damaged_log_is_shown()
    {
        await _scene.DamageLogAsync();

        await AssertAllAsync(command => _scene.RunAsync(command), 2, "its header is damaged");
    }

    [Fact]
    public async Task A_parked_sandbox_is_named_and_the_others_are_shown()
    {
        await _scene.ParkAsync();

        await AssertAllAsync(command => _scene.RunAsync(command), 2, "'sb-1' is parked");

        ToolResult status = await _scene.RunAsync("status --json");
        Assert.Equal("""[{"sandbox":"sb-1","lsn":3}]""", StatusOf(status, 2).GetProperty("parked").GetRawText());
        string told = Assert.Single(status.Errors.Split('\n')[..^1]); // nothing is said to wait for an opening
        Assert.Contains($"this is in the way: '{_scene.PathOf("run/sb-1/state.json")}'", told, StringComparison.Ordinal);
        Assert.Contains("'safestore repair --apply-parked sb-1'", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_of_a_newer_format_is_shown_as_far_as_it_goes()
    {
        await _scene.SetFormatAsync(3);

        await AssertAllAsync(command => _scene.RunAsync(command), 2, "format 3");

        Assert.Equal(3, StatusOf(await _scene.RunAsync("status --json"), 2).GetProperty("format").GetInt32());
    }

    [Fact]
    public async Task A_store_whose_run_root_is_lost_is_shown_as_far_as_it_goes()
    {
        await _scene.SeedAsync();
        Directory.Delete(_scene.PathOf("run"), recursive: true);

        ToolResult ls = await _scene.RunAsync("ls");

        Assert.Equal(2, ls.Code);
        Assert.Equal(["sb-1", "sb-2"], ls.Lines);
        Assert.Contains(_scene.PathOf("run"), ls.Errors, StringComparison.Ordinal);
    }

    /// <summary>Every command shows what it can, has this exit code and message, and changes nothing.</summary>
    private async Task AssertAllAsync(Func<string, Task<ToolResult>> run, int code, string? told = null)
    {
        IReadOnlyList<string> before = _scene.All();
        foreach (string command in s_commands)
        {
            ToolResult result = await run(command);
            Assert.True(result.Code == code, $"{command}: {result.Code}, {result.Errors}{string.Join('\n', result.Lines)}");
            Assert.Contains(told ?? "", result.Errors, StringComparison.Ordinal);
            Assert.True(code != 0 || result.Errors.Length == 0, $"{command}: {result.Errors}");
            Assert.True(command is "log" or "locks" || result.Lines.Count > 0, $"{command} shows nothing");
        }

        Assert.Equal(before, _scene.All());
    }

    private async Task LetInAsync()
    {
        using Process process = Process.Start("chgrp", ["--recursive", "65534", Path.GetDirectoryName(_scene.Store)!]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        File.SetUnixFileMode(
            Path.GetDirectoryName(_scene.Store)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
    }

    private static JsonElement StatusOf(ToolResult result, int code)
    {
        Assert.Equal(code, result.Code);
        return JsonElement.Parse(Assert.Single(result.Lines));
    }
}
