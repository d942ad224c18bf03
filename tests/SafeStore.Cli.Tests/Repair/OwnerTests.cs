using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.FileSystem;
using SafeStore.Operations;
using SafeStore.Operations.Repair;
using Xunit;

namespace SafeStore.Cli.Tests.Repair;

/// <summary>A store's files belong to whom they should, and give no rights that they should not.</summary>
public sealed class OwnerTests : IDisposable
{
    private static readonly FileOwner s_nobody = new(65534, 65534);

    private readonly LookScene _scene = new();

    public OwnerTests() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "Giving files away needs root.");

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task What_a_verification_finds_of_owners_and_modes_is_mended_and_nothing_else()
    {
        await _scene.SeedAsync();
        await ShellAsync("""
            chown 65534:65534 run/sb-1/state.json config/.safestore/log config/.safestore/store.json
            chmod 0646 run/sb-1/state.json config/.safestore/store.json run/.safestore/root.json
            chmod 0400 run/sb-1
            """);
        Assert.NotEmpty(Found());
        string[] before = await ShellAsync("find . -printf '%p %u %g %m %T@\\n' | sort");

        IReadOnlyList<PermissionChange> examined = PermissionRepair.Examine(Layout);
        Assert.Equal(before, await ShellAsync("find . -printf '%p %u %g %m %T@\\n' | sort"));
        Assert.Equal(
            ["log", "root.json", "sb-1", "state.json", "store.json"],
            examined.Select(static change => Path.GetFileName(change.Path)).Order(StringComparer.Ordinal));

        Assert.Equal(examined, PermissionRepair.Repair(Layout));
        Assert.Empty(Found());
        Assert.Equal(["0 0 644"], await ShellAsync("stat -c '%u %g %a' run/sb-1/state.json"));
        Assert.Empty(PermissionRepair.Repair(Layout));
        string[] changed = [.. examined.Select(change => $"./{Path.GetRelativePath(_scene.Store, change.Path)} ")];
        bool IsOther(string line) => !changed.Any(each => line.StartsWith(each, StringComparison.Ordinal));
        Assert.Equal(before.Where(IsOther), (await ShellAsync("find . -printf '%p %u %g %m %T@\\n' | sort")).Where(IsOther));
    }

    [Fact]
    public async Task All_of_a_store_is_given_to_another_user_and_what_is_no_part_of_it_is_not()
    {
        await _scene.SeedAsync();
        await ShellAsync("""
            echo 1 > ../outside; ln -s ../../../outside run/sb-1/link; ln ../outside run/sb-1/shared.json; mkfifo run/sb-1/pipe
            mkdir config/-no-sandbox; echo 1 > config/-no-sandbox/file
            """);

        Assert.NotEmpty(PermissionRepair.Repair(Layout, s_nobody));

        Assert.Equal(
            ["./config/-no-sandbox", "./config/-no-sandbox/file", "./run/sb-1/link", "./run/sb-1/pipe", "./run/sb-1/shared.json"],
            await ShellAsync("find config run ! -user 65534 -printf './%p\\n' | sort"));
        Assert.Equal(["0"], await ShellAsync("stat -c %u ../outside"));
        Assert.Empty(PermissionRepair.Repair(Layout, s_nobody));
        ToolResult status = await _scene.RunBehindAsync(LookScene.OtherUser, "ls");
        Assert.NotEqual(64, status.Code);
    }

    [Fact]
    public async Task The_command_shows_first_and_needs_the_rights()
    {
        await _scene.SeedAsync();

        ToolResult shown = await _scene.RunAsync("repair --owner 65534:65534 --dry-run");
        Assert.Equal(2, shown.Code);
        Assert.Contains(shown.Lines, static line => line.Contains("would change: ", StringComparison.Ordinal)
            && line.EndsWith("/run/sb-1/state.json: 0:0 -> 65534:65534", StringComparison.Ordinal));
        Assert.Empty(await ShellAsync("find . -user 65534"));

        ToolResult done = await _scene.RunAsync("repair --owner 65534:65534 --json");
        Assert.Equal(0, done.Code);
        Assert.Contains(done.Lines, static line => line.Contains("\"newUser\":65534", StringComparison.Ordinal));
        Assert.Empty(await ShellAsync("find config run ! -user 65534"));
        Assert.Equal(0, (await _scene.RunAsync("repair --owner")).Code);
        Assert.Empty(await ShellAsync("find config run ! -user 65534"));

        await ShellAsync("chmod 0755 .. .");
        ToolResult refused = await _scene.RunBehindAsync(
            LookScene.OtherUser, "repair --owner 0:0");
        Assert.Equal(1, refused.Code);
        Assert.Contains("EPERM", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repair_without_an_action_offers_it()
    {
        await _scene.SeedAsync();
        await ShellAsync("chmod 0646 run/sb-1/state.json");

        ToolResult shown = await _scene.RunAsync("repair");

        Assert.Equal(2, shown.Code);
        Assert.Contains(shown.Lines, static line => line.EndsWith("/run/sb-1/state.json: 0646 -> 0644", StringComparison.Ordinal));
        Assert.Equal($"    safestore repair --store {_scene.Store} --owner", shown.Lines[^1]);
        Assert.Equal(0, (await _scene.RunAsync("repair --owner")).Code);
        Assert.Equal(0, (await _scene.RunAsync("repair")).Code);
    }

    [Theory]
    [InlineData("no-such-user")]
    [InlineData("root:no-such-group")]
    [InlineData("a:b:c")]
    [InlineData(":0")]
    [InlineData("4294967295:0")]
    [InlineData("123456789")]
    public async Task What_names_no_owner_is_told_in_one_line(string owner)
    {
        ToolResult refused = await _scene.RunAsync($"repair --owner {owner}");

        Assert.Equal(64, refused.Code);
        Assert.Single(refused.Errors.TrimEnd('\n').Split('\n'));
    }

    private StoreLayout Layout => StoreLayout.At(_scene.Store);

    private string[] Found()
    {
        using StoreView view = StoreView.Open(Layout);
        return [.. view.Verify().Where(static each => each.Code is "mode" or "owner").Select(static each => each.Message)];
    }

    private async Task<string[]> ShellAsync(string script) =>
        (await _scene.ShellAsync(script)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
