using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Operations;
using SafeStore.Testing;
using Xunit;
using static SafeStore.Cli.Tests.SimulatedOptions;

namespace SafeStore.Cli.Tests.Backups;

/// <summary>
/// A backup on a machine in memory, at each of whose calls something goes wrong: what is listed then is whole, there is always one, and the
/// next backup succeeds and leaves nothing unfinished.
/// </summary>
public sealed class BackupFaultTests
{
    private static readonly StoreLayout s_layout = StoreLayout.At("/s");

    public static TheoryData<string> Faults => ["killed", "power", "failed"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whatever_goes_wrong_at_any_call_what_is_listed_is_whole_and_the_next_backup_succeeds(string fault)
    {
        for (long call = 1; await BackUpWithFaultAsync(call, fault); call++)
        {
        }
    }

    [Fact]
    public async Task A_backup_holds_what_is_durable_and_not_published_of_a_process_that_died_at_any_call()
    {
        int durable = 0;
        for (long call = 1; ; call++)
        {
            var machine = new SimulatedMachine();
            StateStore living = await OpenAsync(machine.Start("living"));
            await CreateAsync(living, "a", 1);
            await CreateAsync(living, "b", 1);
            StateStore dying = await OpenAsync(machine.Start("dying"));
            machine.Faults = FaultPlan.At(machine.Calls + call, new ProcessKilled());
            bool isDone = await Record.ExceptionAsync(() => PutBothAsync(dying, 2)) is null;
            bool isOver = machine.Faults.Count == 0;
            machine.Faults = new FaultPlan();

            SimulatedProcess process = machine.Start("backup");
            (int a, int b) = await BackedUpAsync(process);

            Assert.Equal(a, b);
            Assert.True(!isDone || a == 2);
            durable += a == 2 ? 1 : 0;
            await using SandboxLock locked = await living.LockAsync("a", cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(a, NumberOf(living.ReadJson(Of("a"))!)); // the next lock finds the same
            if (isOver)
            {
                Assert.True(durable > 1 && call > durable);
                return;
            }
        }
    }

    [Fact]
    public async Task A_backup_after_a_power_loss_holds_what_the_next_opening_recovers()
    {
        for (ulong seed = 0; seed < 40; seed++)
        {
            var machine = new SimulatedMachine(new SimulatedMachineOptions { Seed = seed });
            StateStore store = await OpenAsync(machine.Start());
            await CreateAsync(store, "a", 1);
            await CreateAsync(store, "b", 1);
            machine.Faults = FaultPlan.At(machine.Calls + 1 + (long)seed, new PowerLost(seed));
            _ = await Record.ExceptionAsync(() => PutBothAsync(store, 2));
            machine.Faults = new FaultPlan();
            if (machine.Processes.Any(static each => each.IsAlive))
            {
                machine.LosePower(seed);
            }

            SimulatedProcess process = machine.Start();
            (int a, int b) = await BackedUpAsync(process);
            await using StateStore again = await OpenAsync(process);

            Assert.Equal((NumberOf(again.ReadJson(Of("a"))!), NumberOf(again.ReadJson(Of("b"))!)), (a, b));
        }
    }

    private static DocumentId Of(string sandbox) => new(sandbox, null, StoreRoot.Run, "state.json");

    private static int NumberOf(byte[] json) => (int)BackupScene.NumberIn(Encoding.UTF8.GetString(json));

    private static ValueTask<StateStore> OpenAsync(SimulatedProcess process) => StateStore.OpenAsync(s_layout, OptionsOf(process));

    private static async Task CreateAsync(StateStore store, string sandbox, int number)
    {
        await using SandboxLock held = await store.LockNewAsync(sandbox);
        await held.Change().CreateContainer("c").PutJson(StoreRoot.Run, null, "state.json", BackupScene.Number(number))
            .PutJson(StoreRoot.Config, "c", "config.json", BackupScene.Number(number)).CommitAsync();
    }

    private static async Task PutBothAsync(StateStore store, int number)
    {
        await using SandboxLocks locks = await store.LockManyAsync([new SandboxTarget("a", false), new SandboxTarget("b", false)]);
        Transaction change = locks.Change();
        foreach (string sandbox in new[] { "a", "b" })
        {
            change.For(sandbox).PutJson(StoreRoot.Run, null, "state.json", BackupScene.Number(number));
        }

        await change.CommitAsync();
    }

    private static async Task<(int A, int B)> BackedUpAsync(SimulatedProcess process)
    {
        BackupResult result = await new BackupDirectory("/b", OptionsOf(process)).CreateAsync(
            s_layout, new BackupOptions { LockTimeout = TimeSpan.Zero }, TestContext.Current.CancellationToken);
        int[] found = [.. new[] { "a", "b" }.Select(sandbox => NumberOf(
            Encoding.UTF8.GetBytes(process.FileSystem.Files.File.ReadAllText($"{result.Backup.Path}/run/{sandbox}/state.json"))))];
        return (found[0], found[1]);
    }

    /// <returns>False if the backup had fewer calls.</returns>
    private static async Task<bool> BackUpWithFaultAsync(long call, string fault)
    {
        var machine = new SimulatedMachine();
        SimulatedProcess first = machine.Start();
        await using (StateStore store = await OpenAsync(first))
        {
            await CreateAsync(store, "a", 1);
            await new BackupDirectory("/b", OptionsOf(first)).CreateAsync(s_layout);
            await CreateAsync(store, "b", 2);
        }

        machine.Faults = FaultPlan.At(machine.Calls + call, FaultOf(fault, (ulong)call));
        Exception? failure = await Record.ExceptionAsync(() =>
            new BackupDirectory("/b", OptionsOf(first)).CreateAsync(s_layout, new BackupOptions { Keep = 1 }));
        bool isOver = machine.Faults.Count == 0;
        machine.Faults = new FaultPlan();
        Assert.True(failure is null or SafeStoreException || !first.IsAlive, failure?.ToString());

        SimulatedProcess second = first.IsAlive ? first : machine.Start();
        var backups = new BackupDirectory("/b", OptionsOf(second));
        AssertAllWhole(backups);
        BackupResult next = await backups.CreateAsync(s_layout);
        AssertAllWhole(backups);
        Assert.Equal(2, next.Backup.Sandboxes);
        Assert.DoesNotContain(second.FileSystem.Files.Directory.EnumerateDirectories("/b"), static each => each.Contains(".unfinished"));
        return !isOver;
    }

    private static void AssertAllWhole(BackupDirectory backups)
    {
        IReadOnlyList<BackupReport> all = backups.List();
        Assert.NotEmpty(all);
        Assert.All(all, each => Assert.Empty(backups.Verify(each.Name).Problems));
    }

    private static SimulatedFault FaultOf(string fault, ulong seed) => fault switch
    {
        "killed" => new ProcessKilled(),
        "power" => new PowerLost(seed),
        _ => new CallFails(seed % 4 == 0 ? Errno.NoSpace : Errno.InputOutput),
    };
}
