using System;
using System.Threading;
using System.Threading.Tasks;
using ZoneTree;
using ZoneTree.Comparers;
using ZoneTree.Logger;
using ZoneTree.Options;
using ZoneTree.Serializers;
using ZoneTree.Transactional;
using ZoneTree.Transactional.Versioning;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>
/// ZoneTree: one key per document in a transactional tree; with the WAL mode and the commit that it has by default, or with its shared WAL
/// and durable commits.
/// </summary>
internal sealed class ZoneTreeContestant(string place, bool isDurable) : Contestant(place)
{
    private ITransactionalZoneTree<string, Memory<byte>>? _tree;

    public override Task OpenAsync(int writers, bool shared = false)
    {
        _tree = new ZoneTreeFactory<string, Memory<byte>>()
            .SetDataDirectory(PathOf("data"))
            .SetWriteAheadLogDirectory(PathOf("wal"))
            .SetLogLevel(LogLevel.Error)
            .SetComparer(new StringOrdinalComparerAscending())
            .SetKeySerializer(new Utf8StringSerializer())
            .SetValueSerializer(new ByteArraySerializer())
            .ConfigureWriteAheadLogOptions(
                options => options.WriteAheadLogMode = isDurable ? WriteAheadLogMode.Shared : options.WriteAheadLogMode)
            .OpenOrCreateTransactional();
        return Task.CompletedTask;
    }

    public override async ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        using ITransaction<string, Memory<byte>> transaction = _tree!.BeginTransaction();
        foreach ((string key, byte[] content) in Rows(sandbox, documents, number))
        {
            transaction.Upsert(key, content);
        }

        if (isDurable)
        {
            await transaction.CommitDurableAsync(CancellationToken.None);
        }
        else
        {
            transaction.Commit();
        }
    }

    public override byte[]? Read(int reader, string sandbox, int document)
    {
        using IReadTransaction<string, Memory<byte>> transaction = _tree!.BeginReadOnlyTransaction();
        return transaction.TryGet(Names.Key(sandbox, document), out Memory<byte> value) ? value.ToArray() : null;
    }

    public override int LoadAll()
    {
        using IZoneTreeIterator<VersionedKey<string>, VersionedValue<Memory<byte>>> iterator = _tree!.Maintenance.ZoneTree.CreateIterator();
        int count = 0;
        while (iterator.Next())
        {
            count += iterator.CurrentValue.Value.ToArray().Length == SampleDocument.Bytes ? 1 : 0;
        }

        return count;
    }

    public override ValueTask DisposeAsync()
    {
        _tree?.Dispose();
        return ValueTask.CompletedTask;
    }
}
