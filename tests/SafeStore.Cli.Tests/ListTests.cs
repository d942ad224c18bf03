using System;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Sandboxes;
using Xunit;

namespace SafeStore.Cli.Tests;

public sealed class ListTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Every_sandbox_is_listed_with_its_state_and_what_is_to_be_undone()
    {
        await using (SandboxStore store = await SandboxStore.OpenAsync(StoreLayout.At(_fixture.Store)))
        {
            await store.CreateAsync(
                new NewSandbox(
                "sb-1")
                {
                    State = new State { Lifecycle = Lifecycle.Running },
                    Containers =
                [new NewContainer("web") { State = new State { Lifecycle = Lifecycle.Ready } }]
                });
            await using ModelLock dying = await store.LockNewAsync("sb-2");
            await dying.IntendJsonAsync("netns", JsonElement.Parse("""{"path":"/run/netns/x"}"""));
        }

        ToolResult table = await ToolProcess.RunAsync(["list", "--store", _fixture.Store]);
        ToolResult json = await ToolProcess.RunAsync(["list", "--store", _fixture.Store, "--json"]);

        Assert.Equal((2, 2), (table.Code, json.Code));
        Assert.Contains("sb-1     running            1        0       0", table.Lines);
        Assert.Contains("sb-2     creating           0        1       0", table.Lines);
        Assert.Contains("""    to undo: 1 netns {"path":"/run/netns/x"}, tried 0 times""", table.Lines);
        Assert.Equal(
            ["""{"sandbox":"sb-1","state":"running","creating":false,"containers":[{"container":"web","state":"ready"}],"intents":"""
                + """[],"errors":[]}""",
             """{"sandbox":"sb-2","state":null,"creating":true,"containers":[],"intents":[{"number":1,"kind":"netns","payload":"""
                 + """{"path":"/run/netns/x"},"attempts":0,"lastError":null}],"errors":[]}"""],
            json.Lines);
    }

    [Fact]
    public async Task A_damaged_document_is_told_and_hides_no_other_sandbox()
    {
        await _fixture.ApplyAsync(StoreFixture.CreateSandbox, StoreFixture.CreateSandbox.Replace("sb-1", "sb-2", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(_fixture.Store, "run/sb-1/state.json"), string.Empty);

        ToolResult list = await ToolProcess.RunAsync(["list", "--store", _fixture.Store, "--json"]);

        Assert.Equal((2, 2), (list.Code, list.Lines.Count));
        Assert.Equal("corrupt", JsonElement.Parse(list.Lines[0]).GetProperty("errors")[0].GetProperty("code").GetString());
        Assert.Equal(0, JsonElement.Parse(list.Lines[1]).GetProperty("errors").GetArrayLength());
    }

    [Fact]
    public async Task A_store_in_which_all_is_well_is_listed_with_exit_code_0()
    {
        await _fixture.ApplyAsync(StoreFixture.CreateSandbox);

        Assert.Equal(0, (await ToolProcess.RunAsync(["list", "--store", _fixture.Store])).Code);
        Assert.Equal(1, (await ToolProcess.RunAsync(["list", "--store", _fixture.Store + "-not"])).Code);
    }

    [Fact]
    public async Task A_store_that_has_lost_a_root_is_not_said_to_be_well()
    {
        await _fixture.ApplyAsync(StoreFixture.CreateSandbox);
        Directory.Delete(Path.Combine(_fixture.Store, "run"), recursive: true);

        ToolResult gone = await ToolProcess.RunAsync(["list", "--store", _fixture.Store]);
        Directory.CreateDirectory(Path.Combine(_fixture.Store, "run"));
        ToolResult empty = await ToolProcess.RunAsync(["list", "--store", _fixture.Store]);

        Assert.Equal((1, 0, 1, 0), (gone.Code, gone.Lines.Count, empty.Code, empty.Lines.Count));
        Assert.Contains("run' does not exist", gone.Errors, StringComparison.Ordinal);
        Assert.Contains("run", empty.Errors, StringComparison.Ordinal);
    }
}
