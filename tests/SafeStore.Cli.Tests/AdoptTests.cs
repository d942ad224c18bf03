using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Cli.Tests;

/// <summary><c>safestore adopt</c>: a tree of the real Kata code becomes a store where it is.</summary>
public sealed class AdoptTests : IDisposable
{
    private readonly KataTree _tree = new();

    public void Dispose() => _tree.Dispose();

    private string[] Roots => ["--config", _tree.Config, "--run", _tree.Run];

    [Fact]
    public async Task The_roots_hold_afterwards_what_they_held_before()
    {
        SortedDictionary<string, string> before = _tree.Documents();
        string[] names = NamesInRoots();

        ToolResult adopt = await AdoptAsync("--json");

        Assert.True(adopt.Code == 0, adopt.Errors);
        Assert.Equal((63, 4), (adopt.Total("adopted"), adopt.Total("ignored")));
        Assert.Equal(before, _tree.Documents());
        Assert.Equal(names, NamesInRoots());
        Assert.True(File.Exists(_tree.Config + ".safestore/store.json"));
        Assert.True(File.Exists(_tree.Run + ".safestore/root.json"));
    }

    [Fact]
    public async Task An_adopted_tree_is_a_store_for_the_other_commands()
    {
        await AdoptAsync();

        ToolResult apply = await ToolProcess.RunAsync(
            ["apply", .. Roots],
            $$$"""{"sandbox":"{{{KataTree.Sandbox}}}","ops":[{"put":"agent.json","value":{"ProxyPid":5,"URL":"x"}}]}""" + "\n");
        ToolResult dump = await ToolProcess.RunAsync(["dump", .. Roots]);
        ToolResult verify = await ToolProcess.RunAsync(["verify", .. Roots, "--model", "kata"]);
        ToolResult repair = await ToolProcess.RunAsync(["repair", .. Roots, "--json"]);

        Assert.StartsWith("{\"lsn\":", Assert.Single(apply.Lines), StringComparison.Ordinal);
        Assert.Equal((0, 63), (dump.Code, dump.Lines.Count));
        Assert.Equal((0, ""), (verify.Code, verify.Errors));
        Assert.Contains(", 63 documents, ", verify.Lines[^1], StringComparison.Ordinal);
        Assert.Contains(_tree.Config + ".safestore/log", Assert.Single(repair.Lines), StringComparison.Ordinal);
        Assert.Equal(
            """{"ProxyPid":5,"URL":"x"}""",
            await File.ReadAllTextAsync(Path.Combine(_tree.Run, KataTree.Sandbox, "agent.json"), TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(Path.Combine(_tree.Config, ".safestore")));
    }

    [Fact]
    public async Task A_second_adoption_finds_everything_unchanged()
    {
        await AdoptAsync();

        ToolResult again = await AdoptAsync("--json");

        Assert.Equal((0, 63), (again.Code, again.Total("unchanged")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_dry_run_writes_nothing_at_all(bool isAdopted)
    {
        if (isAdopted)
        {
            await AdoptAsync();
        }

        await File.WriteAllTextAsync(Path.Combine(_tree.Run, KataTree.Sandbox, "agent.json"), "", TestContext.Current.CancellationToken);
        SortedDictionary<string, string> before = _tree.Snapshot();

        ToolResult run = await AdoptAsync("--dry-run", "--quarantine", "--json");

        Assert.Equal((2, 62, "damaged"), (run.Code, run.Total(isAdopted ? "unchanged" : "adopted"), run.Of("agent.json").Outcome()));
        Assert.Equal(before, _tree.Snapshot());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"state\":\"run")]
    public async Task A_damaged_document_is_reported_and_left_where_it_is(string content)
    {
        string path = Path.Combine(_tree.Run, KataTree.Sandbox, KataTree.Sandbox, "state.json");
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);

        ToolResult adopt = await AdoptAsync("--json");

        Assert.Equal((2, "damaged"), (adopt.Code, adopt.Of("state.json", KataTree.Sandbox).Outcome()));
        Assert.Equal(content, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Quarantine_moves_damaged_documents_out_of_the_roots_and_replaces_none_that_is_there()
    {
        string run = Path.Combine(_tree.Run, KataTree.Sandbox, "agent.json");
        string config = Path.Combine(_tree.Config, KataTree.Sandbox, KataTree.Sandbox, "config.json");
        await File.WriteAllTextAsync(run, "{", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(config, "", TestContext.Current.CancellationToken);

        ToolResult adopt = await AdoptAsync("--json", "--quarantine");
        await File.WriteAllTextAsync(run, "}", TestContext.Current.CancellationToken);
        ToolResult again = await AdoptAsync("--json", "--quarantine");
        ToolResult last = await AdoptAsync("--json", "--quarantine");

        Assert.Equal((2, 2), (adopt.Code, adopt.Total("quarantined")));
        Assert.Equal((2, 3), (again.Code, again.Total("quarantined")));
        Assert.Equal((2, 61, 3), (last.Code, last.Total("unchanged"), last.Total("quarantined"))); // a killed run has told of none
        Assert.False(File.Exists(run));
        string quarantine = $"{_tree.Run}.safestore/quarantine/run/{KataTree.Sandbox}";
        Assert.Equal("{", await File.ReadAllTextAsync(Path.Combine(quarantine, "agent.json"), TestContext.Current.CancellationToken));
        Assert.Equal("}", await File.ReadAllTextAsync(Path.Combine(quarantine, "agent.json.2"), TestContext.Current.CancellationToken));
        Assert.True(File.Exists($"{_tree.Config}.safestore/quarantine/config/{KataTree.Sandbox}/{KataTree.Sandbox}/config.json"));
    }

    [Fact]
    public async Task A_tree_whose_owner_still_holds_a_lock_is_not_adopted()
    {
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(Path.Combine(_tree.Run, KataTree.Sandbox), out DirectoryHandle? directory));
        using (directory)
        {
            Assert.Equal(Errno.None, fs.OpenFile(directory!, "lock", FileUse.Read, out FileHandle? file));
            using (file)
            {
                Assert.Equal(Errno.None, fs.TryLock(file!, LockRange.Whole, LockMode.Shared));

                ToolResult adopt = await AdoptAsync();

                Assert.Equal(1, adopt.Code);
                Assert.Contains($"pid {Environment.ProcessId}", adopt.Errors, StringComparison.Ordinal);
                Assert.False(Directory.Exists(_tree.Config + ".safestore"));
            }
        }

        Assert.Equal(0, (await AdoptAsync()).Code);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task A_root_that_does_not_exist_is_refused_and_not_made(bool isRun, bool isDryRun)
    {
        string typo = _tree.Of("sbz");
        string[] roots = isRun ? ["--config", _tree.Config, "--run", typo] : ["--config", typo, "--run", _tree.Run];

        ToolResult adopt = await ToolProcess.RunAsync(["adopt", .. roots, .. isDryRun ? new[] { "--dry-run" } : []]);

        Assert.Equal(1, adopt.Code);
        Assert.Contains(typo, adopt.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(typo) || Directory.Exists(typo + ".safestore") || Directory.Exists(_tree.Config + ".safestore"));
    }

    [Fact]
    public async Task Names_that_are_not_UTF_8_are_reported_and_end_nothing()
    {
        NamesOfBytes.Make(_tree.Run, KataTree.Sandbox);

        ToolResult dry = await AdoptAsync("--json", "--dry-run");
        ToolResult adopt = await AdoptAsync("--json", "--quarantine");
        ToolResult again = await AdoptAsync("--json", "--quarantine");

        Assert.True(adopt.Code == 2, adopt.Errors);
        Assert.Equal((2, 63, 5), (dry.Code, dry.Total("adopted"), dry.Total("odd-name")));
        Assert.Equal(5, adopt.Total("odd-name"));
        Assert.Equal((63, 2, 63), (adopt.Total("adopted"), again.Code, again.Total("unchanged")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sandbox_whose_lock_file_is_none_is_reported_and_the_others_are_adopted(bool isLink)
    {
        string path = Path.Combine(_tree.Run, KataTree.Sandbox, "lock");
        File.Delete(path);
        _ = isLink ? File.CreateSymbolicLink(path, "/etc/hostname") : (FileSystemInfo)Directory.CreateDirectory(path);

        ToolResult dry = await AdoptAsync("--dry-run");
        ToolResult adopt = await AdoptAsync("--json");

        Assert.Equal((2, 2), (dry.Code, adopt.Code));
        Assert.Contains(
            adopt.Lines, static line =>
            line.Contains("unreadable", StringComparison.Ordinal) && line.Contains(KataTree.Sandbox, StringComparison.Ordinal));
        Assert.True(adopt.Total("adopted") > 40);
    }

    /// <summary>A store without its metadata is a tree; but what its lock word knows, no log has.</summary>
    [Fact]
    public async Task A_sandbox_whose_lock_word_is_of_another_store_is_reported_and_the_others_are_adopted()
    {
        await AdoptAsync();
        await ToolProcess.RunAsync(
            ["apply", .. Roots], $$$"""{"sandbox":"{{{KataTree.Sandbox}}}","ops":[{"put":"agent.json","value":{"URL":"x"}}]}""" + "\n");
        using var copy = new KataTree();
        string path = Path.Combine(KataTree.Sandbox, "lock");
        File.Copy(Path.Combine(_tree.Run, path), Path.Combine(copy.Run, path), overwrite: true);
        string[] arguments = ["adopt", "--config", copy.Config, "--run", copy.Run, "--json"];

        ToolResult adopt = await ToolProcess.RunAsync(arguments);
        await File.WriteAllBytesAsync(Path.Combine(copy.Run, path), [], TestContext.Current.CancellationToken);
        ToolResult again = await ToolProcess.RunAsync(arguments);

        Assert.Equal((2, 63), (adopt.Code, adopt.Total("adopted")));
        Assert.Contains(adopt.Lines, static line => line.Contains("empty its lock file", StringComparison.Ordinal));
        Assert.Equal((0, 63), (again.Code, again.Total("unchanged")));
    }

    [Fact]
    public async Task Adoption_after_a_reboot_makes_the_run_root_anew()
    {
        Directory.Delete(_tree.Run, recursive: true);

        ToolResult adopt = await AdoptAsync("--json", "--make-run");

        Assert.Equal((0, 12), (adopt.Code, adopt.Total("adopted")));
        Assert.Equal(3, Directory.GetFiles(_tree.Run, "lock", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task A_store_with_its_metadata_inside_is_not_adopted()
    {
        await ToolProcess.RunAsync(["apply", .. Roots], "");

        ToolResult adopt = await AdoptAsync();

        Assert.Equal(1, adopt.Code);
        Assert.Contains("nothing to adopt", adopt.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_tree.Config + ".safestore"));
    }

    [Fact]
    public async Task A_tree_that_does_not_exist_is_not_made()
    {
        ToolResult adopt = await ToolProcess.RunAsync(["adopt", "--config", _tree.Of("a"), "--run", _tree.Of("b")]);

        Assert.Equal(1, adopt.Code);
        Assert.False(Directory.Exists(_tree.Of("a")) || Directory.Exists(_tree.Of("a.safestore")));
    }

    [Fact]
    public async Task An_adoption_that_is_killed_is_completed_by_the_next()
    {
        _tree.Multiply(40);
        SortedDictionary<string, string> before = _tree.Documents();
        foreach (int lines in new[] { 0, 1, 50, 200 })
        {
            using ToolProcess adopt = ToolProcess.Start(["adopt", .. Roots, "--json"]);
            for (int line = 0; line < lines; line++)
            {
                await adopt.ReadLineAsync();
            }

            adopt.Process.Kill();
            await adopt.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        ToolResult last = await AdoptAsync("--json");

        Assert.Equal(0, last.Code);
        Assert.Equal(before, _tree.Documents());
        Assert.Equal(before.Count, last.Total("adopted") + last.Total("unchanged"));
    }

    private Task<ToolResult> AdoptAsync(params string[] more) => ToolProcess.RunAsync(["adopt", .. Roots, .. more]);

    private string[] NamesInRoots() =>
        [.. new[] { _tree.Config, _tree.Run }.SelectMany(
            static root => Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)).Order(StringComparer.Ordinal)];
}
