using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary>What the commands status, locks and log print.</summary>
public sealed class StatusTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Status_has_one_object_with_these_members()
    {
        await _scene.SeedAsync();

        ToolResult result = await _scene.RunAsync("status --json");

        JsonElement status = JsonElement.Parse(Assert.Single(result.Lines));
        Assert.Equal((0, ""), (result.Code, result.Errors));
        Assert.Equal(
            "state,format,store,roots,sandboxes,containers,documents,bytes,pendingTransactions,watermark,log,parked,overruled,scratch,"
            + "processes,problems",
            Names(status));
        Assert.Equal("root,path,metadata,id,filesystem", Names(status.GetProperty("roots")[0]));
        Assert.Equal("kind,journal,volatile,mount,source,options", Names(status.GetProperty("roots")[1].GetProperty("filesystem")));
        Assert.Equal("path,segments,bytes,spareBytes,lastLsn,heldUpBy", Names(status.GetProperty("log")));
        Assert.Equal(
            ("closed", 2, 2, 1, 3, 37, 0, 2, 2),
            (status.GetProperty("state").GetString(), Number(status, "format"), Number(status, "sandboxes"), Number(status, "containers"),
                Number(status, "documents"), Number(status, "bytes"), Number(status, "pendingTransactions"), Number(status, "watermark"),
                Number(status.GetProperty("log"), "lastLsn")));
        Assert.Equal("""{"files":0,"bytes":0}""", status.GetProperty("scratch").GetRawText());
        Assert.Equal(_scene.PathOf("run"), status.GetProperty("roots")[1].GetProperty("path").GetString());
    }

    [Fact]
    public async Task Status_names_the_processes_that_have_the_store_open()
    {
        await _scene.SeedAsync();
        await using StateStore holder = await StateStore.OpenAsync(StoreLayout.At(_scene.Store));

        ToolResult json = await _scene.RunAsync("status --json");
        ToolResult text = await _scene.RunAsync("status");

        JsonElement status = JsonElement.Parse(Assert.Single(json.Lines));
        Assert.Equal((0, "open"), (json.Code, status.GetProperty("state").GetString()));
        JsonElement process = Assert.Single(status.GetProperty("processes").EnumerateArray());
        Assert.Equal((Environment.ProcessId, "shared"), (Number(process, "pid"), process.GetProperty("mode").GetString()));
        Assert.Contains(text.Lines, line => line.StartsWith("open in", StringComparison.Ordinal)
            && line.Contains($"pid {Environment.ProcessId} (", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Status_tells_which_sandbox_holds_up_the_log()
    {
        await _scene.SeedAsync();
        await _scene.KillAfterAsync("""{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":7}}]}""");
        await _scene.WriteCommittingAsync("sb-1", version: 1);

        ToolResult json = await _scene.RunAsync("status --json");
        ToolResult text = await _scene.RunAsync("status");

        Assert.Equal(
            """[{"sandbox":"sb-1","lsn":3,"holders":[]}]""",
            JsonElement.Parse(Assert.Single(json.Lines)).GetProperty("log").GetProperty("heldUpBy").GetRawText());
        Assert.Contains("  held up by  sb-1 since LSN 3: its process died", text.Lines);
    }

    [Fact]
    public async Task Status_tells_of_what_was_left_behind_and_of_what_was_overruled()
    {
        await _scene.SeedAsync();
        _ = Directory.CreateDirectory(_scene.PathOf("run/.safestore/scratch/0123456789abcdef/tree"));
        await File.WriteAllTextAsync(_scene.PathOf("run/.safestore/scratch/0123456789abcdef/tree/staged"), "12345");
        string kept = _scene.PathOf("run/.safestore/overruled/sb-1/state.json.0123456789abcdef");
        _ = Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        await File.WriteAllTextAsync(kept, "{}");

        ToolResult result = await _scene.RunAsync("status --json");

        JsonElement status = JsonElement.Parse(Assert.Single(result.Lines));
        Assert.Equal(0, result.Code);
        Assert.Equal("""{"files":1,"bytes":5}""", status.GetProperty("scratch").GetRawText());
        Assert.Equal(
            ["""{"root":"run","sandbox":"sb-1","path":"KEPT"}""".Replace("KEPT", kept, StringComparison.Ordinal)],
            status.GetProperty("overruled").EnumerateArray().Select(static each => each.GetRawText()));
    }

    [Fact]
    public async Task Locks_names_holders_and_waiters()
    {
        await _scene.SeedAsync();
        Assert.Empty((await _scene.RunAsync("locks --json")).Lines);
        await using StateStore one = await StateStore.OpenAsync(StoreLayout.At(_scene.Store));
        await using StateStore other = await StateStore.OpenAsync(StoreLayout.At(_scene.Store));
        SandboxLock held = await one.LockAsync("sb-2");
        Task<SandboxLock> waiting = other.LockAsync("sb-2", timeout: TimeSpan.FromMinutes(10)).AsTask();

        JsonElement sandbox;
        do
        {
            ToolResult result = await _scene.RunAsync("locks --json");
            Assert.Equal((0, ""), (result.Code, result.Errors));
            JsonElement open = JsonElement.Parse(result.Lines[0]);
            Assert.Equal("lock,sandbox,number,holders,waiters", Names(open));
            Assert.Equal(("open", 2), (open.GetProperty("lock").GetString(), open.GetProperty("holders").GetArrayLength()));
            sandbox = JsonElement.Parse(result.Lines[^1]);
        }
        while (sandbox.GetProperty("waiters").GetArrayLength() == 0); // until the other has announced itself

        Assert.Equal("sb-2", sandbox.GetProperty("sandbox").GetString());
        JsonElement holder = Assert.Single(sandbox.GetProperty("holders").EnumerateArray());
        Assert.Equal("pid,command,mode,started", Names(holder));
        Assert.Equal((Environment.ProcessId, "exclusive"), (Number(holder, "pid"), holder.GetProperty("mode").GetString()));
        Assert.Equal(Environment.ProcessId, Number(sandbox.GetProperty("waiters")[0], "pid"));
        Assert.Contains((await _scene.RunAsync("locks")).Lines, static line => line.StartsWith("sandbox sb-2  exclusive  pid ",
            StringComparison.Ordinal));
        await held.DisposeAsync();
        await (await waiting).DisposeAsync();
    }

    [Fact]
    public async Task Log_shows_the_transactions_oldest_first()
    {
        await _scene.SeedAsync();
        await _scene.KillAfterAsync(
            """{"sandboxes":[{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":7}},{"delete":"old.json"}]},"""
            + """{"sandbox":"sb-2","ops":[{"removeContainer":"web"},{"createContainer":"db"}]}]}""");
        await _scene.KillAfterAsync("""{"sandbox":"sb-2","ops":[{"removeSandbox":true}]}""");

        ToolResult json = await _scene.RunAsync("log --json --from 3");
        ToolResult text = await _scene.RunAsync("log --from 4");

        Assert.Equal((0, "", 0), (json.Code, json.Errors, text.Code));
        JsonElement[] all = [.. json.Lines.Select(static line => JsonElement.Parse(line))];
        Assert.NotEmpty(all);
        Assert.Equal(4, Number(all[^1], "lsn"));
        Assert.Equal("lsn,segment,written,bytes,sandboxes", Names(all[^1]));
        Assert.Equal(
            """[{"sandbox":"sb-2","kind":"remove","createdContainers":[],"removedContainers":[],"puts":[],"deletes":[]}]""",
            all[^1].GetProperty("sandboxes").GetRawText());
        Assert.Equal("LSN  segment  segment written  bytes  sandbox  operations".Replace(" ", "", StringComparison.Ordinal),
            text.Lines[0].Replace(" ", "", StringComparison.Ordinal));
        Assert.EndsWith("sb-2     remove", text.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_tells_what_a_transaction_over_several_sandboxes_does_to_each()
    {
        await _scene.SeedAsync();
        await _scene.KillAfterAsync(
            """{"sandboxes":[{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":7}},{"delete":"old.json"}]},"""
            + """{"sandbox":"sb-2","ops":[{"removeContainer":"web"},{"createContainer":"db"}]}]}""");

        ToolResult json = await _scene.RunAsync("log --json --from 3");
        ToolResult text = await _scene.RunAsync("log --from 3");

        Assert.Equal(
            """[{"sandbox":"sb-1","kind":"update","createdContainers":[],"removedContainers":[],"puts":[{"container":null,"root":"run","""
            + "\"file\":\"state.json\"" + ""","bytes":7}],"deletes":[{"container":null,"root":"run","file":"old.json"}]},"""
            + """{"sandbox":"sb-2","kind":"update","createdContainers":["db"],"removedContainers":["web"],"puts":[],"deletes":[]}]""",
            JsonElement.Parse(Assert.Single(json.Lines)).GetProperty("sandboxes").GetRawText());
        Assert.EndsWith("sb-1     delete run:old.json, put run:state.json (7)", text.Lines[1], StringComparison.Ordinal);
        Assert.EndsWith("sb-2     remove web/, create db/", text.Lines[2], StringComparison.Ordinal);
    }

    private static string Names(JsonElement element) => string.Join(',', element.EnumerateObject().Select(static each => each.Name));

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();
}
