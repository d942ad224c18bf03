using System;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests;

/// <summary><c>safestore check</c> on a store of real documents.</summary>
public sealed class CheckTests : IDisposable
{
    private readonly KataTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public async Task Documents_of_the_real_tree_are_all_read_as_their_types()
    {
        await _tree.ImportAsync();

        ToolResult check = await CheckAsync("--json");
        ToolResult table = await CheckAsync();

        Assert.Equal((0, 63), (check.Code, check.Total("ok")));
        Assert.Equal("SandboxConfig", check.Of("config.json").GetProperty("kind").GetString());
        Assert.Equal(["63 files: 63 ok. Nothing is wrong."], table.Lines);
    }

    [Theory]
    [InlineData("agent.json", "", "damaged", "it is empty at byte 0")]
    [InlineData("agent.json", "[]", "damaged", "it is not a document of its type, AgentState")]
    [InlineData("agent.json", "{\"ProxyPid\":1}", "differs", "written back, $.URL is added with \"\"")]
    [InlineData("agent.json", "{\"proxypid\":1,\"URL\":\"\"}", "differs", "written back, $.proxypid is written as 'ProxyPid'")]
    [InlineData("notes.json", "{\"a\":1}", "unknown-kind", null)]
    [InlineData("notes.json", "{\"a\":1,\"a\":2}", "damaged", "the property 'a' appears twice at byte 7")]
    public async Task A_document_that_is_not_as_it_should_be_is_told_apart(string file, string content, string outcome, string? reason)
    {
        await _tree.ImportAsync();
        await File.WriteAllTextAsync(
            Path.Combine(_tree.Store, "run", KataTree.Sandbox, file), content, TestContext.Current.CancellationToken);

        ToolResult check = await CheckAsync("--json");

        Assert.Equal(reason is null ? 0 : 2, check.Code);
        Assert.Equal(outcome, check.Of(file).Outcome());
        if (reason is not null)
        {
            Assert.Contains(reason, check.Of(file).Reason(), StringComparison.Ordinal);
        }

        Assert.Equal(
            content, await File.ReadAllTextAsync(
            Path.Combine(_tree.Store, "run", KataTree.Sandbox, file), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_document_over_the_limit_or_behind_a_link_is_a_finding()
    {
        await _tree.ImportAsync();
        File.CreateSymbolicLink(Path.Combine(_tree.Store, "run", KataTree.Sandbox, "link.json"), "/etc/hostname");

        ToolResult check = await CheckAsync("--json", "--document-bytes", "2000");

        Assert.Equal(2, check.Code);
        Assert.Equal("too-large", check.Of("config.json").Outcome());
        Assert.Equal("symbolic-link", check.Of("link.json").Outcome());
    }

    [Fact]
    public async Task A_device_of_an_unknown_kind_is_a_note_and_no_finding()
    {
        await _tree.ImportAsync();
        await File.WriteAllTextAsync(
            Path.Combine(_tree.Store, "run", KataTree.Sandbox, "devices.json"), """[{"Type":"nvme","Data":{"ID":"1"}}]""",
            TestContext.Current.CancellationToken);

        ToolResult check = await CheckAsync();

        Assert.Equal(0, check.Code);
        Assert.Contains(
            $"note           run:{KataTree.Sandbox}/devices.json (35 bytes): device of kind 'nvme' kept as it stands: its kind is not "
            + $"known", check.Lines);
    }

    private Task<ToolResult> CheckAsync(params string[] more) => ToolProcess.RunAsync(["check", "--store", _tree.Store, .. more]);
}
