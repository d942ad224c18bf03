using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests;

/// <summary><c>safestore import</c> on trees that the real Kata code has written.</summary>
public sealed class ImportTests : IDisposable
{
    private const int Documents = 63;

    private readonly KataTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public async Task Every_document_is_in_the_store_byte_for_byte_and_the_tree_is_as_it_was()
    {
        SortedDictionary<string, string> before = _tree.Documents();

        ToolResult import = await _tree.ImportAsync("--json");

        Assert.True(import.Code == 0, import.Errors);
        Assert.Equal((Documents, 4), (import.Total("imported"), import.Total("ignored")));
        Assert.Equal(before, KataTree.DocumentsOf(Path.Combine(_tree.Store, "config"), Path.Combine(_tree.Store, "run")));
        Assert.Equal(before, _tree.Documents());
        Assert.Equal(
            "FirecrackerState", import.Of("hypervisor.json", sandbox: KataTree.FirecrackerSandbox).GetProperty("kind").GetString());
        Assert.Equal("QemuState", import.Of("hypervisor.json").GetProperty("kind").GetString());
        Assert.Equal("ignored", import.Of("lock").Outcome());
        Assert.Equal("ignored", import.Of("tempDir", sandbox: KataTree.FirecrackerSandbox).Outcome());
        ToolResult dump = await ToolProcess.RunAsync(["dump", "--store", _tree.Store]);
        Assert.Equal((0, Documents), (dump.Code, dump.Lines.Count));
    }

    [Fact]
    public async Task A_second_import_finds_everything_unchanged()
    {
        await _tree.ImportAsync();

        ToolResult again = await _tree.ImportAsync("--json");

        Assert.Equal((0, Documents, 0), (again.Code, again.Total("unchanged"), again.Total("imported")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dry_run_writes_nothing_at_all(bool hasStore)
    {
        if (hasStore)
        {
            await _tree.ImportAsync();
        }

        await File.WriteAllTextAsync(Path.Combine(_tree.Run, KataTree.Sandbox, "agent.json"), "", TestContext.Current.CancellationToken);
        SortedDictionary<string, string> before = _tree.Snapshot();

        ToolResult run = await _tree.ImportAsync("--dry-run", "--quarantine", "--json");

        Assert.Equal(2, run.Code);
        Assert.Equal(hasStore ? (0, Documents - 1) : (Documents - 1, 0), (run.Total("imported"), run.Total("unchanged")));
        Assert.Equal("damaged", run.Of("agent.json").Outcome());
        Assert.Equal(before, _tree.Snapshot());
    }

    [Theory]
    [InlineData("agent.json", "", "it is empty at byte 0")]
    [InlineData("state.json", "{\"state\":\"running\"", "it is not valid JSON")]
    [InlineData("state.json", "\0\0\0\0", "it is not valid JSON")]
    [InlineData("state.json", "{\"pid\":\"x\"}", "it is not a document of its type, State")]
    [InlineData("state.json", "{\"pid\":1,\"pid\":2}", "the property 'pid' appears twice at byte 9")]
    [InlineData("devices.json", "[{\"ID\":\"0a\",\"ContainerPath\":\"/dev/x\"}]", "a container's list of devices")]
    public async Task A_damaged_document_is_reported_with_its_reason_and_left_alone(string file, string content, string reason)
    {
        string path = Path.Combine(_tree.Run, KataTree.Sandbox, file);
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);

        ToolResult import = await _tree.ImportAsync("--json", "--partial");

        Assert.Equal((2, Documents - 1, 1), (import.Code, import.Total("imported"), import.Total("damaged")));
        Assert.Contains(reason, import.Of(file).Reason(), StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Path.Combine(_tree.Store, "run", KataTree.Sandbox, file)));
        Assert.Equal(2, (await _tree.ImportAsync()).Code);
    }

    [Fact]
    public async Task Quarantine_keeps_a_copy_of_what_is_no_document_once()
    {
        string run = Path.Combine(_tree.Run, KataTree.Sandbox);
        await File.WriteAllTextAsync(Path.Combine(run, "agent.json"), "{", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(run, KataTree.Sandbox, "process.json"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(run, "a b.json"), "{}", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(run, "network.json"), new string(' ', 2000), TestContext.Current.CancellationToken);

        ToolResult import = await _tree.ImportAsync("--json", "--quarantine", "--document-bytes", "1000000");
        ToolResult again = await _tree.ImportAsync("--json", "--quarantine", "--document-bytes", "1999");

        Assert.Equal((2, 4), (import.Code, import.Total("quarantined")));
        Assert.Equal(2, again.Code);
        string quarantine = Path.Combine(_tree.Store, "config/.safestore/quarantine/run", KataTree.Sandbox);
        Assert.Equal("{", await File.ReadAllTextAsync(Path.Combine(quarantine, "agent.json"), TestContext.Current.CancellationToken));
        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(quarantine, "a b.json"), TestContext.Current.CancellationToken));
        Assert.Equal(
            "", await File.ReadAllTextAsync(
            Path.Combine(quarantine, KataTree.Sandbox, "process.json"), TestContext.Current.CancellationToken));
        Assert.Equal(2000, new FileInfo(Path.Combine(quarantine, "network.json")).Length);
        Assert.Equal(4, Directory.GetFileSystemEntries(quarantine).Length);
        Assert.True(File.Exists(Path.Combine(run, "agent.json")));
    }

    [Theory]
    [InlineData("state.json", "{")]
    [InlineData("a b.json", "{}")]
    [InlineData("bad id/state.json", "{}")]
    [InlineData(".json", "{}")]
    public async Task A_sandbox_of_which_a_file_cannot_be_imported_is_left_out_whole_unless_told(string file, string content)
    {
        string path = Path.Combine(_tree.Run, KataTree.Sandbox, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        bool isInPlace = File.Exists(path);
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);

        ToolResult dry = await _tree.ImportAsync("--json", "--dry-run");
        ToolResult import = await _tree.ImportAsync("--json");
        bool isThere = Directory.Exists(Path.Combine(_tree.Store, "run", KataTree.Sandbox))
            || Directory.Exists(Path.Combine(_tree.Store, "config", KataTree.Sandbox));
        ToolResult table = await _tree.ImportAsync();
        ToolResult partial = await _tree.ImportAsync("--json", "--partial");

        foreach (ToolResult result in new[] { dry, import })
        {
            Assert.Equal((2, "left-out"), (result.Code, result.Of("agent.json").Outcome()));
            Assert.Equal(Documents - (isInPlace ? 1 : 0), result.Total("imported") + result.Total("left-out"));
        }

        Assert.False(isThere);
        Assert.Equal(2, table.Code);
        Assert.Contains(
            table.Lines, static line =>
            line.StartsWith("left-out", StringComparison.Ordinal) && line.Contains("agent.json", StringComparison.Ordinal));
        Assert.Equal((2, "imported"), (partial.Code, partial.Of("agent.json").Outcome()));
    }

    [Fact]
    public async Task Each_file_in_a_directory_of_an_odd_name_is_named_and_set_aside()
    {
        string container = Directory.CreateDirectory(Path.Combine(_tree.Run, KataTree.Sandbox, "bad id")).FullName;
        string sandbox = Directory.CreateDirectory(Path.Combine(_tree.Config, "-odd", "web")).FullName;
        await File.WriteAllTextAsync(Path.Combine(container, "state.json"), "{}", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(container, "mounts.json"), "[]", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(sandbox, "config.json"), "{}", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_tree.Config, "-odd", "config.json"), "{}", TestContext.Current.CancellationToken);

        ToolResult dry = await _tree.ImportAsync("--json", "--dry-run");
        ToolResult import = await _tree.ImportAsync("--json", "--quarantine");

        foreach ((ToolResult result, string outcome) in new[] { (dry, "odd-name"), (import, "quarantined") })
        {
            Assert.Equal(outcome, result.Of("state.json", "bad id").Outcome());
            Assert.Equal(outcome, result.Of("mounts.json", "bad id").Outcome());
            Assert.Equal(outcome, result.Of("config.json", "web", "-odd").Outcome());
            Assert.Equal(outcome, result.Of("config.json", null, "-odd").Outcome());
        }

        string quarantine = Path.Combine(_tree.Store, "config/.safestore/quarantine");
        Assert.Equal(
            "[]", await File.ReadAllTextAsync(
            Path.Combine(quarantine, "run", KataTree.Sandbox, "bad id", "mounts.json"), TestContext.Current.CancellationToken));
        Assert.Equal(
            "{}", await File.ReadAllTextAsync(
            Path.Combine(quarantine, "config/-odd/web/config.json"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Names_that_are_not_UTF_8_are_reported_and_end_nothing()
    {
        NamesOfBytes.Make(_tree.Run, KataTree.Sandbox);

        ToolResult dry = await _tree.ImportAsync("--json", "--dry-run", "--quarantine");
        ToolResult import = await _tree.ImportAsync("--json", "--quarantine");

        Assert.True(import.Code == 2, import.Errors);
        Assert.Equal((2, 5, Documents), (dry.Code, dry.Total("odd-name"), dry.Total("imported")));
        Assert.Equal((5, Documents), (import.Total("odd-name"), import.Total("imported")));
        Assert.Contains(
            import.Lines, static line =>
            line.Contains("its name is not UTF-8", StringComparison.Ordinal)
            && line.Contains("only where it was", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_must_not_be_imported_is_reported_as_what_it_is()
    {
        string run = Path.Combine(_tree.Run, KataTree.Sandbox);
        Directory.CreateSymbolicLink(Path.Combine(_tree.Run, "linked"), "/etc");
        File.CreateSymbolicLink(Path.Combine(run, "extra.json"), "/etc/hostname");
        await File.WriteAllTextAsync(Path.Combine(run, "shim.pid"), "1", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(run, ".hidden.json"), "1", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(_tree.Config, "not an id"));

        ToolResult import = await _tree.ImportAsync("--json", "--document-bytes", "2000");

        Assert.Equal(2, import.Code);
        Assert.Equal("symbolic-link", import.Of("extra.json").Outcome());
        Assert.Equal("ignored", import.Of("shim.pid").Outcome());
        Assert.Equal("odd-name", import.Of(".hidden.json").Outcome());
        Assert.Equal("too-large", import.Of("config.json").Outcome());
        Assert.Contains(
            import.Lines, static line =>
            line.Contains("\"linked\"", StringComparison.Ordinal) && line.Contains("symbolic-link", StringComparison.Ordinal));
        Assert.Contains(
            import.Lines, static line =>
            line.Contains("not an id", StringComparison.Ordinal) && line.Contains("odd-name", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(_tree.Store, "run", "linked")));
        Assert.False(File.Exists(Path.Combine(_tree.Store, "run", KataTree.Sandbox, "shim.pid")));
    }

    [Fact]
    public async Task A_sandbox_that_the_store_has_otherwise_is_left_as_it_is()
    {
        await _tree.ImportAsync();
        string path = Path.Combine(_tree.Run, KataTree.Sandbox, "agent.json");
        await File.WriteAllTextAsync(path, """{"ProxyPid":4,"URL":""}""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_tree.Run, KataTree.Sandbox, "new.json"), "{}", TestContext.Current.CancellationToken);
        File.Delete(Path.Combine(_tree.Run, KataTree.Sandbox, "network.json"));
        SortedDictionary<string, string> before =
            KataTree.DocumentsOf(Path.Combine(_tree.Store, "config"), Path.Combine(_tree.Store, "run"));

        ToolResult import = await _tree.ImportAsync("--json");
        ToolResult dry = await _tree.ImportAsync("--json", "--dry-run");

        foreach (ToolResult result in new[] { import, dry })
        {
            Assert.Equal((2, Documents - 2, 3), (result.Code, result.Total("unchanged"), result.Total("differs")));
            Assert.Equal("the store has another content", result.Of("agent.json").Reason());
            Assert.Equal("the store does not have it", result.Of("new.json").Reason());
            Assert.Equal("only the store has it", result.Of("network.json").Reason());
        }

        Assert.Equal(before, KataTree.DocumentsOf(Path.Combine(_tree.Store, "config"), Path.Combine(_tree.Store, "run")));
    }

    [Fact]
    public async Task An_import_that_is_killed_again_and_again_is_completed_by_the_next()
    {
        _tree.Multiply(60);
        var random = new Random(5);
        int killed = 0;
        for (int attempt = 0; attempt < 6; attempt++)
        {
            using ToolProcess import = ToolProcess.Start(_tree.ImportArguments("--json"));
            for (int lines = random.Next(1, 250); lines > 0
                && await import.Output.ReadLineAsync(TestContext.Current.CancellationToken) is not null; lines--)
            {
            }

            import.Process.Kill();
            await import.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
            killed += import.Process.ExitCode == 137 ? 1 : 0;
        }

        ToolResult last = await _tree.ImportAsync("--json");

        Assert.True(killed > 0);
        Assert.Equal(0, last.Code);
        Assert.Equal(_tree.Documents(), KataTree.DocumentsOf(Path.Combine(_tree.Store, "config"), Path.Combine(_tree.Store, "run")));
    }

    [Fact]
    public async Task A_tree_of_one_root_is_imported_with_the_documents_that_its_persist_json_stands_for()
    {
        string root = _tree.Of("persist");
        Directory.CreateDirectory(Path.Combine(root, "sb-1", "web"));
        await File.WriteAllTextAsync(
            Path.Combine(root, "sb-1", "persist.json"), """{"PersistVersion":2}""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(root, "sb-1", "web", "persist.json"), "{}", TestContext.Current.CancellationToken);

        ToolResult import = await ToolProcess.RunAsync(["import", "--from-run", root, "--store", _tree.Store, "--json"]);

        // config, state, network, devices, agent of the sandbox; state and process of the container
        Assert.Equal((0, 2 + 5 + 2), (import.Code, import.Total("imported")));
        Assert.Equal("PersistSandbox", import.Of("persist.json", sandbox: "sb-1").GetProperty("kind").GetString());
        Assert.Equal("made from persist.json", import.Of("agent.json", sandbox: "sb-1").GetProperty("notes")[0].GetString());
        Assert.Equal(
            """{"PersistVersion":2}""",
            await File.ReadAllTextAsync(Path.Combine(_tree.Store, "run/sb-1/persist.json"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_tree_that_does_not_exist_makes_no_store()
    {
        ToolResult import =
            await ToolProcess.RunAsync(
            ["import", "--from-config", _tree.Config, "--from-run", _tree.Of("nowhere"), "--store", _tree.Store]);

        Assert.Equal(1, import.Code);
        Assert.Contains("nowhere", import.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_tree.Store));
    }

    [Fact]
    public async Task A_tree_is_not_imported_into_itself()
    {
        ToolResult import =
            await ToolProcess.RunAsync(
            ["import", "--from-config", _tree.Config, "--from-run", _tree.Run, "--config", _tree.Config, "--run", _tree.Run]);

        Assert.Equal(64, import.Code);
        Assert.Contains("must lie apart", import.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_of_a_file_does_not_steer_the_terminal()
    {
        await File.WriteAllTextAsync(
            Path.Combine(_tree.Config, KataTree.Sandbox, KataTree.Sandbox, "config.json"),
            """{"ID":"\u001b[2J"}""", TestContext.Current.CancellationToken);

        ToolResult import = await _tree.ImportAsync();

        Assert.Equal(0, import.Code);
        Assert.Contains("its ID is '?[2J', not that of its directory", string.Concat(import.Lines), StringComparison.Ordinal);
    }
}
