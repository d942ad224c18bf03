using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Kata;
using SafeStore.Operations;
using SafeStore.Operations.Repair;
using Xunit;

namespace SafeStore.Cli.Tests.Security;

/// <summary>
/// Another user has planted something in a store's tree: nothing hangs, nothing outside is read or written, memory is bounded, and every
/// failure is one of SafeStore's.
/// </summary>
public sealed class PlantedTests
{
    private const int BytesMax = 300 * 1024 * 1024;

    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);

    /// <summary>What to plant in the place of, each by its path in the store.</summary>
    private static readonly Dictionary<string, string[]> s_places = new(StringComparer.Ordinal)
    {
        ["some"] = ["run/sb-1/state.json", "config/sb-1/web/config.json", "run/sb-1/lock", "config/.safestore/log/SEGMENT"],
        ["files"] =
        [
            "run/sb-1/state.json", "config/sb-1/web/config.json", "run/sb-1/lock", "run/sb-1/odd.json", "config/.safestore/log/SEGMENT",
            "config/.safestore/store.json", "config/.safestore/root.json", "run/.safestore/words", "config/.safestore/watermark.0",
            "run/.safestore/watermark.1", "config/.safestore/log/spare-0123456789abcdef.log",
            "config/.safestore/log/prepare-0123456789abcdef.tmp", "config/.safestore/log/00000000000000ff.log",
            "config/.safestore/parked/sb-1",
        ],
        ["directories"] =
        [
            "run/sb-1", "config/sb-1", "config/sb-1/web", "run/sb-1/tempDir", "run/sb-3", "config/.safestore", "run/.safestore",
            "config/.safestore/log", "config/.safestore/parked", "config/.safestore/scratch",
            "config/.safestore/scratch/0123456789abcdef", "run/.safestore/new", "run/.safestore/new/sb-1", "config/.safestore/overruled",
        ],
    };

    private static readonly (string Name, Func<HostileTree, Task<string>> Use)[] s_uses =
    [
        ("look", Look), ("read-only", ReadOnlyAsync), ("backup", BackupAsync), ("import", ImportAsync), ("open", OpenAsync),
        ("repair", Repair), ("open again", OpenAsync),
    ];


    public static TheoryData<string, string> Kinds => new()
    {
        { "link", "files" }, { "link-dir", "directories" }, { "fifo", "files" }, { "sparse", "files" },
        { "dangling", "some" }, { "loop", "some" }, { "socket", "some" }, { "device", "some" }, { "hard-link", "some" },
        { "directory", "some" }, { "empty", "some" }, { "deep", "some" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_is_planted_leads_no_call_outside_holds_none_up_and_loses_nothing(string kind, string places)
    {
        Assert.SkipUnless(kind != "device" || Environment.IsPrivilegedProcess, "Only root may make a device.");
        var odd = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            s_places[places],
            TestContext.Current.CancellationToken,
            async (place, stop) =>
            {
                using var tree = new HostileTree();
                await tree.MakeAsync();
                tree.Plant(place.Replace("SEGMENT", tree.Segment, StringComparison.Ordinal), kind);
                foreach ((string name, Func<HostileTree, Task<string>> use) in s_uses)
                {
                    string told = await ToldAsync(() => use(tree), stop);
                    if (told.Contains(HostileTree.Secret, StringComparison.Ordinal) && kind != "hard-link")
                    {
                        odd.Add($"{place}, {name}: the secret is in {told}");
                    }

                    if (!tree.IsRestUntouched)
                    {
                        odd.Add($"{place}, {name}: something else was changed. {told}");
                    }
                }
            });

        Assert.Empty(odd);
    }

    /// <summary>What a use says, or the failure; any but one of SafeStore's is the test's.</summary>
    private static async Task<string> ToldAsync(Func<Task<string>> use, CancellationToken stop)
    {
        try
        {
            return await Task.Run(use, stop).WaitAsync(s_longest, stop);
        }
        catch (SafeStoreException failure)
        {
            return failure.ToString();
        }
    }

    private static async Task<string> OpenAsync(HostileTree tree)
    {
        var told = new StringBuilder();
        await using StateStore store = await StateStore.OpenAsync(tree.Layout, HostileTree.Options);
        foreach (string sandbox in store.ListSandboxes())
        {
            told.AppendJoin('\n', store.ReadAllJson(sandbox).Select(
                static document => document.Error?.Message ?? Encoding.UTF8.GetString(document.Value!)));
            told.Append(await ToldAsync(
                async () =>
                {
                    await using SandboxLock held = await store.LockAsync(sandbox);
                    SandboxChange change = held.Change();
                    change.PutJson(StoreRoot.Run, null, "state.json", "3"u8.ToArray());
                    change.PutJson(StoreRoot.Config, "web", "config.json", "3"u8.ToArray());
                    return (await change.CommitAsync()).ToString();
                },
                CancellationToken.None));
        }

        told.Append(await ToldAsync(async () => (await store.CheckpointAsync()).ToString(), CancellationToken.None));
        told.Append(await ToldAsync(async () => (await store.RemoveSandboxAsync("sb-1")).ToString(), CancellationToken.None));
        return told.ToString();
    }

    private static Task<string> Look(HostileTree tree)
    {
        using var view = StoreView.Open(tree.Layout, HostileTree.Options);
        var told = new StringBuilder();
        told.AppendJoin('\n', view.Verify().Select(static each => each.Message));
        told.Append(view.ReadReport()).AppendJoin('\n', view.ReadCondition().Problems);
        Try(() => told.AppendJoin('\n', view.ReadLocks()));
        Try(() => told.AppendJoin('\n', view.ReadLog().Select(static each => each.ToString())));
        foreach (string sandbox in view.ListSandboxes())
        {
            Try(() => told.Append(view.ReadSandbox(sandbox)));
            Try(() => told.Append(Encoding.UTF8.GetString(view.ReadDocument(
                new DocumentId(sandbox, null, StoreRoot.Run, "state.json")).Bytes.Span)));
        }

        return Task.FromResult(told.ToString());

        void Try(Action look)
        {
            try
            {
                look();
            }
            catch (SafeStoreException failure)
            {
                told.Append(failure);
            }
        }
    }

    private static async Task<string> ReadOnlyAsync(HostileTree tree)
    {
        await using StateStore store = await StateStore.OpenAsync(
            tree.Layout, HostileTree.Options with { Opening = StoreOpening.ReadOnly });
        return string.Join('\n', store.ListSandboxes().SelectMany(sandbox => store.ReadAllJson(sandbox)).Select(
            static document => document.Error?.Message ?? Encoding.UTF8.GetString(document.Value!)));
    }

    private static async Task<string> BackupAsync(HostileTree tree)
    {
        var backups = new BackupDirectory(tree.PathOf("backups"), HostileTree.Options);
        BackupResult made = await backups.CreateAsync(
            tree.Layout, new BackupOptions { LockTimeout = TimeSpan.FromMilliseconds(50) });
        return string.Join('\n', made.Problems) + All(tree.PathOf("backups"));
    }

    private static async Task<string> ImportAsync(HostileTree tree)
    {
        var import = new TreeImport(StoreLayout.At(tree.PathOf("other")), HostileTree.Options) { Quarantines = true };
        var told = new StringBuilder();
        await foreach (FileReport report in import.RunAsync(new TreeRoots(tree.PathOf("store/config"), tree.PathOf("store/run"))))
        {
            told.Append(report).Append('\n');
        }

        return told + All(tree.PathOf("other"));
    }

    private static Task<string> Repair(HostileTree tree)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            string told = StoreRepair.Examine(tree.Layout, HostileTree.Options).ToString();
            return Task.FromResult(told + StoreRepair.Repair(
                tree.Layout, RepairActions.NewLog | RepairActions.AcceptLoss | RepairActions.AcceptRoots, HostileTree.Options));
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, BytesMax);
        }
    }

    /// <summary>All that was written into a directory, for the secret may be in it.</summary>
    private static string All(string directory) => !Directory.Exists(directory) ? ""
        : string.Concat(Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Where(
            static file => new FileInfo(file).Length < 1 << 20).Select(File.ReadAllText));
}
