using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Changes;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of what a watcher is given.</summary>
public sealed class ChangeMutantTests
{
    private static readonly Operation[] s_changes = [.. Enum.GetValues<Operation>().Where(SimulatedCall.Changes)];

    /// <summary>
    /// The writer dies at its first changing call, its second, and so on; the watcher looks before each, and after the death; then the
    /// power goes.
    /// </summary>
    [Theory]
    [InlineData("change-given-before-it-is-visible")]
    public Task What_a_watcher_was_given_is_there_after_a_power_loss(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        bool hasDied = true;
        for (int call = 0; hasDied; call++)
        {
            hasDied = await DieAsync(call);
        }
    });

    [Theory]
    [InlineData("held-up-change-not-synced")]
    public Task A_change_that_is_held_up_is_durable_before_it_is_given(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        SimulatedProcess writer = lab.Machine.Start("writer");
        StateStore dying = await Lab.OpenAsync(writer);
        StateStore watching = await lab.OpenAsync("watcher");
        await dying.CreateAsync("sb", static change => change.Put("n.json", "1"));
        using ChangeReader changes = watching.ReadChanges(new Lsn(2));
        _ = lab.Machine.Faults.Add(
            new FaultRule { Process = "writer", Operations = [Operation.SyncData], Fault = new ProcessKilled() });
        await RunToItsEndAsync(writer, () => dying.ChangeAsync("sb", static change => change.Put("n.json", "2")));
        lab.Machine.Faults = new FaultPlan();
        var denied = new CallFails(Errno.AccessDenied);
        _ = lab.Machine.Faults.Add(
            new FaultRule { Process = "watcher", Path = "/store/run/sb/lock", Times = int.MaxValue, Fault = denied });
        CommittedChange? given = await changes.TryNextAsync(TimeSpan.Zero, CancellationToken.None);
        Violation.Unless(given?.HeldUp.Contains("sb") == true, "A transaction that is held up is waited for.");
        lab.Machine.Faults = new FaultPlan();
        lab.Machine.LosePower(keepsUnsynced: false);
        _ = await lab.OpenAsync("after the power loss");
        Violation.Unless(lab.Visible()["config/sb/n.json"] == "2", "A change was given, and is lost.");
    });

    private static async Task<bool> DieAsync(int call)
    {
        var lab = new Lab();
        SimulatedProcess writer = lab.Machine.Start("writer");
        StateStore dying = await Lab.OpenAsync(writer);
        StateStore watching = await lab.OpenAsync("watcher");
        using ChangeReader changes = watching.ReadChanges(new Lsn(1));
        var given = new SortedDictionary<string, int>(StringComparer.Ordinal) { ["a"] = 0, ["b"] = 0 };
        long last = 0;
        _ = lab.Machine.Faults.Add(new FaultRule { Process = "writer", Operations = s_changes, Skip = call, Fault = new ProcessKilled() });
        lab.Machine.BeforeChange = (change, _) =>
        {
            if (change.Process == "writer")
            {
                Look(changes, given, ref last, TimeSpan.MaxValue);
            }
        };
        await RunToItsEndAsync(writer, () => WriteAsync(dying));
        bool hasDied = !writer.IsAlive;
        lab.Machine.BeforeChange = null;
        lab.Machine.Faults = new FaultPlan();
        Look(changes, given, ref last, TimeSpan.Zero);
        lab.Machine.LosePower(keepsUnsynced: false);
        _ = await lab.OpenAsync("after the power loss");
        SortedDictionary<string, string> found = lab.Visible();
        foreach ((string sandbox, int number) in given)
        {
            int there = int.Parse(found.GetValueOrDefault($"config/{sandbox}/n.json", "0"), CultureInfo.InvariantCulture);
            Violation.Unless(
                there >= number, $"Before change {call + 1}: {number} was given of '{sandbox}', and {there} is there afterwards.");
        }

        return hasDied;
    }

    private static async Task WriteAsync(StateStore store)
    {
        await store.CreateAsync("a", static change => change.Put("n.json", "1"));
        await store.CreateAsync("b", static change => change.Put("n.json", "1"));
        for (int i = 2; i <= 5; i++)
        {
            string number = i.ToString(CultureInfo.InvariantCulture);
            await store.ChangeAsync("a", change => change.Put("n.json", number));
            await using SandboxLocks held =
                await store.LockManyAsync([new SandboxTarget("a", IsNew: false), new SandboxTarget("b", IsNew: false)]);
            Transaction transaction = held.Change();
            _ = transaction.For("a").Put("n.json", number);
            _ = transaction.For("b").Put("n.json", number);
            await transaction.CommitAsync();
        }
    }

    /// <summary>Takes all that is given without waiting: in order, none twice.</summary>
    private static void Look(ChangeReader changes, SortedDictionary<string, int> given, ref long last, TimeSpan patience)
    {
        while (true)
        {
            Task<CommittedChange?> look = changes.TryNextAsync(patience, CancellationToken.None).AsTask();
            Violation.Unless(look.IsCompleted, "A look waits.");
            if (look.GetAwaiter().GetResult() is not { } change)
            {
                return;
            }

            Violation.Unless(change.Lsn.Value == ++last, $"LSN {change.Lsn} came after {last - 1}.");
            foreach (SandboxPlan plan in change.Plans)
            {
                given[plan.Sandbox] = int.Parse(Encoding.UTF8.GetString(plan.Puts[0].Content.Span), CultureInfo.InvariantCulture);
            }
        }
    }

    private static async Task RunToItsEndAsync(SimulatedProcess process, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception) when (!process.IsAlive)
        {
            // Whatever a dead process makes of it.
        }
    }
}
