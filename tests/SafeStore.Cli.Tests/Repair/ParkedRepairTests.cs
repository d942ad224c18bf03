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

/// <summary>The ways out for a sandbox whose transactions are parked.</summary>
public sealed class ParkedRepairTests : IDisposable
{
    private const string Applied = """{"n":7}""";
    private const string Next = """{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":8}}]}""";

    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_in_the_way_is_moved_and_the_parked_transaction_is_published(bool isOpen)
    {
        await _scene.ParkAsync();
        await using StateStore? program = isOpen ? await StateStore.OpenAsync(StoreLayout.At(_scene.Store)) : null;
        ParkedRepairPlan shown = Assert.Single(ParkedRepair.Examine(StoreLayout.At(_scene.Store)));

        ParkedRepairPlan? applied = await ParkedRepair.ApplyAsync(StoreLayout.At(_scene.Store), "sb-1");

        Assert.Equal([StatePath], shown.Obstacles);
        Assert.Equal(shown.Last, applied!.Last);
        Assert.Equal(Applied, await File.ReadAllTextAsync(StatePath));
        Assert.True(Directory.Exists(Path.Combine(Assert.Single(applied.Quarantines), "obstacles/sb-1/state.json/in-the-way")));
        await CheckWholeAsync();
        Assert.Null(await ParkedRepair.ApplyAsync(StoreLayout.At(_scene.Store), "sb-1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_given_up_comes_not_again_and_its_record_is_kept(bool isOpen)
    {
        await _scene.ParkAsync();
        await using StateStore? program = isOpen ? await StateStore.OpenAsync(StoreLayout.At(_scene.Store)) : null;
        byte[] record = await File.ReadAllBytesAsync(Path.Combine(_scene.Metadata, "parked/sb-1"));

        ParkedRepairPlan? given = await ParkedRepair.GiveUpAsync(StoreLayout.At(_scene.Store), "sb-1");

        Assert.Contains("run:state.json", Assert.Single(given!.Transactions).Message, StringComparison.Ordinal);
        Assert.Equal(record, await File.ReadAllBytesAsync(Path.Combine(Assert.Single(given.Quarantines), "parked/sb-1")));
        Assert.Empty(ParkedRepair.Examine(StoreLayout.At(_scene.Store)));
        Assert.Null(await ParkedRepair.GiveUpAsync(StoreLayout.At(_scene.Store), "sb-1"));
        Directory.Delete(StatePath, recursive: true);
        await _scene.ApplyAsync();
        Assert.False(Path.Exists(StatePath));
        await CheckWholeAsync();
    }

    [Fact]
    public async Task A_record_that_is_damaged_can_only_be_given_up()
    {
        await _scene.ParkAsync();
        await File.WriteAllTextAsync(Path.Combine(_scene.Metadata, "parked/sb-1"), "?");

        ParkedRepairPlan shown = Assert.Single(ParkedRepair.Examine(StoreLayout.At(_scene.Store)));
        await Assert.ThrowsAsync<LogCorruptException>(() => ParkedRepair.ApplyAsync(StoreLayout.At(_scene.Store), "sb-1"));
        ParkedRepairPlan? given = await ParkedRepair.GiveUpAsync(StoreLayout.At(_scene.Store), "sb-1");

        Assert.NotNull(shown.Damage);
        Assert.Equal(shown.Damage, given!.Damage);
        Directory.Delete(StatePath, recursive: true);
        await CheckWholeAsync();
    }

    [Fact]
    public async Task The_tool_shows_what_is_parked_with_command_lines_that_end_it()
    {
        await _scene.ParkAsync();
        IReadOnlyList<string> before = _scene.All();

        ToolResult shown = await _scene.RunAsync("repair --json");
        JsonElement parked = JsonDocument.Parse(Assert.Single(shown.Lines)).RootElement.GetProperty("parked")[0];
        string[] commands = [.. parked.GetProperty("commands").EnumerateArray().Select(static each => each.GetString()!)];
        ToolResult dryRun = await ToolProcess.RunAsync([.. commands[1].Split(' ')[1..], "--dry-run"]);

        Assert.Equal((2, 2), (shown.Code, dryRun.Code));
        Assert.Equal(StatePath, parked.GetProperty("obstacles")[0].GetString());
        Assert.Contains(dryRun.Lines, static line => line.StartsWith("given up: LSN ", StringComparison.Ordinal));
        Assert.Equal(before, _scene.All());

        ToolResult applied = await ToolProcess.RunAsync([.. commands[0].Split(' ')[1..], "--json"]);

        Assert.Equal((0, ""), (applied.Code, applied.Errors));
        Assert.Equal("apply", JsonDocument.Parse(Assert.Single(applied.Lines)).RootElement.GetProperty("action").GetString());
        Assert.Equal(Applied, await File.ReadAllTextAsync(StatePath));
    }

    private string StatePath => _scene.PathOf("run/sb-1/state.json");

    /// <summary>Used again, and nothing is wrong.</summary>
    private async Task CheckWholeAsync()
    {
        await _scene.ApplyAsync(Next);
        Assert.Equal("""{"n":8}""", await File.ReadAllTextAsync(StatePath));
        using var view = StoreView.Open(StoreLayout.At(_scene.Store));
        Assert.Empty(view.ReadCondition().Parked);
        Assert.DoesNotContain(view.Verify(), static each => each.Level == FindingLevel.Problem);
    }
}
