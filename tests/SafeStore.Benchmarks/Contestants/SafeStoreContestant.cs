using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>SafeStore: lock, put, commit, unlock.</summary>
internal sealed class SafeStoreContestant(string place) : Contestant(place)
{
    private static readonly DocumentKind<Sample> s_kind =
        DocumentKind.OfSandbox(Names.Document(0), StoreRoot.Run, SampleJson.Default.Sample);

    private StateStore? _store;

    public StateStore Store => _store!;

    /// <summary>How the store works.</summary>
    public StoreOptions Options { get; init; } = new();

    public override async Task OpenAsync(int writers, bool shared = false) =>
        _store = await StateStore.OpenAsync(StoreLayout.At(Place), Options);

    public override async ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        await using SandboxLock held = isNew ? await Store.LockNewAsync(sandbox) : await Store.LockAsync(sandbox);
        SandboxChange change = held.Change();
        for (int document = 0; document < documents; document++)
        {
            change.PutJson(RootOf(document), null, Names.Document(document), SampleDocument.Make(number));
        }

        await change.CommitAsync();
    }

    public override byte[]? Read(int reader, string sandbox, int document) =>
        Store.ReadJson(new DocumentId(sandbox, null, RootOf(document), Names.Document(document)));

    /// <summary>Every third document is configuration.</summary>
    private static StoreRoot RootOf(int document) => document % 3 == 2 ? StoreRoot.Config : StoreRoot.Run;

    /// <summary>Document 0, parsed.</summary>
    public Sample? ReadParsed(string sandbox) => Store.Read(sandbox, s_kind);

    public override int LoadAll()
    {
        int count = 0;
        Parallel.ForEach(Store.ListSandboxes(), sandbox =>
        {
            foreach (DocumentResult<byte[]> result in Store.ReadAllJson(sandbox))
            {
                if (result.Value is { Length: SampleDocument.Bytes })
                {
                    Interlocked.Increment(ref count);
                }
            }
        });
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }
}
