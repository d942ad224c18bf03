using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Sandboxes;

namespace SafeStore.Benchmarks.Model;

/// <summary>Sandboxes created and loaded through SafeStore and as bare files, interleaved, in one table.</summary>
internal static class ModelComparison
{
    private const int Creations = 400;
    private const int Loaded = 10_000;
    private const string BareLoad = "bare files, ReadAllBytes";

    private static readonly SandboxModel s_model = SandboxModel.Default;

    public static async Task RunAsync(string directory, int rounds)
    {
        var creations = new Dictionary<(string Row, string Contestant), List<Measurement>>();
        (string Name, Func<string, NewSandbox> Sandbox)[] rows =
        [
            ("create 6 documents, 3 containers", Samples.Small),
            ("create 21 documents, 3 containers", Samples.Complete),
        ];
        for (int round = 0; round <= rounds; round++)
        {
            foreach ((string name, Func<string, NewSandbox> sandbox) in rows)
            {
                await CreateAsync(Path.Join(directory, $"r{round}"), name, sandbox, creations, keep: round > 0);
            }
        }

        Report.Tabulate(rows.Select(static row => row.Name), creations, "creations/s", BareCreator.Files, "of bare files");
        await LoadAsync(Path.Join(directory, "loaded"), rounds);
    }

    private static async Task CreateAsync(string place, string row, Func<string, NewSandbox> sandbox, Dictionary<(string Row, string Contestant), List<Measurement>> cells, bool keep)
    {
        ICreator[] creators = [new BareCreator(place), new StoreCreator(place), new SafeWriteCreator(place)];
        foreach (ICreator creator in creators)
        {
            await using (creator)
            {
                await creator.OpenAsync();
                int count = creator.IsSlow ? Creations / 8 : Creations;
                await Clockwork.TimeAsync(1, count / 4, (_, i) => creator.CreateAsync(sandbox($"warm-{i}")));
                Measurement measurement = await Clockwork.TimeAsync(1, count, (_, i) => creator.CreateAsync(sandbox($"sb-{i}")));
                Keep(cells, (row, creator.Name), measurement, keep);
            }

            Directory.Delete(place, recursive: true);
        }
    }

    /// <summary>Both ways read the same files, which are in the page cache.</summary>
    private static async Task LoadAsync(string place, int rounds)
    {
        await using SandboxStore store = await SandboxStore.OpenAsync(StoreLayout.At(place));
        await Clockwork.TimeAsync(8, Loaded, async (writer, i) => await store.CreateAsync(Samples.Loaded($"sb-{(writer * Loaded / 8) + i}")));
        var cells = new Dictionary<(string Row, string Contestant), List<Measurement>>();
        (string Name, int Threads)[] rows = [("load 10,000 sandboxes, 1 thread", 1), ("load 10,000 sandboxes, 2 threads", 2)];
        for (int round = 0; round <= rounds; round++)
        {
            foreach ((string name, int threads) in rows)
            {
                Measurement bare = await Clockwork.TimeAsync(threads, Loaded, (thread, i) => LoadBare(place, $"sb-{(thread * (Loaded / threads)) + i}"));
                Measurement stored = await Clockwork.TimeAsync(threads, Loaded, (thread, i) => Load(store.Store, $"sb-{(thread * (Loaded / threads)) + i}"));
                Keep(cells, (name, BareLoad), bare, round > 0);
                Keep(cells, (name, "SafeStore, StateStore.Read"), stored, round > 0);
            }
        }

        Report.Tabulate(rows.Select(static row => row.Name), cells, "sandboxes/s", BareLoad, "of bare files");
    }

    private static ValueTask Load(StateStore store, string sandbox)
    {
        Check(store.Read(sandbox, s_model.SandboxConfig)?.Id == sandbox);
        Check(store.Read(sandbox, s_model.SandboxState)?.Value.Length > 0);
        Check(store.Read(sandbox, s_model.Network)?.Endpoints?.Count > 0);
        return ValueTask.CompletedTask;
    }

    private static ValueTask LoadBare(string place, string sandbox)
    {
        Check(ReadBare(place, sandbox, s_model.SandboxConfig)?.Id == sandbox);
        Check(ReadBare(place, sandbox, s_model.SandboxState)?.Value.Length > 0);
        Check(ReadBare(place, sandbox, s_model.Network)?.Endpoints?.Count > 0);
        return ValueTask.CompletedTask;
    }

    private static T? ReadBare<T>(string place, string sandbox, DocumentKind<T> kind) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Join(place, SandboxFiles.PathOf(sandbox, kind))), kind.Json);

    private static void Check(bool isRight)
    {
        if (!isRight)
        {
            throw new InvalidDataException("A sandbox was not read as it was written");
        }
    }

    private static void Keep(Dictionary<(string Row, string Contestant), List<Measurement>> cells, (string Row, string Contestant) cell, Measurement measurement, bool keep)
    {
        if (keep)
        {
            cells.TryAdd(cell, []);
            cells[cell].Add(measurement);
        }
    }
}
