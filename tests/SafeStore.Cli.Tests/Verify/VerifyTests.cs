using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Verify;

/// <summary>What the command verify prints, its exit codes, and that it leaves all as it is.</summary>
public sealed class VerifyTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_good_store_has_no_findings()
    {
        await _scene.SeedAsync();

        ToolResult text = await _scene.RunAsync("verify");
        ToolResult json = await _scene.RunAsync("verify --json");

        Assert.Equal((0, ""), (text.Code, text.Errors));
        Assert.StartsWith("2 sandboxes, 3 documents, 37 bytes: ", text.Lines[^1], StringComparison.Ordinal);
        Assert.Equal((0, ""), (json.Code, json.Errors));
        Assert.DoesNotContain(json.Lines.Select(CodeOf), IsNoWordOfStamps);
    }

    [Fact]
    public async Task A_store_that_is_open_and_locked_has_no_findings()
    {
        await _scene.SeedAsync();
        await using StateStore holder = await StateStore.OpenAsync(StoreLayout.At(_scene.Store));
        await using SandboxLock held = await holder.LockAsync("sb-2");

        Assert.Equal(0, (await _scene.RunAsync("verify")).Code);
    }

    [Fact]
    public async Task A_finding_is_one_object_with_these_members()
    {
        await _scene.SeedAsync();
        await File.WriteAllTextAsync(_scene.PathOf("config/sb-2/web/config.json"), "{", TestContext.Current.CancellationToken);

        ToolResult result = await _scene.RunAsync("verify --json sb-2");

        JsonElement finding = JsonElement.Parse(result.Lines[0]);
        Assert.Equal((2, ""), (result.Code, result.Errors));
        Assert.Equal(
            "level,code,root,sandbox,container,file,path,error",
            string.Join(',', finding.EnumerateObject().Select(static each => each.Name)));
        Assert.Equal(
            ("problem", "corrupt", "config", "sb-2", "web", "config.json", _scene.PathOf("config/sb-2/web/config.json")),
            (Text("level"), Text("code"), Text("root"), Text("sandbox"), Text("container"), Text("file"), Text("path")));

        string? Text(string name) => finding.GetProperty(name).GetString();
    }

    [Fact]
    public async Task A_mount_in_a_sandbox_is_found()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A mount needs root.");
        await _scene.SeedAsync();
        string mount = $"mount -t tmpfs none '{_scene.PathOf("run/sb-2/web")}'; exec \"$@\"";

        ToolResult result = await _scene.RunBehindAsync(["unshare", "-m", "sh", "-ec", mount, "sh"], "verify --json");

        Assert.Equal(2, result.Code);
        Assert.Equal(["mount"], result.Lines.Select(CodeOf).Where(IsNoWordOfStamps));
    }

    [Fact]
    public async Task A_lock_word_above_the_end_of_the_log_is_found()
    {
        await _scene.SeedAsync();
        await _scene.WriteCommittingAsync("sb-1", version: 99);

        Assert.Contains("lock-ahead", Problems());
    }

    [Fact]
    public async Task Parked_records_are_told_and_their_damage_is_found()
    {
        await _scene.ParkAsync();
        Assert.Contains("parked", Problems());
        await _scene.ShellAsync("echo > config/.safestore/parked/sb-1");

        Assert.Contains("parked-damaged", Problems());
    }

    [Fact]
    public async Task Transactions_that_are_not_visible_are_told()
    {
        await _scene.LeavePendingAsync();

        Assert.Contains("pending", Problems());
    }

    [Fact]
    public async Task A_faulted_store_is_told()
    {
        await _scene.FaultAsync();

        Assert.Contains("faulted", Problems());
    }

    [Fact]
    public async Task Sandboxes_that_are_named_are_looked_at_alone()
    {
        await _scene.SeedAsync();
        await _scene.ShellAsync("echo > run/sb-1/state.json; echo > run/.safestore/words");

        ToolResult other = await _scene.RunAsync("verify sb-2");

        Assert.Equal(0, other.Code);
        Assert.StartsWith("1 sandbox, 2 documents, 30 bytes: ", other.Lines[^1], StringComparison.Ordinal);
        Assert.Equal(["corrupt"], (await _scene.RunAsync("verify --json sb-1 sb-2 sb-1")).Lines.Select(CodeOf).Where(IsNoWordOfStamps));
    }

    [Fact]
    public async Task The_right_to_read_and_a_read_only_mount_are_enough()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A mount and another user need root.");
        await _scene.SeedAsync();
        await _scene.ShellAsync("chgrp -R 65534 \"$PWD/..\"; chmod 750 \"$PWD/..\"");
        string[] behind =
        [
            "unshare", "-m", "sh", "-ec",
            $"mount --bind '{_scene.Store}' '{_scene.Store}'; mount -o remount,ro,bind '{_scene.Store}'; "
            + "exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"", "sh",
        ];

        ToolResult result = await _scene.RunBehindAsync(behind, "verify --json");

        Assert.Equal((0, ""), (result.Code, result.Errors));
        Assert.Equal(["hidden", "hidden"], result.Lines.Select(CodeOf).Where(IsNoWordOfStamps));
    }

    [Fact]
    public async Task Nothing_is_changed()
    {
        await _scene.LeavePendingAsync();
        await _scene.ShellAsync(": > run/sb-1/lock; mkfifo run/pipe; mkdir -p run/.safestore/scratch/0123456789abcdef");
        string before = await ListAsync();

        Assert.Contains("pending", Problems());

        Assert.Equal(before, await ListAsync());

        async Task<string> ListAsync() => await _scene.ShellAsync(
            "find . -printf '%p %i %m %u %g %n %s %T@ %C@\\n' | sort; find . -type f | sort | xargs sha256sum");
    }

    [Theory]
    [InlineData("verify sb/1")]
    [InlineData("verify --parallel 0")]
    [InlineData("verify --model other")]
    [InlineData("verify --dry-run")]
    [InlineData("verify --accept sb")]
    [InlineData("verify --accept sb/a.json --parallel 2")]
    [InlineData("verify sb --accept sb/a.json")]
    public async Task A_wrong_command_line_is_told_in_one_line(string command)
    {
        ToolResult result = await _scene.RunAsync(command);

        Assert.Equal((64, 0), (result.Code, result.Lines.Count));
        Assert.EndsWith("See 'safestore verify --help'.\n", result.Errors, StringComparison.Ordinal);
        _ = Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task What_does_not_exist_ends_with_1()
    {
        ToolResult store = await _scene.RunAsync("verify");
        await _scene.SeedAsync();
        ToolResult sandbox = await _scene.RunAsync("verify sb-3");

        Assert.Equal((1, 1), (store.Code, sandbox.Code));
        Assert.Contains("Check the path", store.Errors, StringComparison.Ordinal);
        Assert.Contains("sb-3", sandbox.Errors, StringComparison.Ordinal);
    }

    private static string CodeOf(string line) => JsonElement.Parse(line).GetProperty("code").GetString()!;

    /// <summary>A place that keeps no stamps has a note of it.</summary>
    private static bool IsNoWordOfStamps(string code) => code != "no-stamps";

    private IEnumerable<string> Problems() =>
        DamageScene.Verify(_scene.Store).Where(static each => each.Level == FindingLevel.Problem).Select(static each => each.Code);
}
