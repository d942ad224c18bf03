using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>One way to keep the documents of sandboxes, in a directory of its own.</summary>
internal abstract class Contestant(string place) : IAsyncDisposable
{
    private const int FillWriters = 16;

    protected string Place => place;

    /// <summary>Opens what is at the place, or makes it anew. Shared: other processes have it open too.</summary>
    public abstract Task OpenAsync(int writers, bool shared = false);

    /// <summary>Commits one transaction of one writer: documents of 1 KiB into one sandbox, which it creates if it is new.</summary>
    public abstract ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number);

    /// <summary>The bytes of one document.</summary>
    public virtual byte[]? Read(int reader, string sandbox, int document) => throw new NotSupportedException("It is only written here.");

    /// <summary>Reads every document there is, in the fastest way that it offers; how many there were.</summary>
    public virtual int LoadAll() => throw new NotSupportedException("It is only written here.");

    /// <summary>Makes many new sandboxes, as fast as it goes.</summary>
    public virtual async Task FillAsync(int from, int to, int documents)
    {
        int next = from - 1;
        await Task.WhenAll(Enumerable.Range(0, FillWriters).Select(writer => Clockwork.StartAsync(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number < to)
            {
                await CommitAsync(writer, Names.Sandbox(number), isNew: true, documents, number);
            }
        })));
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>The rows of one transaction, for those who keep all documents in one place.</summary>
    protected static IEnumerable<(string Key, byte[] Content)> Rows(string sandbox, int documents, int number)
    {
        for (int document = 0; document < documents; document++)
        {
            yield return (Names.Key(sandbox, document), SampleDocument.Make(number));
        }
    }

    protected string PathOf(string name) => Path.Join(place, name);
}
