using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using Xunit;

namespace SafeStore.Cli.Tests.Backups;

/// <summary><c>safestore backup</c> and <c>safestore restore</c> as processes, on stores in every condition.</summary>
public sealed class BackupCommandTests : IDisposable
{
    private readonly LookScene _scene = new();
    private readonly string _backups = Directory.CreateTempSubdirectory("safestore-backups-").FullName;

    public void Dispose()
    {
        _scene.Dispose();
        Directory.Delete(_backups, recursive: true);
    }

    [Fact]
    public async Task Json_has_the_documented_members()
    {
        await _scene.SeedAsync();

        ToolResult created = await CreateAsync("--json");
        ToolResult listed = await ToolProcess.RunAsync(["backup", "list", _backups, "--json"]);
        ToolResult restored = await RestoreAsync("copy", "--json");

        JsonElement backup = JsonElement.Parse(Assert.Single(created.Lines));
        Assert.Equal(["backup", "reused", "removed", "problems"], backup.EnumerateObject().Select(static each => each.Name));
        Assert.Equal(
            ["name", "path", "store", "cut", "time", "isWhole", "sandboxes", "documents", "bytes"],
            backup.GetProperty("backup").EnumerateObject().Select(static each => each.Name));
        Assert.Equal(
            ["name", "path", "backup", "problems"],
            JsonElement.Parse(Assert.Single(listed.Lines)).EnumerateObject().Select(static each => each.Name));
        Assert.Equal(
            """{"sandbox":"sb-1","kind":"new","lsn":1,"containers":[],"documents":["""
                + """{"container":null,"root":"run","file":"state.json","kind":"new"}],"quarantines":[]}""",
            restored.Lines[0]);
    }

    [Fact]
    public async Task A_store_that_needs_recovery_is_backed_up_as_recovery_would_leave_it()
    {
        await _scene.LeavePendingAsync();
        IReadOnlyList<string> before = _scene.All();

        ToolResult created = await CreateAsync();

        Assert.Equal((0, ""), (created.Code, created.Errors));
        Assert.Equal("""{"n":7}""", await ReadBackupAsync("run/sb-1/state.json"));
        Assert.Equal(before, _scene.All());
    }

    [Fact]
    public async Task A_parked_sandbox_is_in_the_backup_with_its_records_and_told()
    {
        await _scene.ParkAsync();

        ToolResult created = await CreateAsync();

        Assert.Equal(2, created.Code);
        Assert.Contains("'sb-1' is parked", created.Errors, StringComparison.Ordinal);
        Assert.Equal("""{"n":7}""", await ReadBackupAsync("run/sb-1/state.json"));
    }

    [Theory]
    [InlineData("missing", 1, "does not exist")]
    [InlineData("faulted", 3, "faulted")]
    [InlineData("damaged", 1, "log")]
    [InlineData("newer", 1, "format 3")]
    [InlineData("inside", 1, "lies in the store's")]
    public async Task A_store_of_which_no_backup_can_be_made_is_told_and_none_is_made(string condition, int code, string told)
    {
        string backups = condition == "inside" ? _scene.PathOf("config/backups") : _backups;
        await (condition switch
        {
            "faulted" => _scene.FaultAsync(),
            "damaged" => _scene.DamageLogAsync(),
            "newer" => _scene.SetFormatAsync(3),
            "inside" => _scene.SeedAsync(),
            _ => Task.CompletedTask,
        });

        ToolResult created = await ToolProcess.RunAsync(["backup", "create", backups, "--store", _scene.Store]);

        Assert.Equal(code, created.Code);
        Assert.Contains(told, created.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_scene.PathOf("config/backups")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_backups));
    }

    [Fact]
    public async Task What_is_no_document_is_told()
    {
        await _scene.SeedAsync();
        await File.WriteAllTextAsync(_scene.PathOf("run/sb-1/broken.json"), "{", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(_scene.PathOf("run/sb-1/link.json"), "state.json");

        ToolResult created = await CreateAsync();
        ToolResult restored = await RestoreAsync("copy");

        Assert.Equal(2, created.Code);
        Assert.Contains("broken.json' is in the backup as it stands", created.Errors, StringComparison.Ordinal);
        Assert.Contains("link.json' is no document", created.Errors, StringComparison.Ordinal);
        Assert.Equal("{", await ReadBackupAsync("run/sb-1/broken.json"));
        Assert.Equal(1, restored.Code);
        Assert.Contains("broken.json", restored.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("backup create", "backup create")]
    [InlineData("backup create . --store s --keep 0", "--keep must be a whole number")]
    [InlineData("backup create . a --store s --keep 1", "not with SANDBOX")]
    [InlineData("restore . .. --store s", "cannot be the id of a sandbox")]
    public async Task A_wrong_command_line_is_told_in_one_line(string arguments, string told)
    {
        ToolResult result = await ToolProcess.RunAsync(arguments.Split(' '));

        Assert.Equal(64, result.Code);
        Assert.Contains(told, result.Errors, StringComparison.Ordinal);
        Assert.Equal(1, result.Errors.Count(static each => each == '\n'));
    }

    private Task<ToolResult> CreateAsync(params string[] more) => _scene.RunAsync("backup create " + _backups, more);

    private Task<ToolResult> RestoreAsync(string target, params string[] more) => ToolProcess.RunAsync(
        ["restore", Directory.GetDirectories(_backups).Single(), "--store", Path.Combine(_scene.Store, "..", target), .. more]);

    private Task<string> ReadBackupAsync(string path) => File.ReadAllTextAsync(
        Path.Combine(Directory.GetDirectories(_backups).Single(), path), TestContext.Current.CancellationToken);
}
