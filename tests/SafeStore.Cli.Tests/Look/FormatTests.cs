using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Operations;
using SafeStore.Operations.Repair;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary>A store of which one document alone names a newer format.</summary>
public sealed class FormatTests : IDisposable
{
    private readonly LookScene _scene = new();

    public static TheoryData<string> Files => [.. LookScene.FormatFiles];

    private StoreLayout Layout => StoreLayout.At(_scene.Store);

    public void Dispose() => _scene.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Whichever_document_names_a_newer_format_all_that_look_tell_it(string path)
    {
        await _scene.SetFormatAsync(3, path);

        using StoreView view = StoreView.Open(Layout);
        StoreCondition condition = view.ReadCondition();
        StoreProblem problem = Assert.Single(condition.Problems);
        Assert.Equal(("format", _scene.PathOf(path), 3), (problem.Code, problem.Path, condition.Format));
        Assert.Equal("format", Assert.Single(view.Verify()).Code);
        foreach (string command in new[] { "ls", "status" })
        {
            ToolResult result = await _scene.RunAsync(command);
            Assert.Equal(2, result.Code);
            Assert.Contains("format 3", result.Errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Whichever_document_names_a_newer_format_nothing_opens_the_store_or_changes_it(string path)
    {
        await _scene.SetFormatAsync(3, path);
        string[] before = [.. _scene.All()];

        foreach (StoreOpening opening in Enum.GetValues<StoreOpening>())
        {
            StoreFormatException failure = await Assert.ThrowsAsync<StoreFormatException>(
                async () => await StateStore.OpenAsync(Layout, new StoreOptions { Opening = opening }));
            Assert.Equal(_scene.PathOf(path), failure.Path);
        }

        string backups = Path.Combine(_scene.Store, "../backups");
        ToolResult backup = await _scene.RunAsync("backup create", backups);
        Assert.Equal(1, backup.Code);
        Assert.Contains("format 3", backup.Errors, StringComparison.Ordinal);
        _ = Assert.Throws<StoreFormatException>(() => StoreRepair.Examine(Layout));
        _ = Assert.Throws<StoreFormatException>(() => StoreRepair.Repair(Layout, RepairActions.NewLog));
        Assert.Equal(before, _scene.All());
    }
}
