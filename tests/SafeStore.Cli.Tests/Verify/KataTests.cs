using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Verify;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Verify;

/// <summary><c>safestore verify --model kata</c> on a store of real documents.</summary>
public sealed class KataTests(KataStore kata) : IClassFixture<KataStore>
{
    [Fact]
    public async Task Documents_of_the_real_tree_are_all_of_their_types()
    {
        ToolResult verify = await ToolProcess.RunAsync(["verify", "--store", kata.Store, "--model", "kata"]);

        Assert.Equal((0, ""), (verify.Code, verify.Errors));
        Assert.Matches("^3 sandboxes, 63 documents, [0-9]+ bytes: (nothing is wrong|0 problems, . notes)\\.$", verify.Lines[^1]);
    }

    [Theory]
    [InlineData("agent.json", "[]", "type", "is of the type AgentState, and it is not: it is not a document of its type")]
    [InlineData("agent.json", "{\"ProxyPid\":1}", "differs", "written back, $.URL is added with \"\"")]
    [InlineData("agent.json", "{\"proxypid\":1,\"URL\":\"\"}", "differs", "written back, $.proxypid is written as 'ProxyPid'")]
    [InlineData("state.json", "[1]", "type", "is of the type State, and it is not")]
    [InlineData("notes.json", "{\"a\":1}", null, "")]
    [InlineData("notes.json", "{\"a\":1,\"a\":2}", "type", "the property 'a' appears twice at byte 7")]
    [InlineData("devices.json", "[{\"Type\":\"nvme\",\"Data\":{\"ID\":\"1\"}}]", "model-note", "device of kind 'nvme' kept as it stands")]
    public void A_document_that_is_not_of_its_type_is_told(string file, string content, string? code, string message)
    {
        IReadOnlyList<Finding> ofModel = kata.With(file, content, new KataDocuments());
        IReadOnlyList<Finding> neutral = kata.With(file, content, null);

        Assert.DoesNotContain(neutral, static each => each.Code is "type" or "differs" or "model-note");
        Finding[] more = [.. ofModel.ExceptBy(neutral.Select(static each => each.Code), static each => each.Code)];
        Assert.Equal(code, more.SingleOrDefault()?.Code);
        Assert.Contains(message, more.SingleOrDefault()?.Message ?? "", StringComparison.Ordinal);
    }
}

/// <summary>A store with the documents of the real trees.</summary>
public sealed class KataStore : IAsyncLifetime
{
    private readonly KataTree _tree = new();

    public string Store => _tree.Store;

    public async ValueTask InitializeAsync() => Assert.Equal(0, (await _tree.ImportAsync()).Code);

    public ValueTask DisposeAsync()
    {
        _tree.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>What is found while a document has another content.</summary>
    public IReadOnlyList<Finding> With(string file, string content, IDocumentModel? model)
    {
        string path = Path.Combine(Store, "run", KataTree.Sandbox, file);
        byte[]? before = File.Exists(path) ? File.ReadAllBytes(path) : null;
        File.WriteAllText(path, content);
        try
        {
            using StoreView view = StoreView.Open(StoreLayout.At(Store));
            return [.. view.Verify(new VerifyOptions { Sandboxes = [KataTree.Sandbox], Model = model })];
        }
        finally
        {
            if (before is null)
            {
                File.Delete(path);
            }
            else
            {
                File.WriteAllBytes(path, before); // in place: its stamp holds again
            }
        }
    }
}
