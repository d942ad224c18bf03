using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Model;
using SafeStore.Testing;
using Xunit;
using RealTrees = SafeStore.Sandboxes.Tests.Trees;

namespace SafeStore.Sandboxes.Tests;

/// <summary>What an import does with trees that are not as they should be; the real trees are imported by the tool's tests.</summary>
public sealed class TreeImportTests
{
    private readonly SimulatedMachine _machine = new();
    private readonly SimulatedProcess _process;

    public TreeImportTests() => _process = _machine.Start();

    private IFileSystem Files => _process.FileSystem.Files;

    [Fact]
    public async Task A_document_whose_name_a_container_has_in_the_other_root_is_left_alone()
    {
        Write("/tree/run/sb/state.json", "{}");
        Write("/tree/config/sb/state.json/config.json", """{"ID":"state.json"}""");

        List<FileReport> reports = await ImportAsync(new TreeRoots("/tree/config", "/tree/run"));

        Assert.Equal(
            (FileOutcome.OddName, "a container of the sandbox has its name"),
            (Of(reports, null, "state.json").Outcome, Of(reports, null, "state.json").Reason));
        Assert.Equal(FileOutcome.Imported, Of(reports, "state.json", "config.json").Outcome);
    }

    [Fact]
    public async Task An_empty_container_directory_becomes_a_container()
    {
        Files.Directory.CreateDirectory("/tree/run/sb/web");

        Assert.Empty(await ImportAsync(new TreeRoots(null, "/tree/run")));

        Assert.True(Files.Directory.Exists("/store/run/sb/web"));
        Assert.True(Files.Directory.Exists("/store/config/sb/web"));
    }

    [Fact]
    public async Task What_the_operating_system_does_not_let_read_is_reported_and_the_rest_imported()
    {
        Write("/tree/run/sb/state.json", "{\"state\":\"\"}");
        Write("/tree/run/sb/agent.json", "{\"URL\":\"\"}");
        _machine.Faults = FaultPlan.Fail(Operation.Read, "/tree/run/sb/agent.json", Errno.AccessDenied);

        List<FileReport> reports = await ImportAsync(new TreeRoots(null, "/tree/run"));

        Assert.Equal(FileOutcome.Unreadable, Of(reports, null, "agent.json").Outcome);
        Assert.Contains("EACCES (13)", Of(reports, null, "agent.json").Reason, StringComparison.Ordinal);
        Assert.Equal(FileOutcome.Imported, Of(reports, null, "state.json").Outcome);
    }

    [Fact]
    public async Task A_sandbox_of_the_successor_gets_the_documents_of_the_model_beside_its_own()
    {
        const string Id = PersistTree.Ordinary;
        using var test = new TestSandboxes();
        var source = new TreeRoots(null, RealTrees.PersistRun);
        var import = new TreeImport(test.Layout);

        List<FileReport> reports =
            await import.RunAsync(source, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        List<FileReport> again =
            await import.RunAsync(source, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.DoesNotContain(reports, static report => report.IsFinding);
        Assert.All(again, static report => Assert.Equal(FileOutcome.Unchanged, report.Outcome));
        Assert.Equal(
            ["made from persist.json"],
            reports.Single(static report => report is { Sandbox: Id, Container: null, File: "state.json" }).Notes);
        await using SandboxStore store = await test.OpenAsync();
        SandboxStatus status = store.ReadStatuses().Single(static status => status.Id == Id);
        Assert.Equal((Lifecycle.Running, "c1"), (status.Lifecycle, Assert.Single(status.Containers).Id));
        Assert.Equal(4, store.Kata().Fetch<IReadOnlyList<Device>>(Id, SandboxResource.Devices)!.Count);
        Assert.Equal(
            await System.IO.File.ReadAllBytesAsync($"{RealTrees.PersistRun}/{Id}/persist.json", TestContext.Current.CancellationToken),
            store.Store.ReadJson(new DocumentId(Id, null, StoreRoot.Run, "persist.json")));
    }

    [Fact]
    public async Task A_document_that_the_tree_has_itself_is_not_replaced_by_one_made_from_persist_json()
    {
        Write("/tree/run/sb/persist.json", "{\"State\":\"running\"}");
        Write("/tree/run/sb/state.json", "{\"state\":\"stopped\"}");

        List<FileReport> reports = await ImportAsync(new TreeRoots(null, "/tree/run"));

        Assert.DoesNotContain("made from persist.json", Of(reports, null, "state.json").Notes);
        Assert.Equal(
            "{\"state\":\"stopped\"}",
            await Files.File.ReadAllTextAsync("/store/run/sb/state.json", TestContext.Current.CancellationToken));
        Assert.True(Files.File.Exists("/store/run/sb/agent.json"));
    }

    [Fact]
    public async Task A_damaged_persist_json_is_reported_and_nothing_is_made_from_it()
    {
        Write("/tree/run/sb/persist.json", "{\"State\":7}");

        List<FileReport> reports = await ImportAsync(new TreeRoots(null, "/tree/run"));

        Assert.Equal(FileOutcome.Damaged, Assert.Single(reports).Outcome);
    }

    [Theory]
    [InlineData("/store/config", "/tree")]
    [InlineData("/tree", "/store/run/x")]
    [InlineData(null, "/store")]
    public async Task A_tree_inside_or_around_the_store_is_refused(string? config, string run) =>
        await Assert.ThrowsAsync<ArgumentException>(() => ImportAsync(new TreeRoots(config, run)));

    [Fact]
    public void Roots_must_lie_apart() => Assert.Throws<ArgumentException>(static () => new TreeRoots("/a", "/a/b"));

    private StoreOptions Options() => new() { FileSystem = _process.FileSystem, TimeProvider = _process.Clock };

    private Task<List<FileReport>> ImportAsync(TreeRoots roots) =>
        ListAsync(new TreeImport(StoreLayout.At("/store"), Options()) { ImportsInPart = true }.RunAsync(
            roots, TestContext.Current.CancellationToken));

    private void Write(string path, string content)
    {
        Files.Directory.CreateDirectory(Files.Path.GetDirectoryName(path)!);
        Files.File.WriteAllText(path, content);
    }

    private static FileReport Of(List<FileReport> reports, string? container, string file) =>
        Assert.Single(reports, report => report.Container == container && report.File == file);

    private static async Task<List<FileReport>> ListAsync(IAsyncEnumerable<FileReport> reports)
    {
        var list = new List<FileReport>();
        await foreach (FileReport report in reports)
        {
            list.Add(report);
        }

        return list;
    }
}
