using System.IO;
using System.Text;
using System.Threading.Tasks;
using RocksDbSharp;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>RocksDB: one key per document, each batch written with a synced WAL. Its writers share syncs.</summary>
internal sealed class RocksDbContestant(string place) : Contestant(place)
{
    private readonly WriteOptions _synced = new WriteOptions().SetSync(true);
    private RocksDb? _db;

    public override Task OpenAsync(int writers, bool shared = false)
    {
        Directory.CreateDirectory(Place);
        _db = RocksDb.Open(new DbOptions().SetCreateIfMissing(true), Place);
        return Task.CompletedTask;
    }

    public override ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        using var batch = new WriteBatch();
        foreach ((string key, byte[] content) in Rows(sandbox, documents, number))
        {
            batch.Put(Encoding.UTF8.GetBytes(key), content);
        }

        _db!.Write(batch, _synced);
        return ValueTask.CompletedTask;
    }

    public override byte[]? Read(int reader, string sandbox, int document) =>
        _db!.Get(Encoding.UTF8.GetBytes(Names.Key(sandbox, document)));

    public override int LoadAll()
    {
        using Iterator iterator = _db!.NewIterator();
        int count = 0;
        for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next())
        {
            count += iterator.Value().Length == SampleDocument.Bytes ? 1 : 0;
        }

        return count;
    }

    public override ValueTask DisposeAsync()
    {
        _db?.Dispose();
        return ValueTask.CompletedTask;
    }
}
