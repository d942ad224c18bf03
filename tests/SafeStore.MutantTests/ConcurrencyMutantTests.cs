using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of locks: processes that work at the same time, in many orders.</summary>
public sealed class ConcurrencyMutantTests
{
    private const int Orders = 100;

    [Theory]
    [InlineData("resolves-without-lock")]
    public Task Processes_that_count_in_one_sandbox_do_not_disturb_each_other(string mutant) => InManyOrdersAsync(mutant, async seed =>
    {
        const int Times = 3;
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        Lsn last = await store.CreateAsync("sb", static change => change.Put("n.json", "0"));
        SimulatedProcess[] processes = [lab.Machine.Start("one"), lab.Machine.Start("other")];

        // The one is at its first transaction when the other comes. (A resolver renames, a transaction exchanges.)
        lab.Machine.Faults = new FaultPlan()
            .Add(new FaultRule
            {
                Process = "one",
                Operations = [Operation.SyncData],
                Path = "*/log/*",
                Fault = new SlowCall(TimeSpan.FromSeconds(2))
            })
            .Add(new FaultRule { Process = "other", Fault = new SlowCall(TimeSpan.FromSeconds(1)) })
            .Add(new FaultRule { Process = "other", Operations = [Operation.Rename], Fault = new SlowCall(TimeSpan.FromSeconds(2)) });
        lab.Machine.RunConcurrently(seed, [.. processes.Select(process => new ConcurrentWork(process, async () =>
        {
            StateStore own = await Lab.OpenAsync(process);
            for (int i = 0; i < Times; i++)
            {
                await using SandboxLock held = await own.LockAsync("sb");
                Violation.Unless(held.Version == last, $"The version is {held.Version}, and that of the last transaction {last}.");
                byte[] json = own.ReadJson(new DocumentId("sb", null, StoreRoot.Config, "n.json"))!;
                int count = int.Parse(System.Text.Encoding.UTF8.GetString(json), CultureInfo.InvariantCulture);
                SandboxChange change = held.Change();
                _ = change.Put("n.json", $"{count + 1}");
                last = await change.CommitAsync();
            }
        }))]);
        Violation.Unless(
            lab.Visible()["config/sb/n.json"] == $"{processes.Length * Times}", $"The count is {lab.Visible()["config/sb/n.json"]}.");
    });

    [Theory]
    [InlineData("creation-without-name-lock")]
    public Task Of_processes_that_create_one_sandbox_one_does_and_the_others_are_told(string mutant) =>
        InManyOrdersAsync(mutant, async seed =>
        {
            var lab = new Lab();
            _ = await lab.OpenAsync();
            List<string> creators = [];
            var processes = new[] { "1", "2" }.Select(name => (Name: name, Process: lab.Machine.Start(name)));
            lab.Machine.RunConcurrently(seed, [.. processes.Select(each => new ConcurrentWork(each.Process, async () =>
            {
                StateStore own = await Lab.OpenAsync(each.Process);
                try
                {
                    await own.CreateAsync("sb", change => change.Put("a.json", each.Name).Put(StoreRoot.Run, null, "b.json", each.Name));
                    creators.Add(each.Name);
                }
                catch (AlreadyExistsException)
                {
                    // The other was faster.
                }
            }))]);
            Violation.Unless(creators.Count == 1, $"{creators.Count} have created it.");
            Violation.Unless(
                lab.Visible()["config/sb/a.json"] == creators[0] && lab.Visible()["run/sb/b.json"] == creators[0],
                "It is not the one that was created.");
        });

    [Theory]
    [InlineData("scratch-owner-not-compared")]
    public Task An_opener_does_not_use_a_scratch_directory_that_another_opener_has_removed(string mutant) =>
        Kill.ByAsync(mutant, static async () =>
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            List<string> own = lab.Scratches("config");
            StateStore[] former = [await lab.OpenAsync("former"), await lab.OpenAsync("other former")];
            foreach (StateStore each in former)
            {
                await each.DisposeAsync(); // leaves a free scratch directory
            }

            string second = $"*/scratch/{lab.Scratches("config").Except(own).Last()}";
            SimulatedProcess fast = lab.Machine.Start("fast");
            SimulatedProcess slow = lab.Machine.Start("slow");

            // The fast one has taken the first free directory, and opened the second. The slow one comes, opens the second too, and goes on
            // when the fast one has removed it.
            lab.Machine.Faults = new FaultPlan()
                .Add(new FaultRule { Process = "slow", Fault = new SlowCall(TimeSpan.FromSeconds(1)) })
                .Add(new FaultRule
                {
                    Process = "fast",
                    Operations = [Operation.TryLock],
                    Path = second,
                    Fault = new SlowCall(TimeSpan.FromSeconds(2))
                })
                .Add(new FaultRule
                {
                    Process = "slow",
                    Operations = [Operation.TryLock],
                    Path = second,
                    Fault = new SlowCall(TimeSpan.FromSeconds(2))
                });
            lab.Machine.RunConcurrently(
                seed: 1,
                new ConcurrentWork(fast, async () => await Lab.OpenAsync(fast)),
                new ConcurrentWork(slow, async () =>
                {
                    StateStore opened = await Lab.OpenAsync(slow);
                    await opened.ChangeAsync("sb", static change => change.Put("a.json", "2"));
                }));
            Assert.Equal(3, lab.Machine.Faults.Count);
            Violation.Unless(lab.Visible()["config/sb/a.json"] == "2", "The slow process has changed nothing.");
        });

    [Theory]
    [InlineData("others-do-not-wait-for-recovery")]
    public Task No_process_joins_a_store_while_its_first_opener_recovers_it(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
        lab.Machine.KillAll();

        bool isLooking = false;
        int joined = 0;
        SimulatedProcess second = lab.Machine.Start("second");
        lab.Machine.BeforeChange = (call, _) =>
        {
            if (call.Process == "first" && !isLooking && call.Path.Contains("/sb/", StringComparison.Ordinal))
            {
                isLooking = true;
                joined += CanJoin(second) ? 1 : 0;
                isLooking = false;
            }
        };
        StateStore first = await lab.OpenAsync("first");
        lab.Machine.BeforeChange = null;
        Violation.Unless(joined == 0, "A process has joined during the recovery.");
        Assert.True(CanJoin(second));
    });

    [Theory]
    [InlineData("readers-pass-a-waiting-writer")]
    public Task A_process_that_waits_to_write_comes_in_although_readers_take_turns_that_overlap(string mutant) =>
        InManyOrdersAsync(mutant, static async seed =>
        {
            const int TurnsMax = 100;
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("sb", static change => change.Put("a.json", "1"));
            bool isWritten = false;
            SimulatedProcess writer = lab.Machine.Start("writer");
            ConcurrentWork[] readers = [.. Enumerable.Range(0, 2).Select(number => Reading(lab.Machine.Start($"reader {number}"), number))];
            lab.Machine.RunConcurrently(seed, [.. readers, new ConcurrentWork(writer, async () =>
            {
                StateStore own = await Lab.OpenAsync(writer);
                writer.Clock.Sleep(TimeSpan.FromMilliseconds(50));
                await own.ChangeAsync("sb", static change => change.Put("a.json", "2"));
                isWritten = true;
            })]);

            ConcurrentWork Reading(SimulatedProcess process, int number) => new(process, async () =>
            {
                StateStore own = await Lab.OpenAsync(process);
                process.Clock.Sleep(TimeSpan.FromMilliseconds(10 * (number + 1)));
                for (int turn = 0; turn < TurnsMax && !isWritten; turn++)
                {
                    await using (await own.LockAsync("sb", LockMode.Shared))
                    {
                        process.Clock.Sleep(TimeSpan.FromMilliseconds(20));
                    }

                    process.Clock.Sleep(TimeSpan.FromMilliseconds(1));
                    Violation.Unless(turn + 1 < TurnsMax, "The writer still waits.");
                }
            });
        });

    /// <summary>A single look, without waiting.</summary>
    private static bool CanJoin(SimulatedProcess process)
    {
        ValueTask<StateStore> opening = Lab.OpenAsync(process, Lab.Options with { LockTimeout = TimeSpan.Zero });
        Assert.True(opening.IsCompleted);
        return opening.IsCompletedSuccessfully;
    }

    private static Task InManyOrdersAsync(string mutant, Func<ulong, Task> scenario, [CallerMemberName] string test = "") => Kill.ByAsync(
        mutant,
        async () =>
        {
            for (ulong seed = 1; seed <= Orders; seed++)
            {
                await scenario(seed);
            }
        },
        test);
}
