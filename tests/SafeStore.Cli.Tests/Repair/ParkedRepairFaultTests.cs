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
/// What is parked is applied or given up on a machine in memory, at every third of whose calls something goes wrong: the next try leads
/// to a sandbox that can be used, and what was given up does not come again.
/// </summary>
public sealed class ParkedRepairFaultTests
{
    private const int Stride = 3; // every call would take three times as long

    private const string Place = "/s/config/a/state.json";

    private static readonly StoreLayout s_layout = StoreLayout.At("/s");
    private static readonly DocumentId s_document = new("a", null, StoreRoot.Config, "state.json");

    [Theory]
    [InlineData(true, "killed")]
    [InlineData(false, "power")]
    public async Task Whatever_goes_wrong_at_a_call_the_next_try_ends_it(bool isApply, string fault)
    {
        long call = 1;
        while (await RunWithFaultAsync(isApply, call, fault))
        {
            call += Stride;
        }

        Assert.True(call > 100, $"only {call} calls were seen");
    }

    /// <returns>False if it had fewer calls.</returns>
    private static async Task<bool> RunWithFaultAsync(bool isApply, long call, string fault)
    {
        var machine = new SimulatedMachine();
        SimulatedProcess first = await ParkAsync(machine);
        machine.Faults = FaultPlan.At(machine.Calls + call, fault == "power" ? new PowerLost((ulong)call) : new ProcessKilled());
        Exception? failure = await Record.ExceptionAsync(() => RunAsync(isApply, first));
        bool isMet = machine.Faults.Count > 0;
        machine.Faults = new FaultPlan();
        Assert.True(failure is null || !first.IsAlive, failure?.ToString());

        SimulatedProcess second = machine.Start();
        _ = await RunAsync(isApply, second);
        Assert.Empty(ParkedRepair.Examine(s_layout, OptionsOf(second)));
        if (!isApply)
        {
            Assert.True(second.FileSystem.Files.Directory.Exists(Place), $"call {call}");
            second.FileSystem.Files.Directory.Delete(Place, recursive: true);
        }

        await using StateStore store = await StateStore.OpenAsync(s_layout, OptionsOf(second));
        Assert.Equal(isApply ? "2" : null, store.ReadJson(s_document) is { } json ? Encoding.UTF8.GetString(json) : null);
        Assert.True(await PutAsync(store, 9) > new Lsn(2));
        Assert.Equal("9", Encoding.UTF8.GetString(store.ReadJson(s_document)!));
        string[] quarantines = second.FileSystem.Files.Directory.GetDirectories("/s/config/.safestore/quarantine");
        string kept = isApply ? "obstacles/a/state.json/inner" : "parked/a";
        Assert.Contains(quarantines, each => second.FileSystem.Files.Path.Exists($"{each}/{kept}"));
        return isMet;
    }

    private static Task<ParkedRepairPlan?> RunAsync(bool isApply, SimulatedProcess process) => isApply
        ? ParkedRepair.ApplyAsync(s_layout, "a", OptionsOf(process)) : ParkedRepair.GiveUpAsync(s_layout, "a", OptionsOf(process));

    /// <summary>A power loss takes back what was published last, and a directory is in its place then.</summary>
    private static async Task<SimulatedProcess> ParkAsync(SimulatedMachine machine)
    {
        SimulatedProcess process = machine.Start();
        await using (StateStore made = await StateStore.OpenAsync(s_layout, OptionsOf(process)))
        {
            await using SandboxLock held = await made.LockNewAsync("a");
            await held.Change().PutJson(StoreRoot.Config, null, "state.json", "1"u8.ToArray()).CommitAsync();
        }

        StateStore store = await StateStore.OpenAsync(s_layout, OptionsOf(process));
        _ = await PutAsync(store, 2);
        machine.LosePower(keepsUnsynced: false);
        SimulatedProcess next = machine.Start();
        next.FileSystem.Files.File.Delete(Place);
        next.FileSystem.Files.Directory.CreateDirectory($"{Place}/inner");
        foreach (string path in new[] { $"{Place}/inner", Place, "/s/config/a" })
        {
            Assert.Equal(Errno.None, next.FileSystem.OpenRoot(path, out DirectoryHandle? directory));
            Assert.Equal(Errno.None, next.FileSystem.SyncDirectory(directory!));
            directory!.Dispose();
        }

        await using (await StateStore.OpenAsync(s_layout, OptionsOf(next)))
        {
            Assert.Single(ParkedRepair.Examine(s_layout, OptionsOf(next)));
        }

        return next;
    }

    private static async Task<Lsn> PutAsync(StateStore store, int number)
    {
        await using SandboxLock held = await store.LockAsync("a");
        return await held.Change().PutJson(StoreRoot.Config, null, "state.json", Encoding.UTF8.GetBytes($"{number}")).CommitAsync();
    }
}
