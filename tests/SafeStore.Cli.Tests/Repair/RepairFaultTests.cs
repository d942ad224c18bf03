using System;
using System.Linq;
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
    private const int Closed = 2;
    private const int Unpublished = 3;
    private const int Newest = 5;
    private const string Metadata = "/s/config/.safestore";

    private static readonly StoreLayout s_layout = StoreLayout.At("/s");
    private static readonly DocumentId s_document = new("a", null, StoreRoot.Config, "state.json");

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string damage in new[]
            {
                "log", "watermarks", "run watermarks", "root.json", "store.json", "all metadata of config", "root.json before a recovery",
            })
            {
                cases.Add(damage, "killed");
                cases.Add(damage, "power");
                cases.Add(damage, "full");
            }

            cases.Add("log garbage", "killed");
            cases.Add("old run root", "killed");
            cases.Add("garbage before a recovery", "killed");
            cases.Add("cut before a recovery", "killed");
            cases.Add("record before a recovery", "power");
            return cases;
        }
    }

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

    /// <summary>
    /// The actions that were needed at first are enough for the repetition, and after that nothing is left to be mended.
    /// </summary>
    /// <returns>False if the repair had fewer calls.</returns>
    private static async Task<bool> RepairWithFaultAsync(string damage, long call, string fault)
    {
        var machine = new SimulatedMachine();
        SimulatedProcess first = await SeedAsync(machine);
        int last = Closed; // the number is its LSN
        if (damage.EndsWith("recovery", StringComparison.Ordinal))
        {
            last = damage.StartsWith("record", StringComparison.Ordinal) ? Newest : Unpublished;
            first = await LeaveInLogAsync(machine, first, last);
        }

        await DamageAsync(first, damage.Split(" before")[0]);
        machine.LosePower(keepsUnsynced: true); // it stays
        first = machine.Start();
        RepairActions needed = StoreRepair.Examine(s_layout, OptionsOf(first)).Needed;
        Assert.NotEqual(RepairActions.None, needed);
        machine.Faults = FaultPlan.At(machine.Calls + call, FaultOf(fault, (ulong)call));
        Exception? failure = Record.Exception(() => StoreRepair.Repair(s_layout, needed, OptionsOf(first)));
        bool isMet = machine.Faults.Count > 0;
        machine.Faults = new FaultPlan();
        Assert.True(failure is null or SafeStoreException || !first.IsAlive, failure?.ToString());

        SimulatedProcess second = first.IsAlive ? first : machine.Start();
        _ = StoreRepair.Repair(s_layout, needed, OptionsOf(second));
        Assert.Empty(StoreRepair.Examine(s_layout, OptionsOf(second)).Damages);
        await using StateStore store = await StateStore.OpenAsync(s_layout, OptionsOf(second));
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

    /// <summary>Only the log has what was published last, if that was one transaction; of several, the log is left as it is.</summary>
    private static async Task<SimulatedProcess> LeaveInLogAsync(SimulatedMachine machine, SimulatedProcess process, int last)
    {
        StateStore store = await StateStore.OpenAsync(s_layout, OptionsOf(process));
        for (int number = Unpublished; number <= last; number++)
        {
            _ = await PutAsync(store, number);
        }

        machine.LosePower(keepsUnsynced: last > Unpublished);
        SimulatedProcess next = machine.Start();
        Assert.Equal(
            $"{(last > Unpublished ? last : Closed)}", await next.FileSystem.Files.File.ReadAllTextAsync("/s/config/a/state.json"));
        return next;
    }

    private static async Task<Lsn> PutAsync(StateStore store, int number)
    {
        await using SandboxLock held = await store.LockAsync("a");
        return await held.Change().PutJson(StoreRoot.Config, null, "state.json", Encoding.UTF8.GetBytes($"{number}")).CommitAsync();
    }

    private static async Task DamageAsync(SimulatedProcess process, string damage)
    {
        System.IO.Abstractions.IFileSystem files = process.FileSystem.Files;
        switch (damage)
        {
            case "log":
                files.Directory.Delete($"{Metadata}/log", recursive: true);
                break;
            case "log garbage":
                Array.ForEach(files.Directory.GetFiles($"{Metadata}/log"), files.File.Delete);
                await files.File.WriteAllBytesAsync($"{Metadata}/log/0fffffffffffffff.log", []);
                break;
            case "garbage":
                await files.File.WriteAllBytesAsync($"{Metadata}/log/0fffffffffffffff.log", []);
                break;
            case "record":
                LogFiles.DamageRecord(process, LogFiles.NewestIn(process, Metadata), Newest - 1);
                break;
            case "cut":
                LogFiles.Cut(process, LogFiles.NewestIn(process, Metadata), OptionsOf(process).SegmentBytes - 10);
                break;
            case "old run root":
                string[] marks = files.Directory.GetFiles("/s/run/.safestore", "watermark.*");
                byte[][] old = [.. marks.Select(files.File.ReadAllBytes)];
                await (await StateStore.OpenAsync(s_layout, OptionsOf(process))).DisposeAsync();
                for (int i = 0; i < marks.Length; i++)
                {
                    await files.File.WriteAllBytesAsync(marks[i], old[i]);
                }

                break;
            case "watermarks":
                files.File.Delete($"{Metadata}/watermark.0");
                files.File.Delete($"{Metadata}/watermark.1");
                break;
            case "run watermarks":
                files.File.Delete("/s/run/.safestore/watermark.0");
                files.File.Delete("/s/run/.safestore/watermark.1");
                break;
            case "all metadata of config":
                files.Directory.Delete(Metadata, recursive: true);
                break;
            default:
                files.File.Delete($"{Metadata}/{damage}");
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
