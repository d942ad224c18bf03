using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Change;

/// <summary>What counts as a difference, between values, sandboxes and trees.</summary>
public sealed class DiffTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("1", "1.0e0")]
    [InlineData("\"a\\u00e9/\"", "\"aé\\/\"")]
    [InlineData("{\"a\":1,\"b\":[{}]}", "{ \"b\" : [ { } ],\n \"a\" : 1 }")]
    [InlineData("12345678901234567890123456789", "1234567890123456789012345678.9e1")]
    [InlineData("1e9999999999999999999999", "1e9999999999999999999999")]
    public void White_space_order_and_spelling_do_not_count(string left, string right) =>
        Assert.Empty(JsonDifferences.Between(JsonElement.Parse(left), JsonElement.Parse(right)));

    [Theory]
    [InlineData("1", "2", "=1/2")]
    [InlineData("null", "{}", "=null/{}")]
    [InlineData("12345678901234567890123456789", "12345678901234567890123456788",
        "=12345678901234567890123456789/12345678901234567890123456788")]
    [InlineData("{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"c\":3,\"d\":4}}", "/a/b=1/- /a/c=2/3 /a/d=-/4")]
    [InlineData("[1,[2,3]]", "[1,[3,2],4]", "/1/0=2/3 /1/1=3/2 /2=-/4")]
    [InlineData("{\"a/b\":{\"~\":null}}", "{\"a/b\":{}}", "/a~1b/~0=null/-")]
    [InlineData("\"a\"", "\"A\"", "=\"a\"/\"A\"")]
    [InlineData("1", "1e9999999999999999999999", "=1/1e9999999999999999999999")]
    [InlineData("1e400", "1e401", "=1e400/1e401")]
    public void A_difference_has_the_pointer_of_its_place(string left, string right, string expected) =>
        Assert.Equal(
            expected,
            string.Join(' ', JsonDifferences.Between(JsonElement.Parse(left), JsonElement.Parse(right)).Select(
                static each => $"{each.Place}={each.Left?.GetRawText() ?? "-"}/{each.Right?.GetRawText() ?? "-"}")));

    [Fact]
    public async Task Two_sandboxes_are_compared_by_value()
    {
        await _scene.SeedAsync();
        await _scene.ApplyAsync("""{"sandbox":"sb-3","ops":[{"createSandbox":true},{"createContainer":"web"},"""
            + """{"put":"config.json","root":"config","container":"web","value":{ "a/b" : [10.0, {"~":"x"}] }},"""
            + """{"put":"state.json","value":{"n":1}}]}""");

        ToolResult text = await _scene.RunAsync("diff sb-1 sb-2");
        ToolResult json = await _scene.RunAsync("diff sb-1 sb-2 --json");

        using (var view = StoreView.Open(StoreLayout.At(_scene.Store)))
        {
            Assert.Empty(view.Compare("sb-2", "sb-3").Differences);
        }

        Assert.Equal((2, ""), (text.Code, text.Errors));
        Assert.Equal(
            ["sb-1/web/: only in sb-2", "run:sb-1/state.json /n: 0 -> 1", "config:sb-1/web/config.json: only in sb-2"], text.Lines);
        Assert.Equal(2, json.Code);
        Assert.Equal(
            """{"sandbox":"sb-1","other":"sb-2","difference":"differs","container":null,"root":"run","file":"state.json","values":["""
            + """{"pointer":"/n","left":0,"right":1}],"error":null}""",
            json.Lines[1]);
    }

    [Fact]
    public async Task A_store_is_compared_with_a_copy_of_its_tree()
    {
        await _scene.SeedAsync();
        string copy = _scene.PathOf("../copy");
        await CopyAsync(copy);
        ToolResult same = await _scene.RunAsync("diff", "--against", copy);
        await File.WriteAllTextAsync(Path.Combine(copy, "run/sb-1/state.json"), "{", TestContext.Current.CancellationToken);
        Directory.Delete(Path.Combine(copy, "config/sb-2"), recursive: true);

        ToolResult all = await _scene.RunAsync("diff", "--against", copy);
        ToolResult one = await _scene.RunAsync(
            "diff sb-2", "--against-config", Path.Combine(copy, "config"), "--against-run", Path.Combine(copy, "run"));
        ToolResult missing = await _scene.RunAsync("diff", "--against", copy + "-not");

        Assert.Equal((0, 0, ""), (same.Code, same.Lines.Count, same.Errors));
        Assert.Equal(2, all.Code);
        Assert.StartsWith("run:sb-1/state.json: Could not read", all.Lines[0], StringComparison.Ordinal);
        Assert.Equal("config:sb-2/web/config.json: not in the tree", all.Lines[1]);
        Assert.Equal((2, "config:sb-2/web/config.json: not in the tree"), (one.Code, Assert.Single(one.Lines)));
        Assert.Equal(1, missing.Code);
        Assert.Contains("does not exist", missing.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sandbox_is_compared_with_a_backup()
    {
        await _scene.SeedAsync();
        string backups = _scene.PathOf("../backups");
        BackupResult made = await new BackupDirectory(backups).CreateAsync(StoreLayout.At(_scene.Store));
        await _scene.ApplyAsync("""{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":8}}]}""");

        ToolResult changed = await _scene.RunAsync("diff sb-1", "--against", made.Backup.Path);
        ToolResult same = await _scene.RunAsync("diff sb-2", "--against", made.Backup.Path);

        Assert.Equal((2, "run:sb-1/state.json /n: 8 -> 0"), (changed.Code, Assert.Single(changed.Lines)));
        Assert.Equal((0, 0, ""), (same.Code, same.Lines.Count, same.Errors));
    }

    [Theory]
    [InlineData("""{"n":"\ud800"}""")]
    [InlineData("""{"\udc00":1}""")]
    public async Task A_text_that_stands_for_nothing_makes_a_document_unreadable_and_hides_no_other(string value)
    {
        await _scene.SeedAsync();
        string copy = _scene.PathOf("../copy");
        await CopyAsync(copy);
        await File.WriteAllTextAsync(Path.Combine(copy, "run/sb-2/state.json"), value, TestContext.Current.CancellationToken);
        Directory.Delete(Path.Combine(copy, "config/sb-2"), recursive: true);
        using var view = StoreView.Open(StoreLayout.At(_scene.Store));
        using var tree = DocumentTree.Open(StoreLayout.At(copy));

        Assert.Equal(
            [(DifferenceKind.Unreadable, "state.json"), (DifferenceKind.OnlyLeft, "config.json")],
            view.Compare("sb-2", tree).Differences.Where(static each => each.File is not null)
                .Select(static each => (each.Kind, each.File)));
    }

    [Fact]
    public async Task What_a_document_says_does_not_steer_the_terminal()
    {
        await _scene.SeedAsync();
        await _scene.ApplyAsync("""{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":1,"\u001b[31m\n":2}}]}""");

        ToolResult result = await _scene.RunAsync("diff sb-1 sb-2");

        Assert.Contains("run:sb-1/state.json /\\u001b[31m\\u000a: 2 -> (nothing)", result.Lines);
    }

    private async Task CopyAsync(string target)
    {
        using Process copy = Process.Start("cp", ["-r", _scene.Store, target]);
        await copy.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, copy.ExitCode);
    }
}
