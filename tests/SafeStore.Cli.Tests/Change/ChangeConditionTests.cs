using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using Xunit;

namespace SafeStore.Cli.Tests.Change;

/// <summary>
/// Commands that change, and dry runs, on stores of all conditions: the exit code, what is said, and that a command that does not do its
/// work has changed nothing. They open a store in the same way, so each condition is tried with some of them, and each with several.
/// </summary>
public sealed class ChangeConditionTests : IDisposable
{
    // Each would change something. The value of put and apply comes from stdin.
    private const string Put = "put sb-2/state.json";
    private const string Rm = "rm sb-2/state.json";
    private const string Edit = "edit sb-2/state.json";
    private const string Checkpoint = "checkpoint";
    private const string Forget = "intents forget sb-2 --all --reason x";

    private const string Diff = "diff sb-1 sb-2";
    private const string Intents = "intents list";
    private const string DryPut = "put sb-2/state.json --dry-run";
    private const string DryRm = "rm sb-2 --recursive --dry-run";
    private const string DryCheckpoint = "checkpoint --dry-run";
    private const string DryApply = "apply --dry-run";

    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_store_that_does_not_exist_is_not_made()
    {
        foreach (string command in new[] { Put, Diff })
        {
            ToolResult result = await RunAsync([], command);
            Assert.Equal((command, 1, 0), (command, result.Code, result.Lines.Count));
            Assert.Contains("does not exist. Check the path", result.Errors, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_scene.Store));
        }
    }

    [Fact]
    public async Task In_an_empty_store_there_is_nothing_to_change()
    {
        await _scene.ApplyAsync();

        await AssertAsync([], [Forget], 1, "The sandbox 'sb-2' does not exist");
        await AssertAsync([], [Checkpoint], 0);
    }

    [Fact]
    public async Task A_read_only_mount_lets_only_look()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A mount needs root.");
        await _scene.SeedAsync();
        string[] behind = ["unshare", "-m", "sh", "-ec", $"mount --bind '{_scene.Store}' '{_scene.Store}'; "
            + $"mount -o remount,ro,bind '{_scene.Store}'; exec \"$@\"", "sh"];

        await AssertAsync(behind, [Put], 1, "EROFS");
        await AssertAsync(behind, [DryApply], 0);
    }

    [Fact]
    public async Task A_store_that_may_not_be_read_is_not_called_missing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Another user needs root.");
        await _scene.SeedAsync();
        File.SetUnixFileMode(Path.GetDirectoryName(_scene.Store)!, UnixFileMode.UserRead | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        await AssertAsync(LookScene.OtherUser, [Edit, Diff], 1, "EACCES");
    }

    [Fact]
    public async Task A_lock_that_another_process_holds_is_waited_for_and_its_holder_is_named()
    {
        await _scene.SeedAsync();
        await using StateStore holder = await StateStore.OpenAsync(StoreLayout.At(_scene.Store));
        await using SandboxLock held = await holder.LockAsync("sb-2");

        await AssertAsync([], [$"{Put} --timeout 0"], 1, $"it is held by pid {Environment.ProcessId} (");
        await AssertAsync([], [Intents], 0);
    }

    [Fact]
    public async Task A_faulted_store_that_a_process_has_open_is_not_changed()
    {
        await _scene.SeedAsync();
        await using StateStore holder = await StateStore.OpenAsync(StoreLayout.At(_scene.Store));
        await using (FileStream words = new(
            _scene.PathOf("run/.safestore/words"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            words.Write(BitConverter.GetBytes(0x4641554C54454421));
        }

        await AssertAsync([], [Rm], 3, "faulted");
        await AssertAsync([], [DryCheckpoint], 2, "The store is faulted");
    }

    [Fact]
    public async Task A_store_with_a_damaged_log_is_not_changed()
    {
        await _scene.DamageLogAsync();

        await AssertAsync([], [Edit], 1, "its header is damaged");
        await AssertAsync([], [DryRm], 2, "its header is damaged");
    }

    [Fact]
    public async Task A_store_of_a_newer_format_is_not_changed()
    {
        await _scene.SetFormatAsync(3);

        await AssertAsync([], [Forget], 1, "format 3");
        await AssertAsync([], [DryPut], 2, "format 3");
    }

    [Fact]
    public async Task A_parked_sandbox_is_named_and_another_one_can_be_changed()
    {
        await _scene.ParkAsync();

        await AssertAsync([], [Diff], 2, "'sb-1' is parked");
        ToolResult refused = await RunAsync([], "put sb-1/state.json");
        Assert.Equal(1, refused.Code);
        Assert.NotEqual("", refused.Errors);
        Assert.Equal(0, (await RunAsync([], Put)).Code);
    }

    [Fact]
    public async Task On_a_full_disk_nothing_is_changed_and_looking_goes_on()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A mount needs root.");
        await _scene.SeedAsync();
        string[] behind = ["unshare", "-m", "sh", "-ec", $"mkdir -p '{_scene.Store}-full'; mount -t tmpfs -o size=10m tmpfs "
            + $"'{_scene.Store}-full'; cp -a '{_scene.Store}/.' '{_scene.Store}-full'; "
            + $"mount --move '{_scene.Store}-full' '{_scene.Store}'; "
            + $"head -c 20m /dev/zero > '{_scene.Store}/fill' 2> /dev/null || true; exec \"$@\"", "sh"];

        await AssertAsync(behind, [Put], 1, "ENOSPC");
        await AssertAsync(behind, [DryCheckpoint], 0);
    }

    /// <summary>Every command has this exit code and says this, and the store is as it was.</summary>
    private async Task AssertAsync(IReadOnlyList<string> behind, IEnumerable<string> commands, int code, string told = "")
    {
        IReadOnlyList<string> before = DocumentsOf(_scene);
        foreach (string command in commands)
        {
            ToolResult result = await RunAsync(behind, command);
            int expected = code == 0 && command.StartsWith("diff", StringComparison.Ordinal) ? 2 : code;
            Assert.True(expected == result.Code, $"{command}: {result.Code}, {result.Errors}{string.Join('\n', result.Lines)}");
            Assert.Contains(told, result.Errors, StringComparison.Ordinal);
            Assert.True(told.Length > 0 || result.Errors.Length == 0, $"{command}: {result.Errors}");
        }

        Assert.Equal(before, DocumentsOf(_scene));
    }

    private Task<ToolResult> RunAsync(IReadOnlyList<string> behind, string command) =>
        _scene.RunBehindAsync(["env", "VISUAL=sed -i s/1/2/", .. behind], command, command.StartsWith("apply", StringComparison.Ordinal)
            ? """{"sandbox":"sb-1","ops":[{"put":"state.json","value":1}]}""" : "{\"n\":2}");

    /// <summary>An opening that is refused may have tried out locks and the like: what counts is what is stored.</summary>
    private static IReadOnlyList<string> DocumentsOf(LookScene scene) =>
        [.. scene.All().Where(static each => !each.Contains("/.safestore", StringComparison.Ordinal))];
}
