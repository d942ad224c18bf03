using System.IO;
using System.Text;
using System.Threading.Tasks;
using DBreeze;
using DBreeze.DataTypes;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>DBreeze: one key per document in one table.</summary>
internal sealed class DBreezeContestant(string place) : Contestant(place)
{
    private const string Table = "documents";

    private DBreezeEngine? _engine;

    public override Task OpenAsync(int writers, bool shared = false)
    {
        Directory.CreateDirectory(Place);
        _engine = new DBreezeEngine(Place);
        return Task.CompletedTask;
    }

    public override ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        Write(sandbox, documents, number, number + 1);
        return ValueTask.CompletedTask;
    }

    public override byte[]? Read(int reader, string sandbox, int document)
    {
        using DBreeze.Transactions.Transaction transaction = _engine!.GetTransaction();
        Row<byte[], byte[]> row = transaction.Select<byte[], byte[]>(Table, Encoding.UTF8.GetBytes(Names.Key(sandbox, document)));
        return row.Exists ? row.Value : null;
    }

    public override int LoadAll()
    {
        using DBreeze.Transactions.Transaction transaction = _engine!.GetTransaction();
        int count = 0;
        foreach (Row<byte[], byte[]> row in transaction.SelectForward<byte[], byte[]>(Table))
        {
            count += row.Value.Length == SampleDocument.Bytes ? 1 : 0;
        }

        return count;
    }

    public override Task FillAsync(int from, int to, int documents)
    {
        Write(null, documents, from, to);
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _engine?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Write(string? sandbox, int documents, int from, int to)
    {
        using DBreeze.Transactions.Transaction transaction = _engine!.GetTransaction();
        transaction.SynchronizeTables(Table);
        for (int number = from; number < to; number++)
        {
            foreach ((string key, byte[] content) in Rows(sandbox ?? Names.Sandbox(number), documents, number))
            {
                transaction.Insert(Table, Encoding.UTF8.GetBytes(key), content);
            }
        }

        transaction.Commit();
    }
}
