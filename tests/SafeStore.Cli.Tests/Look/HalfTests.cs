using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Verify;
using SafeStore.Operations;
using SafeStore.Operations.Repair;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary>Sandboxes of which one root's directory is lost, or has something else in its place. (On a disk: memory loses all.)</summary>
public sealed class HalfTests : IDisposable
{
    private const string Third = """{"sandbox":"sb-3","ops":[{"createSandbox":true},"""
        + """{"put":"config.json","root":"config","value":1},{"put":"state.json","value":1}]}""";

    private readonly LookScene _scene = new();

    private StoreLayout Layout => StoreLayout.At(_scene.Store);

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("config")]
    [InlineData("run")]
    public async Task A_sandbox_that_is_lost_from_one_root_is_told_until_a_directory_is_there_again(string root)
    {
        StampedFiles.SkipIfThereAreNone(Path.GetTempPath());
        await SeedAsync();
        Directory.Delete(_scene.PathOf($"{root}/sb-3"), recursive: true);

        Finding finding = Assert.Single(Verify(), static each => each.Level == FindingLevel.Problem);
        Assert.Equal(("half-lost", _scene.PathOf($"{root}/sb-3"), "sb-3"), (finding.Code, finding.Path, finding.Sandbox));
        Assert.Contains("half-lost", Verify("sb-3").Select(static each => each.Code));
        Assert.Empty(Verify("sb-2"));
        using (StoreView view = StoreView.Open(Layout))
        {
            Assert.Equal(("half-lost", "sb-3"), (view.ReadCondition().Problems[0].Code, view.ReadCondition().Problems[0].Sandbox));
        }

        foreach (string command in new[] { "list", "repair", "dump" })
        {
            ToolResult result = await _scene.RunAsync(command);
            Assert.Equal(2, result.Code);
            string told = $"safestore: '{_scene.PathOf($"{root}/sb-3")}': the sandbox is lost from this root";
            Assert.StartsWith(told, result.Errors, StringComparison.Ordinal);
            _ = Assert.Single(result.Errors.Split('\n')[..^1]);
        }

        _ = Directory.CreateDirectory(_scene.PathOf($"{root}/sb-3"));
        Assert.DoesNotContain(Verify(), static each => each.Level == FindingLevel.Problem);
    }

    [Fact]
    public async Task A_sandbox_that_another_program_made_in_one_root_is_no_problem()
    {
        await SeedAsync();
        foreach (string root in new[] { "config", "run" })
        {
            _ = Directory.CreateDirectory(_scene.PathOf($"{root}/{root}-only"));
            await File.WriteAllTextAsync(_scene.PathOf($"{root}/{root}-only/a.json"), "1");
        }

        using (StoreView view = StoreView.Open(Layout))
        {
            Assert.Empty(view.ReadCondition().Problems);
        }

        ToolResult dump = await _scene.RunAsync("dump");
        Assert.Equal((0, ""), (dump.Code, dump.Errors));
        Assert.Equal(2, dump.Lines.Count(static line => line.Contains("-only", StringComparison.Ordinal)));
        ToolResult export = await ExportAsync();
        Assert.Equal((0, ""), (export.Code, export.Errors));
        Assert.True(File.Exists(_scene.PathOf("../out/config/config-only/a.json")));
    }

    [Theory]
    [InlineData("symbolic-link", "run", "ln -s sb-2 sb-3")]
    [InlineData("symbolic-link", "config", "ln -s /nonexistent sb-3")]
    [InlineData("stray", "run", "echo 1 > sb-3")]
    [InlineData("stray", "config", "echo 1 > sb-3")]
    [InlineData("special-file", "run", "mkfifo sb-3")]
    public async Task What_is_in_the_place_of_a_directory_is_told_and_stops_no_backup_and_no_export(
        string code, string root, string command)
    {
        await SeedAsync();
        Directory.Delete(_scene.PathOf($"{root}/sb-3"), recursive: true);
        using (Process shell = Process.Start(new ProcessStartInfo("sh", ["-ec", command]) { WorkingDirectory = _scene.PathOf(root) })!)
        {
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Finding finding = Assert.Single(Verify(), static each => each.Level == FindingLevel.Problem);
        Assert.Equal((code, _scene.PathOf($"{root}/sb-3"), "sb-3"), (finding.Code, finding.Path, finding.Sandbox));
        Assert.Equal(code, Assert.Single(Verify("sb-3"), static each => each.Level == FindingLevel.Problem).Code);

        var backups = new BackupDirectory(_scene.PathOf("../backups"));
        for (int i = 0; i < 2; i++)
        {
            BackupResult made = await backups.CreateAsync(Layout, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(3, made.Backup.Sandboxes);
            Assert.Equal(_scene.PathOf($"{root}/sb-3"), Assert.Single(made.Problems).Message.Split('\'')[1]);
        }

        ToolResult export = await ExportAsync();
        Assert.Equal(2, export.Code);
        Assert.Contains(export.Lines, static line => line.Contains("unreadable", StringComparison.Ordinal));
        Assert.True(File.Exists(_scene.PathOf("../out/run/sb-2/state.json")));
    }

    [Fact]
    public async Task Documents_that_are_newer_than_an_old_run_root_that_was_accepted_are_told()
    {
        StampedFiles.SkipIfThereAreNone(Path.GetTempPath());
        await SeedAsync();
        using (Process copy = Process.Start("cp", ["-a", _scene.PathOf("run"), _scene.PathOf("old")]))
        {
            await copy.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await _scene.ApplyAsync("""{"sandbox":"sb-3","ops":[{"put":"config.json","root":"config","value":2}]}""");
        Directory.Delete(_scene.PathOf("run"), recursive: true);
        Directory.Move(_scene.PathOf("old"), _scene.PathOf("run"));
        _ = StoreRepair.Repair(Layout, RepairActions.AcceptRoots);
        await _scene.ApplyAsync();

        Finding finding = Assert.Single(Verify(), static each => each.Code == "document-ahead");
        Assert.Equal((FindingLevel.Note, _scene.PathOf("config/sb-3/config.json")), (finding.Level, finding.Path));
    }

    private async Task SeedAsync()
    {
        await _scene.SeedAsync();
        await _scene.ApplyAsync(Third);
    }

    private Task<ToolResult> ExportAsync() => _scene.RunAsync(
        "export", "--to-config", _scene.PathOf("../out/config"), "--to-run", _scene.PathOf("../out/run"));

    private List<Finding> Verify(params string[] sandboxes)
    {
        using StoreView view = StoreView.Open(Layout);
        return [.. view.Verify(new VerifyOptions { Sandboxes = sandboxes, Parallel = 1 })];
    }
}
