using System;
using System.Collections.Generic;
using System.IO.Abstractions;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Operations.Repair;
using SafeStore.Testing;
using Xunit;
using static SafeStore.Cli.Tests.SimulatedOptions;

namespace SafeStore.Cli.Tests.Repair;

/// <summary>
/// A document is mended on a machine in memory, at each of whose calls something goes wrong: what was there is in its place or in the
/// quarantine, and the next repair leads to a good document.
/// </summary>
public sealed class DocumentRepairFaultTests
{
    private const string Rotten = """{"n":""";
    private const string Place = "/s/run/a/state.json";

    private static readonly StoreLayout s_layout = StoreLayout.At("/s");
    private static readonly DocumentId s_document = new("a", null, StoreRoot.Run, "state.json");

    [Theory]
    [InlineData("rotten", "killed")]
    [InlineData("directory", "power")]
    public async Task Whatever_goes_wrong_at_any_call_nothing_is_lost_and_the_next_repair_mends_the_document(string damage, string fault)
    {
        long call = 1;
        while (await MendWithFaultAsync(damage, call, fault))
        {
            call++;
        }

        Assert.True(call > 100, $"only {call} calls were seen");
    }

    /// <returns>False if the repair had fewer calls.</returns>
    private static async Task<bool> MendWithFaultAsync(string damage, long call, string fault)
    {
        var machine = new SimulatedMachine();
        SimulatedProcess first = await SeedAsync(machine, damage);
        machine.Faults = FaultPlan.At(machine.Calls + call, FaultOf(fault, (ulong)call));
        Exception? failure = await Record.ExceptionAsync(() => MendAsync(first));
        bool isMet = machine.Faults.Count > 0;
        machine.Faults = new FaultPlan();
        Assert.True(failure is null or SafeStoreException || !first.IsAlive, failure?.ToString());
        SimulatedProcess second = machine.Start(); // the first may be alive, and have the store open no more
        Assert.True(IsKept(second.FileSystem.Files, damage), $"what was there is gone, call {call}");

        List<MendedDocument> mended = await MendAsync(second);
        Assert.True(Assert.Single(mended).Kind is MendedKind.Replaced or MendedKind.Good, mended[0].Message);
        Assert.Equal("7", await second.FileSystem.Files.File.ReadAllTextAsync(Place));
        Assert.True(IsKept(second.FileSystem.Files, damage));
        Assert.Empty(DocumentRepair.Examine(s_layout, OptionsOf(second)));
        return isMet;
    }

    private static async Task<SimulatedProcess> SeedAsync(SimulatedMachine machine, string damage)
    {
        SimulatedProcess process = machine.Start();
        await using (StateStore store = await StateStore.OpenAsync(s_layout, OptionsOf(process)))
        {
            await using SandboxLock made = await store.LockNewAsync("a");
            await made.Change().PutJson(StoreRoot.Config, null, "state.json", "7"u8.ToArray())
                .PutJson(StoreRoot.Run, null, "state.json", "7"u8.ToArray()).CommitAsync();
        }

        IFileSystem files = process.FileSystem.Files;
        files.File.Delete(Place);
        if (damage == "rotten")
        {
            await files.File.WriteAllTextAsync(Place, Rotten);
        }
        else
        {
            files.Directory.CreateDirectory($"{Place}/inner");
        }

        Sync(process.FileSystem, damage);
        return process;
    }

    /// <summary>The damage is older than the repair.</summary>
    private static void Sync(SimulatedFileSystem fs, string damage)
    {
        foreach (string path in damage == "rotten" ? ["/s/run/a"] : new[] { $"{Place}/inner", Place, "/s/run/a" })
        {
            Assert.Equal(Errno.None, fs.OpenRoot(path, out DirectoryHandle? directory));
            using (directory)
            {
                if (damage == "rotten")
                {
                    Assert.Equal(Errno.None, fs.OpenFile(directory!, "state.json", FileUse.Read, out FileHandle? file));
                    Assert.Equal(Errno.None, fs.SyncFile(file!));
                    file!.Dispose();
                }

                Assert.Equal(Errno.None, fs.SyncDirectory(directory!));
            }
        }
    }

    private static bool IsKept(IFileSystem files, string damage)
    {
        string quarantine = "/s/run/.safestore/quarantine";
        string[] times = files.Directory.Exists(quarantine) ? files.Directory.GetDirectories(quarantine) : [];
        IEnumerable<string> places = times.Select(static time => $"{time}/documents/a/state.json").Prepend(Place);
        return places.Any(place => damage == "rotten"
            ? files.File.Exists(place) && files.File.ReadAllText(place) == Rotten : files.Directory.Exists($"{place}/inner"));
    }

    private static async Task<List<MendedDocument>> MendAsync(SimulatedProcess process)
    {
        var all = new List<MendedDocument>();
        await foreach (MendedDocument each in DocumentRepair.RunAsync(
            s_layout, DocumentRemedy.FromOtherRoot, new DocumentRepairOptions { Documents = [s_document] }, OptionsOf(process)))
        {
            all.Add(each);
        }

        return all;
    }

    private static SimulatedFault FaultOf(string fault, ulong seed) => fault switch
    {
        "killed" => new ProcessKilled(),
        "power" => new PowerLost(seed),
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };
}
