using System;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using Xunit;

namespace SafeStore.Cli.Tests.Watch;

/// <summary>The commands <c>watch</c> and <c>log --follow</c>.</summary>
public sealed class WatchCommandTests : IDisposable
{
    private const string Change = """{"sandbox":"sb-1","ops":[{"createContainer":"web"},{"put":"state.json","value":{"n": 7}}]}""";

    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Watch_writes_each_change_with_its_content()
    {
        await _scene.SeedAsync();
        using ToolProcess writer = await ChangeAsync();
        using ToolProcess watch = ToolProcess.Start("watch", "--json", "--from", "3", "--store", _scene.Store);

        Assert.Equal(
            """{"lsn":3,"sandboxes":[{"sandbox":"sb-1","kind":"update","heldUp":false,"createdContainers":["web"],"removedContainers":"""
            + """[],"puts":[{"container":null,"root":"run","file":"state.json","value":{"n":7}}],"deletes":[]}]}""",
            await watch.ReadLineAsync());
        await writer.SendAsync("""{"sandbox":"sb-2","ops":[{"delete":"state.json"}]}""");
        JsonElement next = JsonElement.Parse(await watch.ReadLineAsync());
        Assert.Equal(4, next.GetProperty("lsn").GetInt64());
        Assert.Equal(
            """[{"container":null,"root":"run","file":"state.json"}]""",
            next.GetProperty("sandboxes")[0].GetProperty("deletes").GetRawText());
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public async Task Watch_shows_one_sandbox_for_eyes_until_a_signal_ends_it(string signal, int code)
    {
        await _scene.SeedAsync();
        using ToolProcess writer = await ChangeAsync();
        await writer.SendAsync("""{"sandbox":"sb-2","ops":[{"removeSandbox":true}]}""");
        _ = await writer.ReadLineAsync();
        using ToolProcess watch = ToolProcess.Start("watch", "sb-2", "--from", "3", "--store", _scene.Store);
        Assert.Equal("4  sb-2  remove", await watch.ReadLineAsync());
        await SignalAsync(watch, signal);

        Assert.Equal((code, ""), (await watch.WaitAsync(), await watch.Errors));
    }

    [Fact]
    public async Task Watch_and_log_change_nothing()
    {
        await _scene.SeedAsync();
        await _scene.KillAfterAsync(Change);
        var before = _scene.All();
        foreach (string command in new[] { "watch --from 3", "log --follow --from 3" })
        {
            using ToolProcess tool = ToolProcess.Start([.. command.Split(' '), "--store", _scene.Store]);
            Assert.StartsWith("3  ", await tool.ReadLineAsync(), StringComparison.Ordinal);
            await SignalAsync(tool, "TERM");
            _ = await tool.WaitAsync();
        }

        Assert.Equal(before, _scene.All());
    }

    [Fact]
    public async Task Log_goes_on_with_follow()
    {
        await _scene.SeedAsync();
        using ToolProcess writer = await ChangeAsync();
        using ToolProcess json = ToolProcess.Start("log", "--follow", "--json", "--store", _scene.Store);
        using ToolProcess text = ToolProcess.Start("log", "--follow", "--store", _scene.Store);
        JsonElement first = JsonElement.Parse(await json.ReadLineAsync());
        Assert.Equal(3, first.GetProperty("lsn").GetInt64());
        Assert.Equal(
            $"3  0000000000000003.log  {first.GetProperty("written").GetDateTimeOffset():yyyy-MM-dd HH:mm:ss}Z  "
            + first.GetProperty("bytes").GetInt64().ToString(CultureInfo.InvariantCulture)
            + "  sb-1  create web/, put run:state.json (8)", await text.ReadLineAsync());
        await writer.SendAsync("""{"sandbox":"sb-2","ops":[{"delete":"state.json"}]}""");

        Assert.Equal(4, JsonElement.Parse(await json.ReadLineAsync()).GetProperty("lsn").GetInt64());
        Assert.Contains("delete run:state.json", await text.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_that_the_log_does_not_hold_are_named()
    {
        await _scene.SeedAsync();

        ToolResult old = await _scene.RunAsync("watch --from 1");
        ToolResult ahead = await _scene.RunAsync("watch --from 9");

        Assert.Equal((1, 0, 1), (old.Code, old.Lines.Count, ahead.Code));
        Assert.Contains("the oldest that it holds is LSN 3", old.Errors, StringComparison.Ordinal);
        Assert.Contains("the store's last transaction is LSN 2", ahead.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("watch --from x", 64, "--from must be an LSN")]
    [InlineData("watch a/b", 64, "cannot be the id of a sandbox")]
    public async Task A_wrong_command_line_is_refused_in_one_line(string command, int code, string message)
    {
        ToolResult result = await _scene.RunAsync(command);

        Assert.Equal(code, result.Code);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_faulted_store_ends_it_with_the_code_for_that()
    {
        await _scene.FaultAsync();

        ToolResult result = await _scene.RunAsync("watch");

        Assert.Equal((3, 0), (result.Code, result.Lines.Count));
        Assert.Contains("faulted", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_whose_log_is_damaged_or_that_is_not_there_is_an_error()
    {
        ToolResult missing = await _scene.RunAsync("watch");
        await _scene.DamageLogAsync();
        ToolResult damaged = await _scene.RunAsync("watch");

        Assert.Equal((1, 1), (missing.Code, damaged.Code));
        Assert.Contains("does not exist", missing.Errors, StringComparison.Ordinal);
        Assert.Contains("its header is damaged", damaged.Errors, StringComparison.Ordinal);
    }

    private static async Task SignalAsync(ToolProcess tool, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", tool.Process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A process that has the store open and has made LSN 3, so that the log holds it.</summary>
    private async Task<ToolProcess> ChangeAsync()
    {
        ToolProcess writer = ToolProcess.Start("apply", "--store", _scene.Store);
        await writer.SendAsync(Change);
        _ = await writer.ReadLineAsync();
        return writer;
    }
}
