using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace SafeStore.Cli.Tests;

/// <summary>
/// A copy of the trees that the real Kata code has written, as a host has them: with lock files and a directory for temp files. Removed
/// when disposed.
/// </summary>
public sealed class KataTree : IDisposable
{
    /// <summary>The smallest of the sandboxes.</summary>
    public const string Sandbox = "7f49d00d-1995-4156-8c79-5f5ab24ce138";

    public const string FirecrackerSandbox = "97ebd50d90b313a3a85b434082225abb4e7f910434f04b5ae2d849828fedfaae";

    private readonly string _temp = Directory.CreateTempSubdirectory("safestore-tree-test-").FullName;

    public KataTree()
    {
        Copy(Path.Combine(AppContext.BaseDirectory, "samples", "kata", "config"), Config);
        Copy(Path.Combine(AppContext.BaseDirectory, "samples", "kata", "run"), Run);
        foreach (string sandbox in Directory.GetDirectories(Run))
        {
            File.WriteAllText(Path.Combine(sandbox, "lock"), "");
        }

        string temp = Directory.CreateDirectory(Path.Combine(Run, FirecrackerSandbox, "tempDir")).FullName;
        File.WriteAllText(Path.Combine(temp, "tmp-1"), "");
    }

    public string Config => Path.Combine(_temp, "sbs");

    public string Run => Path.Combine(_temp, "run", "sbs");

    public string Store => Path.Combine(_temp, "store");

    public string Of(string name) => Path.Combine(_temp, name);

    /// <summary>By rm, since .NET cannot remove a name that is not UTF-8.</summary>
    public void Dispose()
    {
        using var remove = Process.Start("/bin/rm", ["-rf", _temp]);
        remove.WaitForExit();
    }

    /// <summary>Makes many more sandboxes of the same content.</summary>
    public void Multiply(int times)
    {
        for (int i = 0; i < times; i++)
        {
            Copy(Path.Combine(Config, Sandbox), Path.Combine(Config, $"copy-{i}"));
            Copy(Path.Combine(Run, Sandbox), Path.Combine(Run, $"copy-{i}"));
        }
    }

    public Task<ToolResult> ImportAsync(params string[] more) => ToolProcess.RunAsync(ImportArguments(more));

    public string[] ImportArguments(params string[] more) =>
        ["import", "--from-config", Config, "--from-run", Run, "--store", Store, .. more];

    /// <summary>The documents of both roots, by root and path.</summary>
    public SortedDictionary<string, string> Documents() => DocumentsOf(Config, Run);

    public static SortedDictionary<string, string> DocumentsOf(string config, string run) => new(
        new[] { ("config", config), ("run", run) }
            .SelectMany(static root => Directory.EnumerateFiles(root.Item2, "*.json", SearchOption.AllDirectories)
                .Where(static path => !path.Contains("/.safestore/", StringComparison.Ordinal))
                .Select(path => ($"{root.Item1}/{Path.GetRelativePath(root.Item2, path)}", Convert.ToHexString(File.ReadAllBytes(path)))))
            .ToDictionary(static file => file.Item1, static file => file.Item2),
        StringComparer.Ordinal);

    /// <summary>Every name below the fixture's directory, with mode, time of change and bytes.</summary>
    public SortedDictionary<string, string> Snapshot() => new(
        new DirectoryInfo(_temp).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).ToDictionary(
            static entry => entry.FullName,
            static entry => $"{entry.UnixFileMode} {entry.LastWriteTimeUtc:O} "
                + (entry is FileInfo { LinkTarget: null } ? Convert.ToHexString(File.ReadAllBytes(entry.FullName)) : entry.LinkTarget)),
        StringComparer.Ordinal);

    private static void Copy(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string directory in Directory.EnumerateDirectories(source, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(target, Path.GetRelativePath(source, directory)));
        }

        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(target, Path.GetRelativePath(source, file)));
        }
    }
}

/// <summary>What the commands on trees say with <c>--json</c>.</summary>
public static class FileReports
{
    /// <summary>The one report on a file.</summary>
    public static JsonElement Of(this ToolResult result, string file, string? container = null, string sandbox = KataTree.Sandbox) =>
        result.Lines.SkipLast(1).Select(static line => JsonElement.Parse(line))
            .Single(line =>
                (line.GetProperty("sandbox").GetString(), line.GetProperty("container").GetString(), line.GetProperty("file").GetString())
                == (sandbox, container, file));

    public static string Outcome(this JsonElement report) => report.GetProperty("outcome").GetString()!;

    public static string Reason(this JsonElement report) => report.GetProperty("reason").GetString()!;

    /// <summary>How many files had an outcome.</summary>
    public static int Total(this ToolResult result, string outcome) =>
        JsonElement.Parse(result.Lines[^1]).GetProperty("total").TryGetProperty(outcome, out JsonElement count) ? count.GetInt32() : 0;
}
