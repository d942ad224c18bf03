using System;
using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Operations.Repair;
using SafeStore.Testing;
using Xunit;
using static SafeStore.Cli.Tests.SimulatedOptions;

namespace SafeStore.Cli.Tests.Repair;

/// <summary>
/// A repair on a machine in memory, at each of whose calls something goes wrong: what is there then can be repaired, and has every
/// document.
/// </summary>
public sealed class RepairFaultTests
{
    private const RepairActions All = RepairActions.AcceptLoss | RepairActions.AcceptRoots | RepairActions.NewLog;

    private const int Closed = 2;
    private const int Unpublished = 3;

    private static readonly StoreLayout s_layout = StoreLayout.At("/s");
    private static readonly DocumentId s_document = new("a", null, StoreRoot.Config, "state.json");

    public static TheoryData<string, string> Cases =>
        new MatrixTheoryData<string, string>(
            ["log", "watermarks", "run watermarks", "root.json", "store.json", "all metadata of config", "root.json before a recovery"],
            ["killed", "power", "full"]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Whatever_goes_wrong_at_any_call_the_next_repair_leads_to_an_open_store_with_its_documents(string damage, string fault)
    {
        long call = 1;
        while (await RepairWithFaultAsync(damage, call, fault))
        {
            call++;
        }

        Assert.True(call > 40, $"only {call} calls were seen");
    }

    [Fact]
    public async Task A_segment_that_is_released_while_it_is_looked_at_is_no_damage()
    {
        var machine = new SimulatedMachine();
        SimulatedProcess process = await SeedAsync(machine);
        machine.Faults = new FaultPlan().Add(new FaultRule
        {
            Operations = [Operation.OpenFile],
            Path = "*.log",
            Fault = new CallFails(Errno.NotFound),
        });

        RepairPlan plan = StoreRepair.Examine(s_layout, OptionsOf(process));

        Assert.Empty(plan.Damages);
        Assert.Equal(1, machine.Faults.Count);
    }

    /// <returns>False if the repair had fewer calls.</returns>
    private static async Task<bool> RepairWithFaultAsync(string damage, long call, string fault)
    {
        var machine = new SimulatedMachine();
        SimulatedProcess first = await SeedAsync(machine);
        if (damage == "root.json before a recovery")
        {
            first = await LeaveInLogAsync(machine, first);
        }

        Damage(first, damage.Split(" before")[0]);
        Assert.NotEqual(RepairActions.None, StoreRepair.Examine(s_layout, OptionsOf(first)).Needed);
        machine.Faults = FaultPlan.At(machine.Calls + call, FaultOf(fault, (ulong)call));
        Exception? failure = Record.Exception(() => StoreRepair.Repair(s_layout, All, OptionsOf(first)));
        bool isMet = machine.Faults.Count > 0;
        machine.Faults = new FaultPlan();
        Assert.True(failure is null or SafeStoreException || !first.IsAlive, failure?.ToString());

        SimulatedProcess second = first.IsAlive ? first : machine.Start();
        _ = StoreRepair.Repair(s_layout, All, OptionsOf(second));
        Assert.Empty(StoreRepair.Examine(s_layout, OptionsOf(second)).Damages);
        await using StateStore store = await StateStore.OpenAsync(s_layout, OptionsOf(second));
        int last = damage.EndsWith("recovery", StringComparison.Ordinal) ? Unpublished : Closed; // the number is its LSN
        Assert.Equal($"{last}", Encoding.UTF8.GetString(store.ReadJson(s_document)!));
        Assert.True(await PutAsync(store, 9) > new Lsn(last));
        return isMet;
    }

    private static async Task<SimulatedProcess> SeedAsync(SimulatedMachine machine)
    {
        SimulatedProcess process = machine.Start();
        await using StateStore store = await StateStore.OpenAsync(s_layout, OptionsOf(process));
        await using (SandboxLock made = await store.LockNewAsync("a"))
        {
            await made.Change().PutJson(StoreRoot.Config, null, "state.json", "1"u8.ToArray()).CommitAsync();
        }

        _ = await PutAsync(store, Closed);
        return process;
    }

    /// <summary>A power loss takes back what was published last: only the log has it.</summary>
    private static async Task<SimulatedProcess> LeaveInLogAsync(SimulatedMachine machine, SimulatedProcess process)
    {
        StateStore store = await StateStore.OpenAsync(s_layout, OptionsOf(process));
        _ = await PutAsync(store, Unpublished);
        machine.LosePower(keepsUnsynced: false);
        SimulatedProcess next = machine.Start();
        Assert.Equal($"{Closed}", await next.FileSystem.Files.File.ReadAllTextAsync("/s/config/a/state.json"));
        return next;
    }

    private static async Task<Lsn> PutAsync(StateStore store, int number)
    {
        await using SandboxLock held = await store.LockAsync("a");
        return await held.Change().PutJson(StoreRoot.Config, null, "state.json", Encoding.UTF8.GetBytes($"{number}")).CommitAsync();
    }

    private static void Damage(SimulatedProcess process, string damage)
    {
        System.IO.Abstractions.IFileSystem files = process.FileSystem.Files;
        const string config = "/s/config/.safestore";
        switch (damage)
        {
            case "log":
                files.Directory.Delete($"{config}/log", recursive: true);
                break;
            case "watermarks":
                files.File.Delete($"{config}/watermark.0");
                files.File.Delete($"{config}/watermark.1");
                break;
            case "run watermarks":
                files.File.Delete("/s/run/.safestore/watermark.0");
                files.File.Delete("/s/run/.safestore/watermark.1");
                break;
            case "all metadata of config":
                files.Directory.Delete(config, recursive: true);
                break;
            default:
                files.File.Delete($"{config}/{damage}");
                break;
        }
    }

    private static SimulatedFault FaultOf(string fault, ulong seed) => fault switch
    {
        "killed" => new ProcessKilled(),
        "power" => new PowerLost(seed),
        "power-after" => new PowerLost(seed, Afterwards: true),
        "error" => new CallFails(Errno.InputOutput),
        _ => new CallFails(Errno.NoSpace),
    };
}
