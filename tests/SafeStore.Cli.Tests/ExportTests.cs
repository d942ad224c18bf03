using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests;

/// <summary><c>safestore export</c>: what comes out is what went in.</summary>
public sealed class ExportTests : IDisposable
{
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly KataTree _tree = new();

    public void Dispose() => _tree.Dispose();

    private string ToConfig => _tree.Of("out/config");

    private string ToRun => _tree.Of("out/run");

    [Fact]
    public async Task The_export_of_an_import_is_the_tree()
    {
        await _tree.ImportAsync();

        ToolResult export = await ExportAsync("--json");

        Assert.Equal((0, 63), (export.Code, export.Total("exported")));
        Assert.Equal(_tree.Documents(), KataTree.DocumentsOf(ToConfig, ToRun));
        Assert.Equal(DirectoriesOf(_tree.Config), DirectoriesOf(ToConfig));
        Assert.Equal(
            DirectoriesOf(_tree.Run).Where(static path => !path.EndsWith("tempDir", StringComparison.Ordinal)), DirectoriesOf(ToRun));
    }

    [Fact]
    public async Task Directories_files_and_locks_are_as_the_runtime_needs_them()
    {
        await _tree.ImportAsync();

        await ExportAsync();

        foreach (string directory in Directory.EnumerateDirectories(_tree.Of("out"), "*", SearchOption.AllDirectories))
        {
            Assert.Equal(DirectoryMode, File.GetUnixFileMode(directory));
        }

        foreach (string file in Directory.EnumerateFiles(_tree.Of("out"), "*", SearchOption.AllDirectories))
        {
            Assert.Equal(Mode, File.GetUnixFileMode(file));
        }

        string[] locks = Directory.GetFiles(ToRun, "lock", SearchOption.AllDirectories);
        Assert.Equal(Directory.GetDirectories(ToRun).Select(static sandbox => Path.Combine(sandbox, "lock")).Order(), locks.Order());
        Assert.All(locks, static path => Assert.Equal(0, new FileInfo(path).Length));
        Assert.Empty(Directory.GetFiles(ToConfig, "lock", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_second_export_changes_nothing()
    {
        await _tree.ImportAsync();
        await ExportAsync();
        SortedDictionary<string, string> before = KataTree.DocumentsOf(ToConfig, ToRun);

        ToolResult again = await ExportAsync("--json");

        Assert.Equal((0, 63), (again.Code, again.Total("unchanged")));
        Assert.Equal(before, KataTree.DocumentsOf(ToConfig, ToRun));
    }

    [Fact]
    public async Task A_file_with_another_content_is_reported_and_left_alone()
    {
        await _tree.ImportAsync();
        await ExportAsync();
        string path = Path.Combine(ToRun, KataTree.Sandbox, "agent.json");
        await File.WriteAllTextAsync(path, "mine", TestContext.Current.CancellationToken);
        string linked = Path.Combine(ToRun, KataTree.Sandbox, "state.json");
        File.Delete(linked);
        File.CreateSymbolicLink(linked, path);

        ToolResult export = await ExportAsync("--json");

        Assert.Equal((2, 61, 2), (export.Code, export.Total("unchanged"), export.Total("differs")));
        Assert.Equal("differs", export.Of("agent.json").Outcome());
        Assert.Equal("mine", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Equal(path, new FileInfo(linked).LinkTarget);
    }

    [Fact]
    public async Task Neither_a_damaged_document_nor_intents_are_exported()
    {
        await _tree.ImportAsync();
        await File.WriteAllTextAsync(
            Path.Combine(_tree.Store, "run", KataTree.Sandbox, "agent.json"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(_tree.Store, "config", KataTree.Sandbox, "intents.json"), "{}", TestContext.Current.CancellationToken);

        ToolResult export = await ExportAsync("--json");

        Assert.Equal((2, "damaged", "ignored"), (export.Code, export.Of("agent.json").Outcome(), export.Of("intents.json").Outcome()));
        Assert.False(File.Exists(Path.Combine(ToRun, KataTree.Sandbox, "agent.json")));
        Assert.False(File.Exists(Path.Combine(ToConfig, KataTree.Sandbox, "intents.json")));
    }

    [Fact]
    public async Task A_store_is_not_exported_into_itself()
    {
        await _tree.ImportAsync();

        ToolResult export =
            await ToolProcess.RunAsync(
            ["export", "--store", _tree.Store, "--to-config", Path.Combine(_tree.Store, "config"), "--to-run", ToRun]);

        Assert.Equal(64, export.Code);
        Assert.Contains("must lie apart", export.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_that_is_killed_again_and_again_is_completed_by_the_next()
    {
        _tree.Multiply(40);
        await _tree.ImportAsync();
        var random = new Random(3);
        for (int attempt = 0; attempt < 4; attempt++)
        {
            using ToolProcess export = ToolProcess.Start(Arguments("--json"));
            for (int lines = random.Next(1, 100); lines > 0
                && await export.Output.ReadLineAsync(TestContext.Current.CancellationToken) is not null; lines--)
            {
            }

            export.Process.Kill();
            await export.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        ToolResult last = await ExportAsync("--json");

        Assert.Equal(0, last.Code);
        Assert.Equal(_tree.Documents(), KataTree.DocumentsOf(ToConfig, ToRun));
    }

    private Task<ToolResult> ExportAsync(params string[] more) => ToolProcess.RunAsync(Arguments(more));

    private string[] Arguments(params string[] more) =>
        ["export", "--store", _tree.Store, "--to-config", ToConfig, "--to-run", ToRun, .. more];

    private static IEnumerable<string> DirectoriesOf(string root) =>
        Directory.GetDirectories(root, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(root, path))
            .Order(StringComparer.Ordinal);
}
