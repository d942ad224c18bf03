using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Operations.Repair;
using SafeStore.Testing;
using Xunit;
using static SafeStore.Cli.Tests.SimulatedOptions;

namespace SafeStore.Cli.Tests.Repair;

/// <summary>What becomes of a store whose log has lost transactions, once its owner has accepted that.</summary>
public sealed class AcceptedLossTests
{
    private const int SegmentBytes = 64 * 1024;
    private const string Metadata = "/s/config/.safestore";

    private static readonly StoreLayout s_layout = StoreLayout.At("/s");

    private readonly SimulatedMachine _machine = new();

    [Theory]
    [InlineData("put")]
    [InlineData("put again after a deletion")]
    [InlineData("container made anew")]
    [InlineData("document in a container's place")]
    [InlineData("container in a document's place")]
    [InlineData("sandbox made anew")]
    [InlineData("sandbox made anew, and its lock word lost")]
    public async Task What_stays_in_the_log_is_not_put_over_newer_documents(string newest)
    {
        (Action<SandboxChange>[] kept, Action<SandboxChange>[] lost) = StepsTo(newest);
        SimulatedProcess process = await LoseAsync([.. kept, .. lost], firstLost: 2 + kept.Length);
        IReadOnlyList<string> before = Documents(process);
        if (newest.EndsWith("lost", StringComparison.Ordinal))
        {
            await process.FileSystem.Files.File.WriteAllBytesAsync("/s/run/a/lock", []);
        }

        RepairPlan plan = StoreRepair.Repair(s_layout, RepairActions.AcceptLoss, Options(process));
        await OpenAsync(process);

        Assert.NotEmpty(plan.Losses);
        Assert.Equal(before, Documents(process));
        Assert.False(process.FileSystem.Files.Directory.Exists($"{Metadata}/overruled"));
    }

    [Fact]
    public async Task A_repair_that_is_done_finds_nothing_and_changes_nothing_when_it_is_repeated()
    {
        SimulatedProcess process = await LoseAsync([Put("2"), Put("3"), Put("4")], firstLost: 3);
        _ = StoreRepair.Repair(s_layout, RepairActions.AcceptLoss, Options(process));
        IReadOnlyList<string> mended = All(process);

        RepairPlan again = StoreRepair.Repair(s_layout, RepairActions.AcceptLoss, Options(process));

        Assert.Empty(again.Damages);
        Assert.Empty(again.Losses);
        Assert.Equal(mended, All(process));
        await OpenAsync(process);
    }

    [Theory]
    [InlineData(SegmentBytes - 100, 4, 0)]
    [InlineData(4096 * 4 + 10, 3, 1)]
    public async Task A_segment_that_is_cut_off_is_used_as_far_as_its_records_are_whole(int length, long last, int losses)
    {
        SimulatedProcess process = await LoseAsync([Put("2"), Put("3"), Put("4")], firstLost: null);
        LogFiles.Cut(process, LogFiles.NewestIn(process, Metadata), length);
        await process.FileSystem.Files.File.WriteAllTextAsync("/s/config/a/state.json", "{");

        RepairPlan shown = StoreRepair.Examine(s_layout, Options(process));
        DamagedDocument damaged = Assert.Single(DocumentRepair.Examine(s_layout, Options(process)));
        RepairPlan plan = StoreRepair.Repair(s_layout, RepairActions.AcceptLoss, Options(process));

        Assert.Equal((new Lsn(last), losses), (shown.LastKept, shown.Losses.Count));
        Assert.Equal(new Lsn(last), damaged.InLog);
        Assert.Equal(RepairActions.AcceptLoss, plan.Needed);
        Assert.Empty(StoreRepair.Examine(s_layout, Options(process)).Damages);
        await OpenAsync(process);
        Assert.Equal($"{last}", await process.FileSystem.Files.File.ReadAllTextAsync("/s/config/a/state.json"));
    }

    private static (Action<SandboxChange>[] Kept, Action<SandboxChange>[] Lost) StepsTo(string newest) => newest switch
    {
        "put" => ([Put("2")], [Put("3"), Put("4")]),
        "put again after a deletion" => ([Put("2"), static change => change.Remove(StoreRoot.Config, null, "state.json")], [Put("3")]),
        "container made anew" => (
            [Made("web"), static change => change.RemoveContainer("web")], [Made("web")]),
        "document in a container's place" => (
            [Made("web")],
            [static change => change.RemoveContainer("web"), Document]),
        "container in a document's place" => (
            [Document],
            [static change => change.Remove(StoreRoot.Config, null, "web"), Made("web")]),
        _ => ([Put("2"), Removed], [Created, Put("5")]),
    };

    private static void Removed(SandboxChange change) => throw new InvalidOperationException("It is not called.");

    private static void Created(SandboxChange change) => change.PutJson(StoreRoot.Config, null, "new.json", "9"u8.ToArray());

    private static void Document(SandboxChange change) => change.PutJson(StoreRoot.Config, null, "web", "1"u8.ToArray());

    private static Action<SandboxChange> Put(string value) =>
        change => change.PutJson(StoreRoot.Config, null, "state.json", Encoding.UTF8.GetBytes(value));

    private static Action<SandboxChange> Made(string container) => change => change.CreateContainer(container)
        .PutJson(StoreRoot.Config, container, "a.json", "7"u8.ToArray());

    /// <summary>
    /// Sandbox <c>a</c> is created by LSN 1 and changed from then on; then the machine stops, with all on its disk but for a byte of a
    /// record.
    /// </summary>
    private async Task<SimulatedProcess> LoseAsync(Action<SandboxChange>[] steps, long? firstLost)
    {
        SimulatedProcess process = _machine.Start();
        StateStore store = await StateStore.OpenAsync(s_layout, Options(process));
        await CreateAsync(store, Put("1"));
        foreach (Action<SandboxChange> step in steps)
        {
            if (step == Removed)
            {
                await store.RemoveSandboxAsync("a");
            }
            else if (step == Created)
            {
                await CreateAsync(store, step);
            }
            else
            {
                await using SandboxLock held = await store.LockAsync("a");
                SandboxChange change = held.Change();
                step(change);
                _ = await change.CommitAsync();
            }
        }

        _machine.LosePower(keepsUnsynced: true);
        SimulatedProcess next = _machine.Start();
        if (firstLost is { } lsn)
        {
            LogFiles.DamageRecord(next, LogFiles.NewestIn(next, Metadata), lsn);
        }

        return next;
    }

    private static async Task CreateAsync(StateStore store, Action<SandboxChange> step)
    {
        await using SandboxLock made = await store.LockNewAsync("a");
        SandboxChange change = made.Change();
        step(change);
        _ = await change.CommitAsync();
    }

    private static async Task OpenAsync(SimulatedProcess process)
    {
        await using StateStore store = await StateStore.OpenAsync(s_layout, Options(process));
        await using SandboxLock held = await store.LockAsync("a"); // it is not parked
    }

    private static StoreOptions Options(SimulatedProcess process) => OptionsOf(process) with { SegmentBytes = SegmentBytes };

    private static IReadOnlyList<string> Documents(SimulatedProcess process) =>
    [
        .. All(process).Where(static line => !line.Contains("/.safestore/", StringComparison.Ordinal)
            && !line.StartsWith("/s/run/a/lock", StringComparison.Ordinal)),
    ];

    private static IReadOnlyList<string> All(SimulatedProcess process)
    {
        IFileSystem files = process.FileSystem.Files;
        return
        [
            .. files.Directory.GetFiles("/s", "*", System.IO.SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .Select(path => $"{path} {Convert.ToHexString(System.IO.Hashing.XxHash3.Hash(files.File.ReadAllBytes(path)))}"),
        ];
    }
}
