using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using Xunit;

namespace SafeStore.Cli.Tests.Change;

/// <summary>What the commands put, rm and checkpoint do to a store in which all is well.</summary>
public sealed class PutTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Put_writes_the_bytes_of_a_file_or_of_stdin_and_says_nothing()
    {
        await _scene.SeedAsync();
        string file = _scene.PathOf("../value.json");
        await File.WriteAllTextAsync(file, "[1,  2.50]\n", TestContext.Current.CancellationToken);

        ToolResult fromFile = await _scene.RunAsync("put", "sb-2/state.json", file);
        ToolResult fromInput = await PutAsync(" {\"n\": 8}", "sb-1/state.json", "--json", "--require", "1");

        Assert.Equal((0, 0, ""), (fromFile.Code, fromFile.Lines.Count, fromFile.Errors));
        Assert.Equal("[1,  2.50]\n", await ReadAsync("run/sb-2/state.json"));
        Assert.Equal((0, ""), (fromInput.Code, fromInput.Errors));
        Assert.Equal(
            """{"operation":"put","sandbox":"sb-1","container":null,"root":"run","file":"state.json","bytes":9,"documents":null"""
            + ""","intents":null,"lsn":4,"dryRun":false,"foreign":null,"quarantines":null}""",
            Assert.Single(fromInput.Lines));
        Assert.Equal(" {\"n\": 8}", await ReadAsync("run/sb-1/state.json"));
    }

    [Fact]
    public async Task Put_makes_a_sandbox_and_a_container_only_if_it_is_told_to()
    {
        await _scene.ApplyAsync();

        ToolResult refused = await PutAsync("1", "sb-1/web/a.json", "--root", "config");
        ToolResult dry = await PutAsync("1", "sb-1/web/a.json", "--root", "config", "--create", "--dry-run");
        Assert.False(Directory.Exists(_scene.PathOf("run/sb-1")));
        ToolResult made = await PutAsync("1", "sb-1/web/a.json", "--root", "config", "--create", "--verbose");
        ToolResult again = await PutAsync("2", "sb-1/web/a.json", "--create");

        Assert.Equal(1, refused.Code);
        Assert.Contains("'sb-1' does not exist", refused.Errors, StringComparison.Ordinal);
        Assert.Equal((0, "would write config:sb-1/web/a.json, 1 bytes"), (dry.Code, Assert.Single(dry.Lines)));
        Assert.Equal((0, "1: wrote config:sb-1/web/a.json, 1 bytes"), (made.Code, Assert.Single(made.Lines)));
        Assert.Equal(0, again.Code);
        Assert.Equal("2", await ReadAsync("config/sb-1/web/a.json"));
    }

    [Fact]
    public async Task What_is_not_the_stores_is_shown_before_a_removal_and_kept_by_it()
    {
        await _scene.SeedAsync();
        _ = Directory.CreateDirectory(_scene.PathOf("run/sb-1/junk"));
        await File.WriteAllTextAsync(_scene.PathOf("run/sb-1/junk/.zz"), "zz", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_scene.PathOf("config/sb-1/.swp"), "swp", TestContext.Current.CancellationToken);

        ToolResult dry = await _scene.RunAsync("rm -r sb-1 --dry-run");
        ToolResult removed = await _scene.RunAsync("rm -r sb-1 --json");

        Assert.Contains(_scene.PathOf("config/sb-1/.swp"), string.Join('\n', dry.Lines), StringComparison.Ordinal);
        Assert.Contains(_scene.PathOf("run/sb-1/junk/.zz"), string.Join('\n', dry.Lines), StringComparison.Ordinal);
        Assert.Equal((0, ""), (removed.Code, removed.Errors));
        string[] quarantines =
        [
            .. JsonElement.Parse(Assert.Single(removed.Lines)).GetProperty("quarantines").EnumerateArray().Select(static each => $"{each}"),
        ];
        Assert.False(Directory.Exists(_scene.PathOf("run/sb-1")));
        Assert.Equal("swp", await File.ReadAllTextAsync($"{quarantines[0]}/documents/sb-1/.swp", TestContext.Current.CancellationToken));
        Assert.Equal("zz", await File.ReadAllTextAsync($"{quarantines[1]}/documents/sb-1/junk/.zz", TestContext.Current.CancellationToken));
        Assert.All(quarantines, static each => Assert.True(File.Exists($"{each}/manifest.json")));
    }

    [Fact]
    public async Task Put_refuses_what_cannot_be_and_changes_nothing()
    {
        await _scene.SeedAsync();

        foreach ((string value, string arguments, string message) in new[]
        {
            ("{\"x\":1,\"x\":2}", "sb-1/state.json", "appears twice"),
            ("1", "sb-1/new.json", "Say in which root it is to be"),
            ("1", "sb-1/state.json --require 7", "is at version 1, not at 7"),
            ("1", "sb-1/web/a.json --root run", "The container 'sb-1/web' does not exist"),
            ("1", "sb-9/state.json --root run --create --require 7 --dry-run", "is at version 0, not at 7"),
            ("1", "sb-2/web --root run --dry-run", "'sb-2/web' is a container"),
            ("123", "sb-1/state.json --document-bytes 2", "larger than the 2 bytes"),
            ("1", "sb-1/state.json /no/such/file", "Could not read '/no/such/file'"),
        })
        {
            ToolResult result = await PutAsync(value, arguments.Split(' '));
            Assert.Equal((arguments, 1, 0), (arguments, result.Code, result.Lines.Count));
            Assert.Contains(message, result.Errors, StringComparison.Ordinal);
        }

        Assert.Equal("{\"n\":0}", await ReadAsync("run/sb-1/state.json"));
    }

    [Fact]
    public async Task Rm_shows_first_and_then_removes_a_document_a_container_and_a_sandbox()
    {
        await _scene.SeedAsync();

        ToolResult dry = await _scene.RunAsync("rm sb-2 --recursive --dry-run");
        Assert.Equal(
            ["would remove the sandbox sb-2:", "  run:sb-2/state.json, 8 bytes", "  config:sb-2/web/config.json, 22 bytes"], dry.Lines);
        Assert.Equal(1, (await _scene.RunAsync("rm sb-2/web")).Code);
        Assert.True(File.Exists(_scene.PathOf("config/sb-2/web/config.json")));
        Assert.Equal(["3: removed run:sb-2/state.json"], (await _scene.RunAsync("rm sb-2/state.json -v")).Lines);
        Assert.False(File.Exists(_scene.PathOf("run/sb-2/state.json")));
        ToolResult container = await _scene.RunAsync("rm sb-2/web -r --json");
        Assert.Equal("removeContainer", JsonElement.Parse(Assert.Single(container.Lines)).GetProperty("operation").GetString());
        ToolResult sandbox = await _scene.RunAsync("rm sb-2 -r");
        Assert.Equal((0, 0, ""), (sandbox.Code, sandbox.Lines.Count, sandbox.Errors));
        Assert.Equal(["sb-1"], _scene.ListSandboxes());
    }

    [Fact]
    public async Task Rm_ends_a_sandbox_that_is_parked()
    {
        await _scene.ParkAsync();

        ToolResult result = await _scene.RunAsync("rm sb-1 --recursive --verbose");

        Assert.Equal((0, ""), (result.Code, result.Errors));
        Assert.Equal(["sb-2"], _scene.ListSandboxes());
    }

    [Fact]
    public async Task Checkpoint_tells_the_watermark()
    {
        await _scene.SeedAsync();

        ToolResult json = await _scene.RunAsync("checkpoint --json");

        Assert.Equal((0, 2), (json.Code, JsonElement.Parse(Assert.Single(json.Lines)).GetProperty("lsn").GetInt32()));
    }

    private Task<ToolResult> PutAsync(string value, params string[] arguments) =>
        ToolProcess.RunAsync(["put", "--store", _scene.Store, .. arguments], value);

    private Task<string> ReadAsync(string path) => File.ReadAllTextAsync(_scene.PathOf(path), TestContext.Current.CancellationToken);
}
