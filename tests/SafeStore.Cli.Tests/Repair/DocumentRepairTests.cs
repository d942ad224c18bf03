using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.Operations;
using SafeStore.Operations.Repair;
using Xunit;

namespace SafeStore.Cli.Tests.Repair;

/// <summary>The ways from a damaged document to a good one, or to none; what was there is kept.</summary>
public sealed class DocumentRepairTests : IAsyncLifetime
{
    private const string Good = """{"n":3}""";
    private const string Seed = """{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":3}}]}""";
    private const string Rotten = """{"n":""";

    private static readonly DocumentId s_state = new("sb-1", null, StoreRoot.Run, "state.json");

    private readonly LookScene _scene = new();
    private StateStore? _program; // has the store open, so that the log keeps what was written

    public static TheoryData<string> Damages => ["rotten", "link", "pipe", "directory", "gone"];

    public async ValueTask InitializeAsync()
    {
        await _scene.SeedAsync();
        _program = await StateStore.OpenAsync(StoreLayout.At(_scene.Store));
        await _scene.ApplyAsync(Seed);
    }

    public async ValueTask DisposeAsync()
    {
        await _program!.DisposeAsync();
        _scene.Dispose();
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task The_log_gives_a_document_its_last_value_back_and_what_was_there_is_kept(string damage)
    {
        Spoil(damage);

        MendedDocument mended = Assert.Single(await RunAsync(DocumentRemedy.FromLog, s_state));

        Assert.Equal(MendedKind.Replaced, mended.Kind);
        Assert.NotNull(mended.Source);
        Assert.True(mended.Lsn > mended.Source);
        CheckKept(mended, damage);
        await CheckGoodAsync();
        Assert.Equal(MendedKind.Good, Assert.Single(await RunAsync(DocumentRemedy.FromLog, s_state)).Kind);
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_backup_gives_a_document_its_value_back(string damage)
    {
        string backup = await BackUpAsync();
        Spoil(damage);

        MendedDocument mended = Assert.Single(await RunAsync(DocumentRemedy.FromBackup, backup, s_state));

        Assert.Equal(MendedKind.Replaced, mended.Kind);
        CheckKept(mended, damage);
        await CheckGoodAsync();
    }

    [Fact]
    public async Task The_other_roots_document_of_the_same_name_gives_its_value()
    {
        await _scene.ApplyAsync("""{"sandbox":"sb-1","ops":[{"put":"state.json","root":"config","value":{"n":3}}]}""");
        Spoil("rotten");

        Assert.Equal(MendedKind.Replaced, Assert.Single(await RunAsync(DocumentRemedy.FromOtherRoot, s_state)).Kind);

        await CheckGoodAsync();
    }

    [Theory]
    [InlineData("rotten")]
    [InlineData("link")]
    [InlineData("pipe")]
    public async Task A_document_in_quarantine_is_no_longer_in_the_store(string damage)
    {
        Spoil(damage);

        MendedDocument mended = Assert.Single(await RunAsync(DocumentRemedy.Quarantine, s_state));

        Assert.Equal(MendedKind.Removed, mended.Kind);
        CheckKept(mended, damage);
        Assert.False(Path.Exists(StatePath));
        Assert.Empty(DocumentRepair.Examine(StoreLayout.At(_scene.Store)));
        Assert.Equal(MendedKind.Good, Assert.Single(await RunAsync(DocumentRemedy.Quarantine, s_state)).Kind); // a repetition
    }

    [Fact]
    public async Task What_is_damaged_is_shown_with_what_can_mend_it_and_a_dry_run_changes_nothing()
    {
        Spoil("rotten");
        IReadOnlyList<string> before = _scene.All();

        DamagedDocument damaged = Assert.Single(DocumentRepair.Examine(StoreLayout.At(_scene.Store)));
        MendedDocument[] told = await RunAllAsync(DocumentRemedy.FromLog, new DocumentRepairOptions { IsDryRun = true });

        Assert.Equal((s_state, "corrupt", false), (damaged.Document, damaged.Code, damaged.IsInOtherRoot));
        Assert.Equal(MendedKind.Replaced, Assert.Single(told).Kind);
        Assert.Equal(damaged.InLog, told[0].Source);
        Assert.Null(told[0].Lsn);
        Assert.Equal(before, _scene.All());
    }

    [Fact]
    public async Task What_a_source_does_not_have_stays_as_it_is_and_the_others_are_mended()
    {
        string backup = await BackUpAsync();
        await _scene.ApplyAsync("""{"sandbox":"sb-1","ops":[{"put":"new.json","value":1}]}""");
        await File.WriteAllTextAsync(_scene.PathOf("run/sb-1/new.json"), "?");
        Spoil("rotten");

        MendedDocument[] mended =
            await RunAllAsync(DocumentRemedy.FromBackup, new DocumentRepairOptions { Backup = backup });

        Assert.Equal([MendedKind.NotMended, MendedKind.Replaced], mended.Select(static each => each.Kind));
        Assert.Equal("?", await File.ReadAllTextAsync(_scene.PathOf("run/sb-1/new.json")));
        Assert.Equal(Good, await File.ReadAllTextAsync(StatePath));
    }

    [Theory]
    [InlineData("deleted", "removal")]
    [InlineData("good", "stamp holds")]
    [InlineData("container", "other root has a container")]
    public async Task What_is_not_to_be_mended_is_left_alone(string what, string message)
    {
        DocumentId document = what == "container" ? new DocumentId("sb-2", null, StoreRoot.Run, "web") : s_state;
        if (what == "deleted")
        {
            await _scene.ApplyAsync("""{"sandbox":"sb-1","ops":[{"delete":"state.json"}]}""");
            Spoil("rotten");
        }

        string backup = what == "container" ? await BackUpAsync() : "";
        IReadOnlyList<string> before = _scene.All();

        MendedDocument left = Assert.Single(what == "container"
            ? await RunAsync(DocumentRemedy.Quarantine, document) : await RunAsync(DocumentRemedy.FromLog, document));

        Assert.Contains(what == "container" ? "so a container" : message, left.Message, StringComparison.Ordinal);
        Assert.Equal(what == "good" ? MendedKind.Good : MendedKind.NotMended, left.Kind);
        Assert.Equal(before, _scene.All());
        Assert.Equal(what == "container", backup.Length > 0);
    }

    [Fact]
    public async Task A_backup_whose_copy_is_damaged_too_gives_nothing()
    {
        string backup = await BackUpAsync();
        Spoil("rotten");
        await File.WriteAllTextAsync($"{backup}/run/sb-1/state.json", """{"n":4}""");

        MendedDocument left = Assert.Single(await RunAsync(DocumentRemedy.FromBackup, backup, s_state));

        Assert.Equal(MendedKind.NotMended, left.Kind);
        Assert.Contains("damaged", left.Message, StringComparison.Ordinal);
        Assert.Equal(Rotten, await File.ReadAllTextAsync(StatePath));
    }

    [Fact]
    public async Task The_tool_offers_command_lines_that_mend_the_document_when_they_are_run()
    {
        Spoil("rotten");

        ToolResult shown = await _scene.RunAsync("repair --json");
        JsonElement damaged = JsonDocument.Parse(Assert.Single(shown.Lines)).RootElement.GetProperty("documents")[0];
        string[] commands = [.. damaged.GetProperty("commands").EnumerateArray().Select(static each => each.GetString()!)];
        ToolResult mended = await ToolProcess.RunAsync([.. commands[0].Split(' ')[1..], "--json"]);

        Assert.Equal((2, ""), (shown.Code, shown.Errors));
        Assert.Equal(["--from-log", "--quarantine"], commands.Select(static each => each.Split(' ')[4]));
        Assert.Equal((0, ""), (mended.Code, mended.Errors));
        JsonElement line = JsonDocument.Parse(Assert.Single(mended.Lines)).RootElement;
        Assert.Equal("replaced", line.GetProperty("kind").GetString());
        Assert.Equal(Rotten, await File.ReadAllTextAsync(line.GetProperty("quarantine").GetString()!));
        await CheckGoodAsync();
    }

    [Fact]
    public async Task An_edit_is_offered_to_be_accepted_or_taken_back_and_is_no_damage_to_mend_unasked()
    {
        await _scene.EditAsync("run/sb-1/state.json", """{"n":4}""");

        ToolResult shown = await _scene.RunAsync("repair --json");
        ToolResult unasked = await _scene.RunAsync("repair --from-log");
        JsonElement edited = JsonDocument.Parse(Assert.Single(shown.Lines)).RootElement.GetProperty("documents")[0];
        string[] commands = [.. edited.GetProperty("commands").EnumerateArray().Select(static each => each.GetString()!)];
        ToolResult accepted = await ToolProcess.RunAsync(commands[0].Split(' ')[1..]);

        Assert.Equal((2, "edited"), (shown.Code, edited.GetProperty("code").GetString()));
        Assert.Equal((0, 0), (unasked.Code, unasked.Lines.Count));
        Assert.Equal(["--accept", "--from-log", "--quarantine"], commands.Select(static each => each.Split(' ')[4]));
        Assert.StartsWith("run:sb-1/state.json accepted at LSN ", Assert.Single(accepted.Lines), StringComparison.Ordinal);
        Assert.Equal(0, (await _scene.RunAsync("repair")).Code);

        await _scene.EditAsync("run/sb-1/state.json", """{"n":5}""");
        Assert.Equal(0, (await ToolProcess.RunAsync(commands[1].Split(' ')[1..])).Code);
        Assert.Equal("""{"n":4}""", await File.ReadAllTextAsync(StatePath));
    }

    [Theory]
    [InlineData("repair --quarantine")]
    [InlineData("repair --from-root run")]
    [InlineData("repair sb-1/state.json")]
    [InlineData("repair --from-log --new-log")]
    [InlineData("repair --from-log --quarantine sb-1/state.json")]
    [InlineData("repair --from-root run sb-1/state.json --root run")]
    public async Task A_command_line_that_says_too_much_or_too_little_is_refused(string command)
    {
        Assert.Equal(64, await Tool.RunAsync([.. command.Split(' '), "--store", _scene.Store]));
    }

    private string StatePath => _scene.PathOf("run/sb-1/state.json");

    private async Task<string> BackUpAsync()
    {
        var backups = new BackupDirectory(Path.GetFullPath(_scene.PathOf("../backups")));
        BackupResult made = await backups.CreateAsync(StoreLayout.At(_scene.Store), null, TestContext.Current.CancellationToken);
        Assert.Empty(made.Problems);
        return made.Backup.Path;
    }

    private void Spoil(string damage)
    {
        File.Delete(StatePath);
        switch (damage)
        {
            case "rotten":
                File.WriteAllText(StatePath, Rotten);
                break;
            case "link":
                _ = File.CreateSymbolicLink(StatePath, "/nowhere");
                break;
            case "pipe":
                RepairTests.Run("mkfifo", StatePath);
                break;
            case "directory":
                _ = Directory.CreateDirectory($"{StatePath}/inner");
                break;
            default:
                Assert.Equal("gone", damage);
                break;
        }
    }

    private static void CheckKept(MendedDocument mended, string damage)
    {
        if (damage == "gone")
        {
            Assert.Null(mended.Quarantine);
            return;
        }

        string kept = mended.Quarantine!;
        Assert.True(damage switch
        {
            "rotten" => File.ReadAllText(kept) == Rotten,
            "link" => new FileInfo(kept).LinkTarget == "/nowhere",
            "directory" => Directory.Exists($"{kept}/inner"),
            _ => Path.Exists(kept),
        });
        string manifest = Path.GetFullPath($"{kept}/../../../manifest.json");
        Assert.Contains("documents/sb-1/state.json", File.ReadAllText(manifest), StringComparison.Ordinal);
    }

    private async Task CheckGoodAsync()
    {
        Assert.Equal(Good, await File.ReadAllTextAsync(StatePath));
        using var view = StoreView.Open(StoreLayout.At(_scene.Store));
        Assert.DoesNotContain(view.Verify(), static each => each.Level == FindingLevel.Problem);
        Assert.Equal(StampCondition.Holds, view.CheckAcceptance(s_state));
    }

    private Task<MendedDocument[]> RunAsync(DocumentRemedy remedy, DocumentId document) =>
        RunAllAsync(remedy, new DocumentRepairOptions { Documents = [document] });

    private Task<MendedDocument[]> RunAsync(DocumentRemedy remedy, string backup, DocumentId document) =>
        RunAllAsync(remedy, new DocumentRepairOptions { Documents = [document], Backup = backup });

    private async Task<MendedDocument[]> RunAllAsync(DocumentRemedy remedy, DocumentRepairOptions options)
    {
        var all = new List<MendedDocument>();
        await foreach (MendedDocument each in DocumentRepair.RunAsync(
            StoreLayout.At(_scene.Store), remedy, options, cancellationToken: TestContext.Current.CancellationToken))
        {
            all.Add(each);
        }

        return [.. all];
    }
}
