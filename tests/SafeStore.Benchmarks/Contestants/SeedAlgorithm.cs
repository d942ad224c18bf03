using System.IO;
using System.Threading.Tasks;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>What the seed does: truncate the file, write it again, no sync. A crash leaves empty files.</summary>
internal sealed class SeedAlgorithm(string place) : Contestant(place)
{
    public override Task OpenAsync(int writers, bool shared = false)
    {
        Directory.CreateDirectory(Place);
        return Task.CompletedTask;
    }

    public override ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        string directory = PathOf(sandbox);
        if (isNew)
        {
            Directory.CreateDirectory(directory);
        }

        for (int document = 0; document < documents; document++)
        {
#pragma warning disable CA1849 // the synchronous call is the faster one
            File.WriteAllBytes(Path.Join(directory, Names.Document(document)), SampleDocument.Make(number));
#pragma warning restore CA1849
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
