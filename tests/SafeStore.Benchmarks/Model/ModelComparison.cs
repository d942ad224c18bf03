using System;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;
using SafeStore.Sandboxes;

namespace SafeStore.Benchmarks.Model;

/// <summary>Sandboxes created and loaded through SafeStore and as bare files, interleaved, in one table.</summary>
internal static class ModelComparison
{
    private const int Creations = 400;
    private const int Loaded = 10_000;
    private const string BareLoad = "bare files, ReadAllBytes";

    private static readonly SandboxModel s_model = SandboxModel.Default;

    private static readonly Metric[] s_metrics = [new("sandboxes/s"), Metric.P50, Metric.P99];

    public static async Task RunAsync(string directory, Arguments arguments)
    {
        int rounds = arguments.Number("--rounds", 5);
        ResultTable[] tables =
        [
            JsonSpeed.Run(rounds),
            await CreateAsync(directory, rounds),
            await LoadAsync(Path.Join(directory, "loaded"), rounds),
        ];
        Array.ForEach(tables, TableText.Print);
        Suite.Write(arguments, tables);
    }

    private static async Task<ResultTable> CreateAsync(string directory, int rounds)
    {
        var table = new ResultTable("CREATE", "typed sandboxes with their containers", BareCreator.Files, s_metrics);
        for (int round = 0; round <= rounds; round++)
        {
            await CreateAsync(Path.Join(directory, $"r{round}"), "6 documents, 3 containers", Samples.Small, round > 0 ? table : null);
            await CreateAsync(Path.Join(directory, $"r{round}"), "21 documents, 3 containers", Samples.Complete, round > 0 ? table : null);
        }

        return table;
    }

    private static async Task CreateAsync(string place, string row, Func<string, NewSandbox> sandbox, ResultTable? table)
    {
        ICreator[] creators = [new BareCreator(place), new StoreCreator(place), new SafeWriteCreator(place)];
        foreach (ICreator creator in creators)
        {
            await using (creator)
            {
                await creator.OpenAsync();
                int count = creator.IsSlow ? Creations / 8 : Creations;
                await Clockwork.TimeAsync(1, count / 4, (_, i) => creator.CreateAsync(sandbox($"warm-{i}")));
                Measurement measured = await Clockwork.TimeAsync(1, count, (_, i) => creator.CreateAsync(sandbox($"sb-{i}")));
                table?.Add(row, creator.Name, creator.IsDurable, measured.PerSecond, measured.P50, measured.P99);
            }

            Session.Remove(place);
        }
    }

    /// <summary>Both ways read the same files, which are in the page cache.</summary>
    private static async Task<ResultTable> LoadAsync(string place, int rounds)
    {
        await using SandboxStore store = await SandboxStore.OpenAsync(StoreLayout.At(place));
        await Clockwork.TimeAsync(
            8, Loaded, async (writer, i) => await store.CreateAsync(Samples.Loaded($"sb-{(writer * Loaded / 8) + i}")));
        var table = new ResultTable("LOAD", "10,000 typed sandboxes with 3 documents each", BareLoad, s_metrics);
        for (int round = 0; round <= rounds; round++)
        {
            foreach (int threads in new[] { 1, 2 })
            {
                Measurement bare =
                    await Clockwork.TimeAsync(threads, Loaded, (thread, i) => LoadBare(place, $"sb-{(thread * (Loaded / threads)) + i}"));
                Measurement stored =
                    await Clockwork.TimeAsync(threads, Loaded, (thread, i) => Load(store.Store, $"sb-{(thread * (Loaded / threads)) + i}"));
                if (round > 0)
                {
                    string row = threads == 1 ? "1 thread" : $"{threads} threads";
                    table.Add(row, BareLoad, true, bare.PerSecond, bare.P50, bare.P99);
                    table.Add(row, "SafeStore, StateStore.Read", true, stored.PerSecond, stored.P50, stored.P99);
                }
            }
        }

        return table;
    }

    private static ValueTask Load(StateStore store, string sandbox)
    {
        Check(store.Read(sandbox, s_model.SandboxConfig)?.Id == sandbox);
        Check(store.Read(sandbox, s_model.SandboxState)?.Text.Length > 0);
        Check(store.Read(sandbox, s_model.Network)?.Endpoints?.Count > 0);
        return ValueTask.CompletedTask;
    }

    private static ValueTask LoadBare(string place, string sandbox)
    {
        Check(ReadBare(place, sandbox, s_model.SandboxConfig)?.Id == sandbox);
        Check(ReadBare(place, sandbox, s_model.SandboxState)?.Text.Length > 0);
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
}
