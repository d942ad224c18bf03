using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>A sandbox is created in a store that has others, and each call of it fails in turn, in each way.</summary>
public sealed class CreationLaws
{
    private static readonly Setting[] s_settings =
    [
        new(PersistenceProfile.Strict, RunRoot.SameDisk, 1, 0, 1),
        new(PersistenceProfile.Ext4Ordered, RunRoot.Tmpfs, 1, 0, 64),
    ];

    private static readonly SimulatedFault[] s_faults =
    [
        new CallFails(Errno.InputOutput), new CallFails(Errno.NoSpace), new CallFails(Errno.QuotaExceeded), new CallFails(Errno.ReadOnly),
        new CallFails(Errno.ProcessFileLimit), new CallFails(Errno.AccessDenied), new ShortTransfer(0), new ShortTransfer(7),
        new SyncLosesData(Errno.InputOutput, LostSync.RevertsCache), new CallDoneButFails(Errno.InputOutput),
    ];

    private static readonly Operation[] s_all = [.. Enum.GetValues<Operation>().Where(static operation => operation != Operation.Unlock)];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_creation_in_which_any_call_fails_is_whole_or_leaves_nothing_and_touches_no_other_sandbox(int containers)
    {
        var tally = new Tally();
        foreach (SimulatedFault fault in s_faults)
        {
            foreach (Setting setting in s_settings.Where(setting => !(setting.IsRunVolatile && fault is SyncLosesData)))
            {
                for (int call = 0; Check(setting, containers, fault, call, tally); call++)
                {
                    tally.Add("faults");
                }
            }
        }

        tally.Print($"creation with {containers} containers");
        Assert.True(tally["faults"] > 0 && tally["rolled back"] > 0 && tally["not published"] > 0 && tally["unknown"] > 0);
    }

    /// <summary>False when the creation has no such call any more.</summary>
    private static bool Check(Setting setting, int containers, SimulatedFault fault, int call, Tally tally)
    {
        SimulatedMachine machine = setting.SwitchOn(1);
        SimulatedProcess process = machine.Start("creator");
        StateStore store = setting.Open(process);
        Create(store, "old", 2);
        Create(store, "other", 0);
        SimulatedProcess reader = machine.Start("reader");
        IReadOnlyDictionary<string, string> before = Tree.Read(reader).Sandboxes;
        string whole = Content(containers);

        Operation[] operations = fault switch
        {
            ShortTransfer => [Operation.Write],
            SyncLosesData => [Operation.SyncData, Operation.SyncFile, Operation.SyncDirectory],
            CallDoneButFails => [Operation.Rename, Operation.RenameNoReplace, Operation.Exchange],
            _ => s_all,
        };
        machine.Faults = new FaultPlan().Add(new FaultRule { Process = "creator", Operations = operations, Skip = call, Fault = fault });
        Exception? failure = Record.Exception(() => Create(store, "new", containers));
        bool hasStruck = machine.Faults.Count > 0;
        machine.Faults = new FaultPlan();
        bool?[] allowed = Allowed(failure, tally); // whether it exists afterwards; null for not finished yet
        Assert.True(hasStruck || failure is null);

        string at = $"{setting}, {containers} containers, {fault} at call {call + 1}: {failure?.GetType().Name}";
        CheckTree(Tree.Read(reader), before, whole, allowed, at);
        if (failure is CommitNotPublishedException)
        {
            store.LockAsync("new").Now().DisposeAsync().Now(); // finishes it
            CheckTree(Tree.Read(reader), before, whole, [true], at);
        }

        if (hasStruck && allowed is [false])
        {
            Create(store, "new", containers); // nothing is in the way
            allowed = [true];
            CheckTree(Tree.Read(reader), before, whole, allowed, at);
        }

        machine.KillAll();
        _ = setting.Open(machine.Start());
        CheckTree(Tree.Read(machine.Start()), before, whole, [.. allowed.Select(static exists => exists ?? true).Distinct()], at);
        return hasStruck;
    }

    private static bool?[] Allowed(Exception? failure, Tally tally)
    {
        switch (failure)
        {
            case null:
                tally.Add("done");
                return [true];
            case CommitNotPublishedException:
                tally.Add("not published");
                return [null];
            case StoreFaultedException:
                tally.Add("unknown");
                return [null, false];
            default:
                tally.Add("rolled back");
                Assert.IsAssignableFrom<SafeStoreException>(failure);
                return [false];
        }
    }

    private static void CheckTree(Tree tree, IReadOnlyDictionary<string, string> before, string whole, bool?[] allowed, string at)
    {
        foreach ((string sandbox, string content) in before)
        {
            Assert.True(tree.Sandboxes.GetValueOrDefault(sandbox) == content, $"{at}: {sandbox} has changed");
        }

        Assert.Subset(before.Keys.Append("new").ToHashSet(), tree.Sandboxes.Keys.ToHashSet());
        if (!allowed.Contains(null))
        {
            string? found = tree.Sandboxes.GetValueOrDefault("new");
            Assert.True(allowed.Contains(found is not null) && (found is null || found == whole), $"{at}: {found ?? "nothing"} is there");
            Assert.True(tree.Strays.Count == 0, $"{at}: {string.Join(", ", tree.Strays)} is left");
        }
    }

    private static void Create(StateStore store, string sandbox, int containers)
    {
        SandboxLock held = store.LockNewAsync(sandbox).Now();
        try
        {
            SandboxChange change = held.Change();
            change.PutJson(StoreRoot.Config, null, "config.json", "{\"c\":1}"u8);
            change.PutJson(StoreRoot.Run, null, "state.json", "{\"s\":1}"u8);
            for (int i = 0; i < containers; i++)
            {
                change.CreateContainer($"c{i}");
                change.PutJson(StoreRoot.Config, $"c{i}", "config.json", Encoding.UTF8.GetBytes($"{{\"c\":{i}}}"));
            }

            _ = change.CommitAsync().Now();
        }
        finally
        {
            held.DisposeAsync().Now();
        }
    }

    private static string Content(int containers) => string.Concat(Enumerable.Range(0, containers)
        .SelectMany(static i => new[] { $"c{i}/\n", $"Config:c{i}/config.json = {{\"c\":{i}}}\n" })
        .Concat(["Config:/config.json = {\"c\":1}\n", "Run:/state.json = {\"s\":1}\n"])
        .Order(StringComparer.Ordinal));
}
