using System.IO;
using System.Threading.Tasks;
using LiteDB;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>LiteDB 5: one document per document; direct, or shared where several processes write.</summary>
internal sealed class LiteDbContestant(string place) : Contestant(place)
{
    private LiteDatabase? _database;

    public override Task OpenAsync(int writers, bool shared = false)
    {
        Directory.CreateDirectory(Place);
        _database = new LiteDatabase(
            new ConnectionString
            {
                Filename = PathOf("documents.db"),
                Connection = shared ? ConnectionType.Shared
            : ConnectionType.Direct
            });
        return Task.CompletedTask;
    }

    public override ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        bool isMany = documents > 1;
        ILiteCollection<BsonDocument> collection = _database!.GetCollection("documents");
        if (isMany)
        {
            _database.BeginTrans();
        }

        foreach ((string key, byte[] content) in Rows(sandbox, documents, number))
        {
            collection.Upsert(new BsonDocument { ["_id"] = key, ["content"] = content });
        }

        if (isMany)
        {
            _database.Commit();
        }

        return ValueTask.CompletedTask;
    }

    public override byte[]? Read(int reader, string sandbox, int document) =>
        _database!.GetCollection("documents").FindById(Names.Key(sandbox, document))?["content"].AsBinary;

    public override int LoadAll()
    {
        int count = 0;
        foreach (BsonDocument document in _database!.GetCollection("documents").FindAll())
        {
            count += document["content"].AsBinary.Length == SampleDocument.Bytes ? 1 : 0;
        }

        return count;
    }

    public override Task FillAsync(int from, int to, int documents)
    {
        ILiteCollection<BsonDocument> collection = _database!.GetCollection("documents");
        _database.BeginTrans();
        for (int number = from; number < to; number++)
        {
            foreach ((string key, byte[] content) in Rows(Names.Sandbox(number), documents, number))
            {
                collection.Insert(new BsonDocument { ["_id"] = key, ["content"] = content });
            }
        }

        _database.Commit();
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _database?.Dispose();
        return ValueTask.CompletedTask;
    }
}
