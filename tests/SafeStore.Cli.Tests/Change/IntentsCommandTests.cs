using System;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.Operations;
using SafeStore.Sandboxes;
using Xunit;

namespace SafeStore.Cli.Tests.Change;

/// <summary>What is still to be undone is listed, given up with a reason, and not forgotten by the way.</summary>
public sealed class IntentsCommandTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Intents_are_listed_and_those_that_are_given_up_stay_told()
    {
        await IntendAsync("netns", "cgroup");

        ToolResult list = await _scene.RunAsync("intents list sb-2 --json");
        ToolResult dry = await _scene.RunAsync("intents forget sb-2 1 --reason x --dry-run");
        ToolResult forget = await _scene.RunAsync("intents forget sb-2 1 --verbose", "--reason", "deleted by hand");
        ToolResult all = await _scene.RunAsync("intents list --forgotten --json");

        Assert.Equal((0, ""), (list.Code, list.Errors));
        Assert.Equal(
            [
                """{"sandbox":"sb-2","number":1,"kind":"netns","payload":{"path":"/x"},"attempts":0,"lastError":null,"creating":false"""
                    + ""","forgotten":null,"reason":null}""",
                """{"sandbox":"sb-2","number":2,"kind":"cgroup","payload":{"path":"/x"},"attempts":0,"lastError":null,"creating":false"""
                    + ""","forgotten":null,"reason":null}""",
            ],
            list.Lines);
        Assert.Equal((0, """would forget sb-2 1 netns {"path":"/x"}"""), (dry.Code, Assert.Single(dry.Lines)));
        Assert.Equal((0, """5: forgot sb-2 1 netns {"path":"/x"}"""), (forget.Code, Assert.Single(forget.Lines)));
        JsonElement told = JsonElement.Parse(all.Lines[1]);
        Assert.Equal(("deleted by hand", 1), (told.GetProperty("reason").GetString(), told.GetProperty("number").GetInt32()));
        Assert.Equal(JsonValueKind.String, told.GetProperty("forgotten").ValueKind);
    }

    [Fact]
    public async Task What_cannot_be_given_up_is_left()
    {
        await IntendAsync("netns");
        string record = _scene.PathOf("config/sb-2/intents.json");
        string before = await File.ReadAllTextAsync(record, TestContext.Current.CancellationToken);

        foreach ((string command, int code) in new[]
        {
            ("intents forget sb-2 1 --all --reason x", 64), ("intents forget sb-2 one --reason x", 64),
            ("intents forget sb-2 7 --reason x", 1),
        })
        {
            ToolResult result = await _scene.RunAsync(command);
            Assert.Equal((command, code, 0), (command, result.Code, result.Lines.Count));
        }

        Assert.Equal(before, await File.ReadAllTextAsync(record, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_damaged_record_is_told_and_hides_no_other()
    {
        await IntendAsync("netns");
        await File.WriteAllTextAsync(_scene.PathOf("config/sb-1/intents.json"), "[", TestContext.Current.CancellationToken);

        ToolResult result = await _scene.RunAsync("intents list --json");

        Assert.Equal(2, result.Code);
        Assert.Contains("sb-1/intents.json", result.Errors, StringComparison.Ordinal);
        Assert.Contains("netns", Assert.Single(result.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_command_removes_a_sandbox_with_something_to_undo_unless_it_is_told_to_forget()
    {
        await IntendAsync("netns");
        const string Remove = """{"sandbox":"sb-2","ops":[{"removeSandbox":true}]}""";

        string[][] commands =
        [
            ["apply"], ["apply", "--dry-run"], ["rm", "sb-2", "-r"], ["rm", "sb-2", "-r", "--dry-run"],
        ];
        foreach (string[] command in commands)
        {
            ToolResult refused = await ToolProcess.RunAsync([.. command, "--store", _scene.Store], Remove + "\n");
            Assert.Equal(command[0] == "apply" ? 2 : 1, refused.Code);
            Assert.Contains("still to be undone", refused.Errors + string.Concat(refused.Lines), StringComparison.Ordinal);
        }

        ToolResult forced = await ToolProcess.RunAsync(
            ["apply", "--store", _scene.Store], Remove.Replace("true", "true,\"forgetIntents\":true", StringComparison.Ordinal) + "\n");
        Assert.Equal((0, """{"lsn":4}"""), (forced.Code, Assert.Single(forced.Lines)));
    }

    [Fact]
    public async Task Rm_forgets_what_is_to_be_undone_if_it_is_told_to()
    {
        await IntendAsync("netns");

        Assert.Equal(0, (await _scene.RunAsync("rm sb-2 -r --forget-intents")).Code);

        Assert.Equal(["sb-1"], _scene.ListSandboxes());
    }

    [Fact]
    public async Task What_is_in_the_place_of_the_record_is_taken_for_one_by_a_removal_and_its_dry_run()
    {
        await _scene.SeedAsync();
        string record = _scene.PathOf("config/sb-1/intents.json");
        await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(_scene.Store));
        using var view = StoreView.Open(StoreLayout.At(_scene.Store));
        view.CheckRemoval("sb-1");

        foreach (string[] maker in new[] { new[] { "mkdir", record }, ["mkfifo", record], ["ln", "-s", "/dev/null", record] })
        {
            using (Process make = Process.Start(maker[0], maker[1..]))
            {
                await make.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            Assert.Null(Assert.Throws<PendingIntentsException>(() => view.CheckRemoval("sb-1")).Count);
            await Assert.ThrowsAsync<PendingIntentsException>(async () => await store.RemoveSandboxAsync("sb-1"));
            using Process remove = Process.Start("rm", ["-r", record]);
            await remove.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private async Task IntendAsync(params string[] kinds)
    {
        await _scene.SeedAsync();
        await using SandboxStore store = await SandboxStore.OpenAsync(StoreLayout.At(_scene.Store));
        await using ModelLock held = await store.LockAsync("sb-2");
        foreach (string kind in kinds)
        {
            await held.IntendJsonAsync(kind, JsonElement.Parse("""{"path":"/x"}"""), TestContext.Current.CancellationToken);
        }
    }
}
