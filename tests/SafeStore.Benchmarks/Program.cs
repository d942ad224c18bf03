using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Benchmarks;
using SafeStore.Benchmarks.Model;
using Spectre.Console;

// compare [--dir DIR] [--rounds N] [--ext4-image]: all contestants on one disk, interleaved, as ratios to the raw disk loop of the same round.
// model [--dir DIR] [--rounds N] [--ext4-image]: the typed documents; their JSON, creations and loads as ratios to bare files of the same round.
string place = Option("--dir") ?? Path.Join(Path.GetTempPath(), "safestore-bench");
int rounds = int.Parse(Option("--rounds") ?? "5", CultureInfo.InvariantCulture);
string command = args.FirstOrDefault() ?? "compare";
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 160; // a file has no width of its own, and would get 80
}

Directory.CreateDirectory(place);
LoopImage? image = null;
string directory = place;
try
{
    if (args.Contains("--ext4-image"))
    {
        image = await LoopImage.MountAsync(place);
        directory = image.Directory;
    }

    switch (command)
    {
        case "compare":
            await CompareAsync();
            return 0;
        case "memory":
            await MemoryGrowth.RunAsync(directory);
            return 0;
        case "model":
            JsonSpeed.Run(rounds);
            await ModelComparison.RunAsync(directory, rounds);
            return 0;
        case "commits":
            // A plain loop for strace and perf: lock, put, commit, unlock.
            await using (var store = new SafeStoreContestant(Path.Join(directory, "commits")))
            {
                await store.OpenAsync(1);
                await store.RunAsync(writers: 1, documents: 1, commits: int.Parse(Option("--count") ?? "2000", CultureInfo.InvariantCulture));
            }

            return 0;
        default:
            await Console.Error.WriteLineAsync("Commands: compare [--dir DIR] [--rounds N] [--ext4-image], memory [--dir DIR], model [--dir DIR] [--rounds N] [--ext4-image], commits [--dir DIR] [--count N]");
            return 64;
    }
}
finally
{
    if (image is not null)
    {
        await image.DisposeAsync();
    }

    Directory.Delete(place, recursive: true);
}

async Task CompareAsync()
{
    var cells = new Dictionary<(string Row, string Contestant), List<Measurement>>();
    (string Name, int Writers, int Documents, int Commits)[] rows =
    [
        ("1 writer, 1 document", 1, 1, 2000),
        ("1 writer, 6 documents", 1, 6, 1000),
        ("16 writers, 1 document each", 16, 1, 6000),
    ];
    for (int round = 0; round <= rounds; round++)
    {
        foreach ((string name, int writers, int documents, int commits) in rows)
        {
            foreach (Func<string, IContestant> make in Contestants())
            {
                string own = Path.Join(directory, $"r{round}-{writers}-{documents}");
                await using (IContestant contestant = make(own))
                {
                    if (writers > 1 && contestant is RawDisk)
                    {
                        continue;
                    }

                    await contestant.OpenAsync(writers);
                    int scaled = contestant.IsSlow ? commits / 8 : commits;
                    await contestant.RunAsync(writers, documents, scaled / 4); // warm
                    Measurement measurement = await contestant.RunAsync(writers, documents, scaled);
                    if (round > 0)
                    {
                        cells.TryAdd((name, contestant.Name), []);
                        cells[(name, contestant.Name)].Add(measurement);
                    }
                }

                Directory.Delete(own, recursive: true);
            }
        }
    }

    Report.Print(rows.Select(static row => row.Name), cells);
}

IEnumerable<Func<string, IContestant>> Contestants() =>
[
    static place => new RawDisk(place),
    static place => new SafeStoreContestant(place),
    static place => new SafeWrite(place),
    static place => new Sqlite(place),
];

string? Option(string name)
{
    int index = Array.IndexOf(args, name);
    return index >= 0 && index + 1 < args.Length ? args[index + 1] : null;
}
