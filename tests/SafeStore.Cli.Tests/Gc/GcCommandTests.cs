using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.Sandboxes;
using Xunit;

namespace SafeStore.Cli.Tests.Gc;

/// <summary><c>safestore gc</c> on a store of three sandboxes: one's process is gone, one's lives, and one names none.</summary>
public sealed class GcCommandTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task It_shows_what_is_abandoned_and_changes_nothing_and_removes_it_when_told()
    {
        await SeedAsync();
        IReadOnlyList<string> before = _scene.All();

        ToolResult shown = await _scene.RunAsync("gc --own-pids --json");
        ToolResult dry = await _scene.RunAsync("gc --own-pids --dry-run");
        Assert.Equal(before, _scene.All());
        ToolResult removed = await _scene.RunAsync("gc --own-pids --remove --json");

        JsonElement line = JsonElement.Parse(Assert.Single(shown.Lines));
        Assert.Equal((2, ""), (shown.Code, shown.Errors));
        Assert.Equal(
            "sandbox,verdict,state,processes,intents,errors,removed,quarantines",
            string.Join(',', line.EnumerateObject().Select(static each => each.Name)));
        Assert.Equal(
            """[{"container":null,"file":"state.json","pid":2147483647,"verdict":"gone"}]""", line.GetProperty("processes").GetRawText());
        Assert.Equal(
            ("gone", "gone", "running", JsonValueKind.Null),
            (line.GetProperty("sandbox").GetString(), line.GetProperty("verdict").GetString(), line.GetProperty("state").GetString(),
                line.GetProperty("removed").ValueKind));
        Assert.Equal(2, dry.Code);
        Assert.Equal(["gone gone, running", "    gone: process 2147483647 of state.json"], dry.Lines);
        Assert.Equal((0, ""), (removed.Code, removed.Errors));
        Assert.True(JsonElement.Parse(Assert.Single(removed.Lines)).GetProperty("removed").GetInt64() > 0);
        Assert.Equal(["living", "none"], (await _scene.RunAsync("ls")).Lines);
        ToolResult again = await _scene.RunAsync("gc --own-pids --remove");
        Assert.Equal((0, 0, ""), (again.Code, again.Lines.Count, again.Errors));
    }

    [Fact]
    public async Task What_is_still_to_be_undone_is_listed_and_keeps_the_sandbox_until_it_is_to_be_forgotten()
    {
        await SeedAsync(isIntended: true);

        ToolResult left = await _scene.RunAsync("gc --own-pids --remove");
        Assert.True(Directory.Exists(_scene.PathOf("config/gone")));
        ToolResult removed = await _scene.RunAsync("gc --own-pids --remove --forget-intents gone");

        Assert.Equal((2, ""), (left.Code, left.Errors));
        Assert.Equal("""    to undo: 1 netns {"path":"/run/netns/x"}""", left.Lines[^1]);
        Assert.Equal((0, ""), (removed.Code, removed.Errors));
        Assert.Equal("""    forgotten: 1 netns {"path":"/run/netns/x"}""", removed.Lines[^1]);
        Assert.False(Directory.Exists(_scene.PathOf("config/gone")));
    }

    [Fact]
    public async Task In_a_container_where_no_process_of_the_machine_is_to_be_seen_nothing_is_taken_for_abandoned()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A namespace needs root.");
        await SeedAsync();

        ToolResult result = await _scene.RunBehindAsync(["unshare", "--pid", "--fork", "--mount-proc"], "gc --remove");

        Assert.Equal((1, 0), (result.Code, result.Lines.Count));
        Assert.Contains("--own-pids", result.Errors, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_scene.PathOf("config/living")));
    }

    [Theory]
    [InlineData("gc --forget-intents")]
    [InlineData("gc --remove --dry-run")]
    [InlineData("gc -x")]
    public async Task A_wrong_command_line_is_told_in_one_line(string command)
    {
        ToolResult result = await _scene.RunAsync(command);

        Assert.Equal((64, 0), (result.Code, result.Lines.Count));
        Assert.Equal(1, result.Errors.Count(static each => each == '\n'));
    }

    [Theory]
    [InlineData("gc --own-pids", "There is no store")]
    [InlineData("gc --own-pids other", "other")]
    public async Task What_does_not_exist_is_told(string command, string expected)
    {
        if (command.EndsWith("other", StringComparison.Ordinal))
        {
            await SeedAsync();
        }

        ToolResult result = await _scene.RunAsync(command);

        Assert.Equal(1, result.Code);
        Assert.Contains(expected, result.Errors, StringComparison.Ordinal);
    }

    private async Task SeedAsync(bool isIntended = false)
    {
        await using SandboxStore store = await SandboxStore.OpenAsync(StoreLayout.At(_scene.Store));
        using var self = Process.GetCurrentProcess();
        foreach ((string sandbox, long pid) in new[] { ("gone", int.MaxValue), ("living", self.Id), ("none", 0L) })
        {
            _ = await store.CreateAsync(new NewSandbox(sandbox) { State = new State { Lifecycle = Lifecycle.Running, Pid = pid } });
        }

        if (isIntended)
        {
            await using ModelLock held = await store.LockAsync("gone");
            _ = await held.IntendJsonAsync("netns", JsonElement.Parse("""{"path":"/run/netns/x"}"""u8));
        }
    }
}
