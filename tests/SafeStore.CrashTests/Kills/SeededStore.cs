using System;
using System.Globalization;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;

namespace SafeStore.CrashTests.Kills;

/// <summary>A closed store with the workloads' documents, to be copied for every kill.</summary>
internal sealed class SeededStore : IDisposable
{
    private readonly TempDirectory _directory = new();
    private int _copies;

    private SeededStore()
    {
    }

    public static async Task<SeededStore> MakeAsync()
    {
        var seeded = new SeededStore();
        await using StateStore store = await StateStore.OpenAsync(seeded.Layout, Workloads.Options);
        await Workloads.SeedAsync(store);
        return seeded;
    }

    public StoreLayout Layout => StoreLayout.At(Path.Combine(_directory.Path, "seed"));

    public StoreLayout Copy() => Copy(Layout);

    public StoreLayout Copy(StoreLayout from)
    {
        string to = Path.Combine(_directory.Path, (++_copies).ToString(CultureInfo.InvariantCulture));
        Trees.Copy(Path.GetDirectoryName(from.Config)!, to);
        foreach (string word in Directory.GetFiles(to, "lock", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(word, DateTime.UtcNow); // in a store that was not copied, no document is younger than the last mark
        }

        return StoreLayout.At(to);
    }

    public static void Delete(StoreLayout copy) => Directory.Delete(Path.GetDirectoryName(copy.Config)!, recursive: true);

    /// <summary>The tree that a workload leaves when nothing goes wrong.</summary>
    public async Task<string> AfterAsync(string workload)
    {
        StoreLayout layout = Copy();
        await using (StateStore store = await StateStore.OpenAsync(layout, Workloads.Options))
        {
            _ = await Workloads.RunAsync(store, workload);
        }

        string tree = Trees.Of(layout);
        Delete(layout);
        return tree;
    }

    public void Dispose() => _directory.Dispose();
}
