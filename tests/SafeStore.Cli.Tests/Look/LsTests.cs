using System;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary>What the commands ls, tree, cat and dump print of a store in which all is well.</summary>
public sealed class LsTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Ls_lists_the_sandboxes_one_a_line()
    {
        await _scene.SeedAsync();

        ToolResult names = await _scene.RunAsync("ls");
        ToolResult json = await _scene.RunAsync("ls --json");

        Assert.Equal((0, "", 0, ""), (names.Code, names.Errors, json.Code, json.Errors));
        Assert.Equal(["sb-1", "sb-2"], names.Lines);
        Assert.Equal(["""{"sandbox":"sb-1"}""", """{"sandbox":"sb-2"}"""], json.Lines);
    }

    [Fact]
    public async Task Ls_long_tells_numbers_sizes_versions_and_lock_words()
    {
        await _scene.SeedAsync();

        ToolResult table = await _scene.RunAsync("ls --long");
        ToolResult json = await _scene.RunAsync("ls --long --json");

        Assert.Equal(
            [
                "sandbox  containers  documents  bytes  version  lock word",
                "sb-1              0          1      7        1  idle",
                "sb-2              1          2     30        2  idle",
            ],
            table.Lines);
        Assert.Equal(
            [
                """{"sandbox":"sb-1","containers":0,"documents":1,"bytes":7,"version":1,"word":"idle","problems":[]}""",
                """{"sandbox":"sb-2","containers":1,"documents":2,"bytes":30,"version":2,"word":"idle","problems":[]}""",
            ],
            json.Lines);
    }

    [Fact]
    public async Task Tree_shows_what_is_in_all_sandboxes_or_in_one()
    {
        await _scene.SeedAsync();

        ToolResult all = await _scene.RunAsync("tree");
        ToolResult one = await _scene.RunAsync("tree sb-2 --json");

        Assert.Equal(
            [
                "sb-1  7 bytes, idle, version 1",
                "└── state.json  run, 7 bytes",
                "sb-2  30 bytes, idle, version 2",
                "├── state.json  run, 8 bytes",
                "└── web/",
                "    └── config.json  config, 22 bytes",
            ],
            all.Lines);
        Assert.Equal(
            [
                """{"sandbox":"sb-2","bytes":30,"containers":["web"],"documents":[{"container":null,"root":"run","file":"""
                + "\"state.json\"" + ""","bytes":8},{"container":"web","root":"config","file":"config.json","bytes":22}],"problems":[]}""",
            ],
            one.Lines);
    }

    [Fact]
    public async Task Cat_writes_the_bytes_as_they_stand_and_a_value_by_its_pointer()
    {
        await _scene.SeedAsync();

        Assert.Equal("""{"n": 1}""", (await _scene.RunTextAsync("cat sb-2/state.json")).Output);
        Assert.Equal("""{"n": 1}""", (await _scene.RunTextAsync("get sb-2/state.json --root run")).Output);
        Assert.Equal(["""{"~":"x"}"""], (await _scene.RunAsync("cat sb-2/web/config.json --pointer /a~1b/1")).Lines);
        Assert.Equal(["\"x\""], (await _scene.RunAsync("cat sb-2/web/config.json --pointer /a~1b/1/~0")).Lines);
        Assert.Equal(
            [
                """{"sandbox":"sb-2","container":"web","root":"config","file":"config.json","bytes":22,"pointer":"/a~1b/0","value":10"""
                + ""","error":null}""",
            ],
            (await _scene.RunAsync("cat sb-2/web/config.json --json --pointer /a~1b/0")).Lines);
    }

    [Theory]
    [InlineData("tree sb-3", "sb-3")]
    [InlineData("cat sb-1/none.json", "safestore tree sb-1")]
    [InlineData("cat sb-1/state.json --root config", "config:sb-1/state.json")]
    [InlineData("cat sb-1/state.json --pointer /m", "no value at '/m'")]
    [InlineData("dump sb-3", "sb-3")]
    public async Task What_is_not_there_is_an_error_that_names_it(string command, string named)
    {
        await _scene.SeedAsync();

        ToolResult result = await _scene.RunAsync(command);

        Assert.Equal((1, 0), (result.Code, result.Lines.Count));
        Assert.Contains(named, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_both_roots_have_needs_a_root()
    {
        await _scene.SeedAsync();
        await _scene.ApplyAsync("""{"sandbox":"sb-1","ops":[{"put":"state.json","root":"config","value":5}]}""");

        ToolResult both = await _scene.RunAsync("cat sb-1/state.json");

        Assert.Equal(1, both.Code);
        Assert.Contains("--root config or --root run", both.Errors, StringComparison.Ordinal);
        Assert.Equal("5", (await _scene.RunTextAsync("cat sb-1/state.json --root config")).Output);
    }

    [Fact]
    public async Task A_document_that_is_no_JSON_is_written_as_it_stands_and_is_a_finding()
    {
        await _scene.SeedAsync();
        await System.IO.File.WriteAllTextAsync(_scene.PathOf("run/sb-1/state.json"), "{", TestContext.Current.CancellationToken);

        (string output, ToolResult whole) = await _scene.RunTextAsync("cat sb-1/state.json");
        ToolResult value = await _scene.RunAsync("cat sb-1/state.json --pointer /n");

        Assert.Equal((2, "{"), (whole.Code, output));
        Assert.Contains("run/sb-1/state.json", whole.Errors, StringComparison.Ordinal);
        Assert.Equal((1, 0), (value.Code, value.Lines.Count));
    }

    [Fact]
    public async Task Dump_of_a_sandbox_shows_no_other()
    {
        await _scene.SeedAsync();

        ToolResult result = await _scene.RunAsync("dump sb-1");

        Assert.Equal(0, result.Code);
        Assert.Equal(["""{"sandbox":"sb-1","container":null,"root":"run","file":"state.json","value":{"n":0}}"""], result.Lines);
    }

    [Theory]
    [InlineData("TERM=xterm", true)]
    [InlineData("NO_COLOR=1", false)]
    [InlineData("TERM=dumb", false)]
    public async Task Headings_have_a_style_on_a_terminal_that_may_have_it(string variable, bool isStyled)
    {
        await _scene.SeedAsync();
        string[] terminal = ["bash", "-c", "printf -v line '%q ' \"$@\"; exec script -qec \"$line\" /dev/null", "bash"];

        ToolResult result = await _scene.RunBehindAsync(["env", "-u", "NO_COLOR", "TERM=xterm", variable, .. terminal], "ls --long");

        Assert.Equal(0, result.Code);
        Assert.Equal(isStyled, string.Concat(result.Lines).Contains("\u001b[1msandbox\u001b[0m", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cat")]
    [InlineData("cat sb-1")]
    [InlineData("cat sb-1/lock")]
    [InlineData("cat sb-1/../x")]
    [InlineData("cat sb-1/x --root both")]
    [InlineData("cat sb-1/x --pointer x")]
    [InlineData("cat sb-1/x --pointer /~2")]
    [InlineData("tree a/b")]
    [InlineData("log --from -1")]
    [InlineData("ls --frob")]
    [InlineData("status x")]
    public async Task A_wrong_command_line_is_told_in_one_line(string command)
    {
        ToolResult result = await _scene.RunAsync(command);

        Assert.Equal((64, 0), (result.Code, result.Lines.Count));
        string line = Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.EndsWith($"See 'safestore {command.Split(' ')[0]} --help'.", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"n\":")]
    [InlineData("{\"n\":\"\\ud800\"}")]
    public async Task A_document_that_is_damaged_or_has_text_that_stands_for_nothing_is_told_in_json(string content)
    {
        await _scene.SeedAsync();
        await File.WriteAllTextAsync(_scene.PathOf("run/sb-1/state.json"), content, TestContext.Current.CancellationToken);

        ToolResult result = await _scene.RunAsync("cat sb-1/state.json --json");

        Assert.Equal(2, result.Code);
        JsonElement line = JsonElement.Parse(Assert.Single(result.Lines));
        Assert.Equal(JsonValueKind.Null, line.GetProperty("value").ValueKind);
        Assert.Contains("sb-1/state.json", line.GetProperty("error").GetString(), StringComparison.Ordinal);
    }
}
