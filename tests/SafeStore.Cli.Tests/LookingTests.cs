using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests;

/// <summary>The commands that look: dump, repair, and the command line itself.</summary>
public sealed class LookingTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_damaged_document_is_an_error_line_among_the_others()
    {
        await _fixture.ApplyAsync(
            """{"sandbox":"sb-1","ops":[{"createSandbox":true},{"put":"a","value":1},{"put":"b","value":2},{"put":"c","value":3}]}""");
        await File.WriteAllTextAsync(Path.Combine(_fixture.Store, "run/sb-1/b"), "{", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(_fixture.Store, "run/sb-1/c"), "{\r\n  \"x\": \"y z\"\n}\n", TestContext.Current.CancellationToken);

        ToolResult dump = await _fixture.DumpAsync();

        Assert.Equal(2, dump.Code);
        Assert.Equal(3, dump.Lines.Count);
        Assert.EndsWith("\"value\":1}", dump.Lines[0], StringComparison.Ordinal);
        Assert.Equal("corrupt", JsonElement.Parse(dump.Lines[1]).GetProperty("code").GetString());
        Assert.Equal("y z", JsonElement.Parse(dump.Lines[2]).GetProperty("value").GetProperty("x").GetString());
    }

    [Fact]
    public async Task A_sandbox_whose_lock_is_taken_is_shown_without_it()
    {
        await _fixture.ApplyAsync(StoreFixture.CreateSandbox);
        await using StateStore holder = await StateStore.OpenAsync(StoreLayout.At(_fixture.Store));
        string sandbox = holder.ListSandboxes()[0];
        await using SandboxLock held = await holder.LockAsync(sandbox);

        ToolResult dump = await _fixture.DumpAsync();

        Assert.Equal(0, dump.Code);
        Assert.NotEmpty(dump.Lines);
        Assert.Contains($"'{sandbox}' is shown without its lock", dump.Errors, StringComparison.Ordinal);
        Assert.Contains($"pid {Environment.ProcessId}", dump.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dump")]
    [InlineData("repair")]
    public async Task A_command_that_looks_makes_no_store(string command)
    {
        ToolResult result = await ToolProcess.RunAsync([command, "--store", _fixture.Store]);

        Assert.Equal(1, result.Code);
        Assert.False(Directory.Exists(_fixture.Store));
        Assert.Contains("There is no store", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dump")]
    [InlineData("list")]
    [InlineData("verify")]
    [InlineData("repair")]
    [InlineData("export")]
    public async Task A_command_that_looks_leaves_a_store_whose_processes_were_killed_as_it_is(string command)
    {
        await KillAfterAsync(StoreFixture.CreateSandbox);
        string before = All();

        ToolResult result = await ToolProcess.RunAsync(Looks(command));

        Assert.Equal((0, ""), (result.Code, result.Errors));
        Assert.Equal(before, All());
    }

    [Theory]
    [InlineData("dump", 2)]
    [InlineData("list", 2)]
    [InlineData("export", 1)]
    public async Task A_command_that_looks_says_that_a_durable_transaction_is_not_visible_yet(string command, int code)
    {
        await KillAfterAsync(StoreFixture.CreateSandbox);
        await File.WriteAllTextAsync(
            Path.Combine(_fixture.Store, "run/sb-1/state.json"), "{}", TestContext.Current.CancellationToken); // as a power loss may

        ToolResult result = await ToolProcess.RunAsync(Looks(command));

        Assert.Equal(code, result.Code);
        Assert.Contains("1 durable transaction is not visible yet", result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_fixture.Store, "../to-run")));
        Assert.Equal(0, (await _fixture.ApplyAsync()).Code);
        Assert.Equal(0, (await _fixture.DumpAsync()).Code);
    }

    [Theory]
    [InlineData("<&-", "standard input")]
    [InlineData(">&-", "standard output")]
    public async Task A_stream_that_is_closed_is_an_error_and_nothing_is_made(string redirection, string name)
    {
        var start = new ProcessStartInfo("bash")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            "-c", $"exec {BuiltTool.ShellCommand} apply --store \"$1\" {redirection}", "bash", _fixture.Store,
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        using Process process = Process.Start(start)!;
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains($"The {name} is closed", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_fixture.Store));
    }

    [Fact]
    public async Task Repair_tells_that_a_log_is_whole_and_where_it_is_damaged()
    {
        await _fixture.ApplyAsync(StoreFixture.CreateSandbox);
        ToolResult whole = await ToolProcess.RunAsync(["repair", "--store", _fixture.Store, "--json"]);
        string segment =
            Directory.EnumerateFiles(LogOf(_fixture))
            .Single(static path => !Path.GetFileName(path).StartsWith("spare", StringComparison.Ordinal));
        await using (var file = new FileStream(segment, FileMode.Open, FileAccess.ReadWrite))
        {
            int first = file.ReadByte();
            file.Position = 0;
            file.WriteByte((byte)(first ^ 0xFF)); // any fixed value may be the one that a checksum has
        }

        ToolResult damaged = await ToolProcess.RunAsync(["repair", "--store", _fixture.Store, "--json"]);
        ToolResult table = await ToolProcess.RunAsync(["repair", "--store", _fixture.Store]);

        JsonElement good = JsonElement.Parse(Assert.Single(whole.Lines));
        Assert.Equal(
            (0, 1, JsonValueKind.Null), (whole.Code, good.GetProperty("watermark").GetInt32(), good.GetProperty("damage").ValueKind));
        JsonElement bad = JsonElement.Parse(Assert.Single(damaged.Lines));
        Assert.Equal((2, segment), (damaged.Code, bad.GetProperty("damage").GetProperty("file").GetString()));
        Assert.Equal("its header is damaged", bad.GetProperty("segments")[0].GetProperty("fault").GetString());
        Assert.Equal(2, table.Code);
        await AssertIsShownAsFarAsItGoesAsync();
    }

    [Fact]
    public async Task Repair_tells_that_a_log_is_that_of_another_store()
    {
        using var other = new StoreFixture();
        await _fixture.ApplyAsync(StoreFixture.CreateSandbox);
        await other.ApplyAsync(StoreFixture.CreateSandbox);
        Directory.Delete(LogOf(_fixture), recursive: true);
        Directory.CreateDirectory(LogOf(_fixture));
        foreach (string file in Directory.EnumerateFiles(LogOf(other)))
        {
            File.Copy(file, Path.Combine(LogOf(_fixture), Path.GetFileName(file)));
        }

        ToolResult result = await ToolProcess.RunAsync(["repair", "--store", _fixture.Store, "--json"]);

        JsonElement report = JsonElement.Parse(Assert.Single(result.Lines));
        Assert.Equal(2, result.Code);
        Assert.Contains("another store", report.GetProperty("damage").GetProperty("reason").GetString(), StringComparison.Ordinal);
        await AssertIsShownAsFarAsItGoesAsync();
    }

    [Fact]
    public async Task Repair_shows_the_log_of_a_store_whose_own_document_is_damaged()
    {
        await _fixture.ApplyAsync(StoreFixture.CreateSandbox);
        await File.WriteAllTextAsync(
            Path.Combine(_fixture.Store, "config/.safestore/store.json"), "{", TestContext.Current.CancellationToken);

        ToolResult result = await ToolProcess.RunAsync(["repair", "--store", _fixture.Store]);

        Assert.Equal(2, result.Code);
        Assert.Contains(result.Lines, static line => line.StartsWith("--new-log: ", StringComparison.Ordinal));
        Assert.Contains("The log is whole.", result.Lines);
    }

    [Theory]
    [InlineData("dump")]
    [InlineData("frob")]
    [InlineData("apply --store a --config b --run c")]
    [InlineData("apply --config b")]
    [InlineData("apply --store a --parallel 0")]
    [InlineData("apply --store a --parallel x")]
    [InlineData("demo --kills 0")]
    [InlineData("verify")]
    [InlineData("import --store a")]
    [InlineData("import --from-run a")]
    [InlineData("export --store a --to-run b")]
    [InlineData("adopt --config a")]
    [InlineData("adopt --store a")]
    [InlineData("intents forget --store a sb-1 1")]
    [InlineData("demo --seed x")]
    [InlineData("cat --store a sb-1/a --root x")]
    [InlineData("rm --store a sb-1")]
    [InlineData("rm --store a sb-1 -r --root run")]
    [InlineData("diff --store a b")]
    [InlineData("put --store a b/c --timeout -1")]
    [InlineData("put --store a b/c --bogus")]
    [InlineData("ls --config a --run a/b")]
    [InlineData("torture --on nothing")]
    public async Task A_wrong_command_line_has_exit_code_64(string arguments)
    {
        ToolResult result = await ToolProcess.RunAsync(arguments.Split(' '));

        Assert.Equal((64, 0), (result.Code, result.Lines.Count));
        Assert.Matches("^safestore: [^\n\t`]*\\.\n$", result.Errors);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("apply --help")]
    [InlineData("--version")]
    public async Task Help_and_version_are_no_errors(string arguments)
    {
        ToolResult result = await ToolProcess.RunAsync(arguments.Split(' '));

        Assert.Equal(0, result.Code);
        Assert.NotEmpty(result.Lines);
        Assert.DoesNotContain("demo-writer", string.Concat(result.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demo_kills_writers_and_finds_nothing_torn_or_lost()
    {
        ToolResult result = await ToolProcess.RunAsync(["demo", "--kills", "5", "--writers", "2", "--seed", "1", "--keep", _fixture.Store]);

        Assert.True(result.Code == 0, string.Join('\n', result.Lines) + result.Errors);
        Assert.Contains(
            result.Lines, static line =>
            line.StartsWith("torn", StringComparison.Ordinal) && line.EndsWith(" 0", StringComparison.Ordinal));
        Assert.DoesNotContain(result.Lines, static line => line.Contains('\u001b', StringComparison.Ordinal));
        Assert.Equal(0, (await _fixture.DumpAsync()).Code);
    }

    /// <summary>A damaged log keeps a store from being opened, but not its documents from being looked at.</summary>
    private async Task AssertIsShownAsFarAsItGoesAsync()
    {
        ToolResult dump = await _fixture.DumpAsync();
        Assert.Equal(2, dump.Code);
        Assert.Single(dump.Lines);
        Assert.Contains("The log is damaged in", dump.Errors, StringComparison.Ordinal);
        Assert.Equal(1, (await _fixture.ApplyAsync()).Code);
    }

    private string[] Looks(string command)
    {
        string[] target = command == "export"
            ? ["--to-config", Path.Combine(_fixture.Store, "../to-config"), "--to-run", Path.Combine(_fixture.Store, "../to-run")] : [];
        return [command, "--store", _fixture.Store, .. target];
    }

    private async Task KillAfterAsync(string line)
    {
        using ToolProcess tool = ToolProcess.Start("apply", "--store", _fixture.Store);
        await tool.SendAsync(line);
        await tool.ReadLineAsync();
        tool.Process.Kill();
        await tool.WaitAsync();
    }

    /// <summary>Names, times and contents, metadata included.</summary>
    private string All() => string.Join('\n', new DirectoryInfo(_fixture.Store).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
        .OrderBy(static entry => entry.FullName, StringComparer.Ordinal)
        .Select(static entry => $"{entry.FullName} {entry.LastWriteTimeUtc:O} "
            + (entry is FileInfo file ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName))) : "")));

    private static string LogOf(StoreFixture fixture) => Path.Combine(fixture.Store, "config/.safestore/log");
}
