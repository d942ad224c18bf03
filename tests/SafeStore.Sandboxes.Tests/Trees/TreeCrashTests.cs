using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

/// <summary>Import, export and adoption that are killed or lose the power at any call are completed by the next one.</summary>
public sealed class TreeCrashTests
{
    private static readonly TreeRoots s_tree = new("/tree/config", "/tree/run");
    private static readonly StoreLayout s_store = StoreLayout.At("/store");
    private static readonly StoreLayout s_adopted = StoreLayout.Beside("/tree/config", "/tree/run");

    private static readonly Dictionary<string, string> s_documents = new()
    {
        ["/config/sb-1/config.json"] = """{"ID":"sb-1","HypervisorType":"qemu"}""",
        ["/config/sb-1/web/config.json"] = """{"ID":"web"}""",
        ["/run/sb-1/state.json"] = """{"state":"running"}""",
        ["/run/sb-1/web/process.json"] = """{"Pid":1}""",
        ["/run/sb-2/state.json"] = """{"state":"ready"}""",
    };

    public static TheoryData<string> Profiles => ["strict", "ext4-ordered", "xfs"];

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task An_import_is_completed_by_the_next_import(string profile)
    {
        CrashReport report = await new CrashExplorer(OptionsOf(profile, Prepare)).ExploreAsync(
            async run =>
            {
                await ImportAsync(run.Process);
                run.Acknowledge("imported");
            },
            async state =>
            {
                List<FileReport> reports = await ImportAsync(state.Process);

                Check(state.Files, "/store", s_documents);
                Assert.Equal("", TextOf(state.Files, "/store/config/.safestore/quarantine/run/sb-2/agent.json"));
                FileOutcome[] expected = state.Acknowledged.Count > 0 ? [FileOutcome.Unchanged]
                    : [FileOutcome.Imported, FileOutcome.Unchanged];
                Assert.All(reports, file => Assert.Contains(file.Outcome, (FileOutcome[])[.. expected, FileOutcome.Quarantined]));
                Assert.Equal(s_documents.Count + 1, reports.Count);
            });

        report.ThrowIfViolated();
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task An_adoption_is_completed_by_the_next_adoption(string profile)
    {
        CrashReport report = await new CrashExplorer(OptionsOf(profile, Prepare)).ExploreAsync(
            async run =>
            {
                await AdoptAsync(run.Process);
                run.Acknowledge("adopted");
            },
            async state =>
            {
                await AdoptAsync(state.Process);

                Check(state.Files, "/tree", s_documents);
                Assert.Equal("", TextOf(state.Files, "/tree/run.safestore/quarantine/run/sb-2/agent.json"));
                Assert.False(state.Files.File.Exists("/tree/run/sb-2/agent.json"));
            });

        report.ThrowIfViolated();
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task What_was_never_synced_survives_every_power_loss_once_it_is_adopted(string profile)
    {
        // Nothing of the tree is durable when the adoption begins: that is how the previous owner left it.
        CrashReport report = await new CrashExplorer(OptionsOf(profile, null)).ExploreAsync(
            async run =>
            {
                WriteTree(run.Files);
                await AdoptAsync(run.Process);
                run.Acknowledge("adopted");
            },
            state =>
            {
                if (state.Acknowledged.Count > 0 || state.Files.File.Exists("/tree/config.safestore/store.json"))
                {
                    Check(state.Files, "/tree", s_documents);
                }

                return default;
            });

        report.ThrowIfViolated();
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task An_export_is_completed_by_the_next_export(string profile)
    {
        CrashReport report = await new CrashExplorer(OptionsOf(profile, async run =>
        {
            WriteTree(run.Files);
            await ImportAsync(run.Process);
        })).ExploreAsync(
            async run =>
            {
                await ExportAsync(run.Process);
                run.Acknowledge("exported");
            },
            async state =>
            {
                if (state.Acknowledged.Count > 0)
                {
                    Check(state.Files, "/out", s_documents);
                }

                List<FileReport> reports = await ExportAsync(state.Process);

                Check(state.Files, "/out", s_documents);
                Assert.True(state.Files.File.Exists("/out/run/sb-1/lock"));
                Assert.All(reports,
                    static file => Assert.Contains(file.Outcome, (FileOutcome[])[FileOutcome.Exported, FileOutcome.Unchanged]));
                Assert.Empty(state.Files.Directory.GetFiles("/out", ".ss-*", SearchOption.AllDirectories));
            });

        report.ThrowIfViolated();
    }

    private static CrashExplorerOptions OptionsOf(string profile, Func<CrashRun, ValueTask>? prepare) => new()
    {
        Profiles = [profile switch { "xfs" => PersistenceProfile.Xfs, "strict" => PersistenceProfile.Strict,
            _ => PersistenceProfile.Ext4Ordered }],
        Prepare = prepare,
        ExhaustiveMax = 6,
        Samples = 3,
        NestedEvery = 64,
    };

    private static ValueTask Prepare(CrashRun run)
    {
        WriteTree(run.Files);
        return default;
    }

    private static void WriteTree(IFileSystem files)
    {
        foreach ((string path, string content) in s_documents)
        {
            files.Directory.CreateDirectory(files.Path.GetDirectoryName("/tree" + path)!);
            files.File.WriteAllText("/tree" + path, content);
        }

        files.File.WriteAllText("/tree/run/sb-2/agent.json", "");
    }

    private static StoreOptions OptionsOf(SimulatedProcess process) => new()
    {
        FileSystem = process.FileSystem,
        TimeProvider = process.Clock,
        SegmentBytes = 16 * 1024,
        LogBytesMax = 0,
        CheckpointInterval = Timeout.InfiniteTimeSpan,
    };

    private static Task<List<FileReport>> ImportAsync(SimulatedProcess process) =>
        ListAsync(new TreeImport(s_store, OptionsOf(process)) { Quarantines = true }.RunAsync(s_tree));

    private static Task<List<FileReport>> AdoptAsync(SimulatedProcess process) =>
        ListAsync(new TreeAdoption(s_adopted, OptionsOf(process)) { Quarantines = true }.RunAsync());

    private static async Task<List<FileReport>> ExportAsync(SimulatedProcess process)
    {
        await using StateStore store = await StateStore.OpenAsync(s_store, OptionsOf(process));
        return await ListAsync(new TreeExport(store, process.FileSystem).RunAsync(new TreeRoots("/out/config", "/out/run")));
    }

    private static async Task<List<FileReport>> ListAsync(IAsyncEnumerable<FileReport> reports)
    {
        var list = new List<FileReport>();
        await foreach (FileReport report in reports)
        {
            list.Add(report);
        }

        return list;
    }

    private static string TextOf(IFileSystem files, string path) => files.File.ReadAllText(path);

    /// <summary>The documents are there, byte for byte, and no others.</summary>
    private static void Check(IFileSystem files, string top, Dictionary<string, string> documents)
    {
        var found = new[] { "/config", "/run" }
            .SelectMany(root => files.Directory.GetFiles(top + root, "*.json", SearchOption.AllDirectories))
            .Where(static path => !path.Contains(".safestore", StringComparison.Ordinal)
                && !path.EndsWith("agent.json", StringComparison.Ordinal))
            .ToDictionary(path => path[top.Length..], files.File.ReadAllText);
        Assert.Equal(
            documents.OrderBy(static pair => pair.Key, StringComparer.Ordinal),
            found.OrderBy(static pair => pair.Key, StringComparer.Ordinal));
    }
}
