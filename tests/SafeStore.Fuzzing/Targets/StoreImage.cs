using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using SafeStore.Testing;
using SafeStore.Testing.Disks;

namespace SafeStore.Fuzzing.Targets;

/// <summary>
/// A store on a simulated machine whose process was killed: two sandboxes, transactions in the log that are not published, one of them
/// parked. The same at each start.
/// </summary>
internal sealed class StoreImage
{
    public const string Bystander = "by";

    private static readonly SimulatedMachineOptions s_machine = new() { Seed = 20261130 };

    private readonly MachineImage _image = Make();

    public static StoreLayout Layout { get; } = StoreLayout.At("/store");

    /// <summary>A machine with the store, for one run.</summary>
    public SimulatedProcess Start() => new SimulatedMachine(s_machine, _image.Copy()).Start();

    public static StoreOptions OptionsOf(SimulatedProcess process) => new()
    {
        FileSystem = process.FileSystem,
        TimeProvider = process.Clock,
        SegmentBytes = 16 * 1024,
        LogBytesMax = 64 * 1024,
        DocumentBytesMax = 64 * 1024,
        CheckpointInterval = Timeout.InfiniteTimeSpan,
        LockTimeout = TimeSpan.FromSeconds(1),
    };

    public static StateStore Open(SimulatedProcess process, StoreOpening opening = StoreOpening.MustExist) =>
        StateStore.OpenAsync(Layout, OptionsOf(process) with { Opening = opening }).AsTask().GetAwaiter().GetResult();

    /// <summary>The bytes of all documents by their paths.</summary>
    public static SortedDictionary<string, string> Documents(SimulatedProcess process, string sandbox)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        System.IO.Abstractions.IFileSystem files = process.FileSystem.Files;
        foreach (string root in new[] { $"{Layout.Config}/{sandbox}", $"{Layout.Run}/{sandbox}" }.Where(files.Directory.Exists))
        {
            foreach (string path in files.Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Where(static path => path.EndsWith(".json", StringComparison.Ordinal)))
            {
                found[path] = Convert.ToHexString(files.File.ReadAllBytes(path));
            }
        }

        return found;
    }

    private static MachineImage Make()
    {
        var machine = new SimulatedMachine(s_machine);
        SimulatedProcess process = machine.Start();
        StateStore store = Open(process, StoreOpening.OpenOrCreate);
        foreach (string sandbox in new[] { "sb", "odd", Bystander })
        {
            Commit(store.LockNewAsync(sandbox), static change => change.CreateContainer("web"), 1);
        }

        store.CheckpointAsync().AsTask().GetAwaiter().GetResult();
        Commit(store.LockAsync("odd"), null, 2);
        machine.KillAll();
        process = machine.Start();
        // What is in the way of a document parks its transaction.
        process.FileSystem.Files.File.Delete($"{Layout.Run}/odd/state.json");
        process.FileSystem.Files.Directory.CreateDirectory($"{Layout.Run}/odd/state.json/below");
        StateStore parking = Open(process);
        Commit(parking.LockAsync("sb"), null, 3);
        Commit(parking.LockAsync("sb"), null, 4);
        machine.KillAll();
        process = machine.Start();
        process.FileSystem.Files.Directory.Delete($"{Layout.Run}/odd/state.json", recursive: true);
        machine.KillAll();
        return machine.Capture();
    }

    private static void Commit(System.Threading.Tasks.ValueTask<SandboxLock> taken, Action<SandboxChange>? prepare, int value)
    {
        using SandboxLock held = taken.AsTask().GetAwaiter().GetResult();
        SandboxChange change = held.Change();
        prepare?.Invoke(change);
        change.PutJson(StoreRoot.Run, null, "state.json", Encoding.UTF8.GetBytes($"{{\"n\":{value}}}"));
        change.PutJson(StoreRoot.Config, "web", "config.json", Encoding.UTF8.GetBytes($"[{value},\"x\"]"));
        change.CommitAsync().AsTask().GetAwaiter().GetResult();
    }
}
