using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.Operations.Repair;
using Xunit;

namespace SafeStore.Cli.Tests.Repair;

/// <summary>From each damage of the files that a store opens from, the way to an open store with every document that can be read.</summary>
public sealed class RepairTests : IDisposable
{
    private const string Third = """{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":3}}]}""";
    private const string Fourth = """{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":4}}]}""";

    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("log gone", "--new-log")]
    [InlineData("log empty", "--new-log")]
    [InlineData("log is a link", "--new-log")]
    [InlineData("header damaged", "--new-log")]
    [InlineData("watermarks gone", "--new-log")]
    [InlineData("watermarks zeroed", "--new-log")]
    [InlineData("watermark is a pipe", "--new-log")]
    [InlineData("store.json gone", "--new-log")]
    [InlineData("store.json damaged", "--new-log")]
    [InlineData("store.json is a directory", "--new-log")]
    [InlineData("config metadata gone", "--accept-roots --new-log")]
    [InlineData("foreign segment", "--accept-loss")]
    [InlineData("config root.json gone", "--accept-roots")]
    [InlineData("config root.json damaged", "--accept-roots")]
    [InlineData("run root.json is a pipe", "--accept-roots")]
    [InlineData("run root.json gone", "--accept-roots")]
    [InlineData("run watermarks gone", "--accept-roots")]
    [InlineData("run metadata gone", "--accept-roots")]
    [InlineData("run watermarks damaged", "--accept-roots")]
    public async Task A_damaged_store_is_refused_shown_and_mended_with_all_its_documents(string damage, string flags)
    {
        await _scene.SeedAsync();
        await _scene.ApplyAsync(Third);
        IReadOnlyList<string> documents = await DumpAsync();
        await DamageAsync(damage);
        Assert.Equal(1, (await _scene.RunAsync("apply")).Code);
        IReadOnlyList<string> before = _scene.All();

        ToolResult shown = await _scene.RunAsync("repair");
        Assert.Equal(2, shown.Code);
        Assert.Contains(shown.Lines, line => line.Contains($"'safestore repair {flags}'", StringComparison.Ordinal));
        Assert.Equal(before, _scene.All());

        ToolResult mended = await _scene.RunAsync($"repair {flags} --json");
        Assert.Equal((0, ""), (mended.Code, mended.Errors));
        Assert.Equal(documents, await DumpAsync());
        await _scene.ApplyAsync(Fourth);
        Assert.NotEqual(documents, await DumpAsync());
        Assert.True(await VersionAsync("sb-1") > 3);
        Assert.Equal(0, (await _scene.RunAsync("repair")).Code);
        Assert.True(File.Exists(Path.Combine(QuarantineIn(mended), "manifest.json")));
    }

    [Fact]
    public async Task What_is_in_the_way_in_a_run_root_on_another_filesystem_is_put_aside_there()
    {
        DirectoryInfo config = Directory.CreateTempSubdirectory("safestore-repair-");
        string run = $"/dev/shm/{config.Name}";
        try
        {
            var layout = StoreLayout.Of(config.FullName, run);
            await using (StateStore store = await StateStore.OpenAsync(layout))
            {
                await using SandboxLock held = await store.LockNewAsync("sb-1");
                _ = await held.Change().PutJson(StoreRoot.Config, null, "a.json", "1"u8.ToArray()).CommitAsync();
            }

            string root = $"{run}/.safestore/root.json";
            File.Delete(root);
            Directory.CreateDirectory(root);

            _ = StoreRepair.Repair(layout, RepairActions.AcceptRoots | RepairActions.NewLog | RepairActions.AcceptLoss);

            Assert.Empty(StoreRepair.Examine(layout).Damages);
            Assert.Single(Directory.GetDirectories($"{run}/.safestore/quarantine", "root.json", SearchOption.AllDirectories));
            Assert.Single(Directory.GetFiles($"{run}/.safestore/quarantine", "manifest.json", SearchOption.AllDirectories));
        }
        finally
        {
            config.Delete(recursive: true);
            if (Directory.Exists(run))
            {
                Directory.Delete(run, recursive: true);
            }
        }
    }

    [Theory]
    [InlineData("--new-log --dry-run", 2)]
    [InlineData("--accept-loss", 1)]
    [InlineData("--accept-roots --accept-loss", 1)]
    public async Task A_dry_run_and_a_repair_that_is_not_allowed_enough_change_nothing(string options, int code)
    {
        await _scene.DamageLogAsync();
        IReadOnlyList<string> before = _scene.All();

        ToolResult result = await _scene.RunAsync($"repair {options}");

        Assert.Equal(code, result.Code);
        Assert.Contains("--new-log", code == 1 ? result.Errors : result.Lines[0], StringComparison.Ordinal);
        Assert.Equal(before, _scene.All());
    }

    [Fact]
    public async Task Of_a_log_that_is_cut_what_stays_is_recovered_and_what_is_given_up_is_told_first()
    {
        await _scene.SeedAsync(); // LSN 1 and 2, durable in the documents
        await KillAfterAsync(Third, """{"sandbox":"sb-2","ops":[{"put":"state.json","value":{"n":4}}]}""", Fourth);
        await _scene.EditAsync("run/sb-1/state.json", """{"n":0}"""); // as if the power had gone
        DamageRecord(4);

        ToolResult refused = await _scene.RunAsync("apply");
        ToolResult shown = await _scene.RunAsync("repair");
        ToolResult mended = await _scene.RunAsync("repair --accept-loss");

        Assert.Equal(1, refused.Code);
        Assert.Contains("The last transaction that stays has LSN 3.", shown.Lines);
        Assert.Contains(
            shown.Lines, static line => line.StartsWith("given up: LSN 5, sandbox sb-1: run:state.json", StringComparison.Ordinal));
        Assert.Contains(shown.Lines, static line => line.StartsWith("given up: LSN 4, sandbox sb-2:", StringComparison.Ordinal));
        Assert.Equal(0, mended.Code);
        await _scene.ApplyAsync();
        Assert.Contains("\"n\":3", await File.ReadAllTextAsync(_scene.PathOf("run/sb-1/state.json")), StringComparison.Ordinal);
        await _scene.ApplyAsync(Fourth);
        Assert.True(await VersionAsync("sb-1") > 5); // no number comes again
    }

    [Fact]
    public async Task Of_a_store_that_does_not_open_damaged_documents_are_shown_and_get_their_values_from_the_log_after_the_repair()
    {
        await _scene.SeedAsync();
        await KillAfterAsync(Third, """{"sandbox":"sb-2","ops":[{"put":"state.json","value":{"n":4}}]}""", Fourth);
        await File.WriteAllTextAsync(_scene.PathOf("run/sb-1/state.json"), "{");
        DamageRecord(4);

        ToolResult shown = await _scene.RunAsync("repair");
        _ = StoreRepair.Repair(StoreLayout.At(_scene.Store), RepairActions.AcceptLoss);
        ToolResult mended = await _scene.RunAsync("repair --from-log");

        Assert.Equal(2, shown.Code);
        Assert.Contains(shown.Lines, static line => line.Contains("before anything else opens it", StringComparison.Ordinal));
        Assert.Contains(shown.Lines, static line => line.Contains("The log has the value of LSN 3.", StringComparison.Ordinal));
        Assert.Equal((0, ""), (mended.Code, mended.Errors));
        Assert.Contains("3", await File.ReadAllTextAsync(_scene.PathOf("run/sb-1/state.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_documents_of_a_store_without_a_log_are_shown()
    {
        await _scene.SeedAsync();
        await File.WriteAllTextAsync(_scene.PathOf("run/sb-1/state.json"), "{");
        Directory.Delete(Path.Combine(_scene.Metadata, "log"), recursive: true);

        ToolResult shown = await _scene.RunAsync("repair");

        Assert.Equal(2, shown.Code);
        Assert.Contains(shown.Lines, static line => line.Contains("only the copy in the quarantine", StringComparison.Ordinal));
        Assert.Contains(shown.Lines, static line => line.StartsWith("corrupt: run:sb-1/state.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_root_that_was_restored_alone_is_taken_as_it_is_and_what_it_lacks_is_told()
    {
        await _scene.SeedAsync();
        Run("cp", "-a", _scene.PathOf("run"), _scene.PathOf("run.backup"));
        await _scene.ApplyAsync(
            Third, """{"sandbox":"sb-2","ops":[{"put":"config.json","root":"config","container":"web","value":{"n":4}}]}""",
            """{"sandbox":"sb-3","ops":[{"createSandbox":true},{"put":"config.json","root":"config","value":{"n":5}}]}""");
        Directory.Delete(_scene.PathOf("run"), recursive: true);
        Directory.Move(_scene.PathOf("run.backup"), _scene.PathOf("run"));

        Assert.Equal(1, (await _scene.RunAsync("apply")).Code);
        Assert.Equal(
            [(new Lsn(4), "sb-2"), (new Lsn(5), "sb-3")],
            StoreRepair.Examine(StoreLayout.At(_scene.Store)).Losses.Select(static loss => (loss.Lsn, loss.Sandbox)));
        Assert.Equal(1, (await _scene.RunAsync("repair --new-log")).Code);
        Assert.Equal(0, (await _scene.RunAsync("repair --accept-roots")).Code);

        await _scene.ApplyAsync();
        Assert.Contains("\"n\":0", await File.ReadAllTextAsync(_scene.PathOf("run/sb-1/state.json")), StringComparison.Ordinal);
        await _scene.ApplyAsync(Fourth);
    }

    [Fact]
    public async Task A_store_that_a_process_has_open_is_not_repaired()
    {
        await _scene.SeedAsync();
        using ToolProcess tool = ToolProcess.Start("apply", "--store", _scene.Store);
        await tool.SendAsync(Third);
        _ = await tool.ReadLineAsync();
        Directory.Delete(Path.Combine(_scene.Metadata, "log"), recursive: true);

        ToolResult refused = await _scene.RunAsync("repair --new-log");

        Assert.Equal(1, refused.Code);
        Assert.Contains($"pid {tool.Process.Id} (", refused.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_scene.Metadata, "quarantine")));
        tool.Process.Kill();
        _ = await tool.WaitAsync();
    }

    [Fact]
    public async Task A_store_of_another_format_is_not_repaired()
    {
        await _scene.SetFormatAsync(9);
        IReadOnlyList<string> before = _scene.All();

        ToolResult refused = await _scene.RunAsync("repair --new-log --accept-loss --accept-roots");

        Assert.Equal(1, refused.Code);
        Assert.Contains("format 9", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, _scene.All());
    }

    [Fact]
    public async Task A_whole_store_is_not_touched_whatever_is_allowed()
    {
        await _scene.SeedAsync();
        IReadOnlyList<string> before = _scene.All();

        ToolResult result = await _scene.RunAsync("repair --new-log --accept-loss --accept-roots");

        Assert.Equal((0, ""), (result.Code, result.Errors));
        Assert.Equal(before, _scene.All());
    }

    private async Task DamageAsync(string damage)
    {
        string metadata = _scene.Metadata;
        string run = _scene.PathOf("run/.safestore");
        string log = Path.Combine(metadata, "log");
        switch (damage)
        {
            case "log gone":
                Directory.Delete(log, recursive: true);
                break;
            case "log empty":
                Array.ForEach(Directory.GetFiles(log), File.Delete);
                break;
            case "log is a link":
                Directory.Move(log, _scene.PathOf("elsewhere"));
                _ = File.CreateSymbolicLink(log, _scene.PathOf("elsewhere"));
                break;
            case "header damaged":
                await File.WriteAllBytesAsync(SegmentPath(), [.. new byte[64], .. (await File.ReadAllBytesAsync(SegmentPath()))[64..]]);
                break;
            case "foreign segment":
                await File.WriteAllBytesAsync(Path.Combine(log, "0fffffffffffffff.log"), []);
                break;
            case "config metadata gone":
                Directory.Delete(metadata, recursive: true);
                break;
            case "run metadata gone":
                Directory.Delete(run, recursive: true);
                break;
            default:
                string directory = damage.StartsWith("run ", StringComparison.Ordinal) ? run : metadata;
                await SpoilAsync(directory, damage.Replace("run ", "", StringComparison.Ordinal)
                    .Replace("config ", "", StringComparison.Ordinal));
                break;
        }
    }

    private static async Task SpoilAsync(string directory, string damage)
    {
        (string what, string how) = (damage.Split(' ')[0], damage[(damage.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        foreach (string name in what.StartsWith("watermark", StringComparison.Ordinal) ? ["watermark.0", "watermark.1"] : new[] { what })
        {
            string path = Path.Combine(directory, name);
            int length = (int)new FileInfo(path).Length;
            File.Delete(path);
            switch (how)
            {
                case "zeroed":
                    await File.WriteAllBytesAsync(path, new byte[length]);
                    break;
                case "damaged":
                    await File.WriteAllTextAsync(path, "{\"format\":2,");
                    File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                    break;
                case "is a directory":
                    _ = Directory.CreateDirectory(path);
                    break;
                case "is a pipe":
                    Run("mkfifo", path);
                    break;
                default:
                    Assert.Equal("gone", how);
                    break;
            }
        }
    }

    private string SegmentPath() => Directory.EnumerateFiles(Path.Combine(_scene.Metadata, "log"))
        .Single(static path => !Path.GetFileName(path).StartsWith("spare", StringComparison.Ordinal));

    /// <summary>Changes a byte of a record's payload.</summary>
    private void DamageRecord(long lsn)
    {
        byte[] bytes = File.ReadAllBytes(SegmentPath());
        for (int offset = 4096; offset + 64 < bytes.Length; offset += 8)
        {
            if (BitConverter.ToUInt64(bytes, offset + 8) == 0x3143_4552_4F54_5353 && BitConverter.ToInt64(bytes, offset + 24) == lsn)
            {
                bytes[offset + 70] ^= 1;
                File.WriteAllBytes(SegmentPath(), bytes);
                return;
            }
        }

        Assert.Fail($"There is no record {lsn}.");
    }

    private async Task KillAfterAsync(params string[] lines)
    {
        using ToolProcess tool = ToolProcess.Start("apply", "--store", _scene.Store);
        foreach (string line in lines)
        {
            await tool.SendAsync(line);
            _ = await tool.ReadLineAsync();
        }

        tool.Process.Kill();
        _ = await tool.WaitAsync();
    }

    private async Task<IReadOnlyList<string>> DumpAsync()
    {
        ToolResult result = await _scene.RunAsync("dump");
        Assert.Equal((0, ""), (result.Code, result.Errors));
        return result.Lines;
    }

    private async Task<long> VersionAsync(string sandbox)
    {
        ToolResult result = await _scene.RunAsync("ls --long --json");
        return result.Lines.Select(static line => JsonDocument.Parse(line).RootElement)
            .Single(line => line.GetProperty("sandbox").GetString() == sandbox).GetProperty("version").GetInt64();
    }

    private static string QuarantineIn(ToolResult result) =>
        JsonDocument.Parse(Assert.Single(result.Lines)).RootElement.GetProperty("quarantine").GetString()!;

    internal static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
