using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Microsoft.Data.Sqlite;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>SQLite: WAL, synchronous=FULL, one row per document, one connection per writer, waiting up to a minute for its turn.</summary>
#pragma warning disable CA1849 // SQLite's asynchronous calls are the synchronous ones with a task around them
internal sealed class Sqlite(string place) : Contestant(place)
{
    private readonly List<Writer> _writers = [];

    public override async Task OpenAsync(int writers, bool shared = false)
    {
        Directory.CreateDirectory(Place);
        for (int writer = 0; writer < writers; writer++)
        {
            var connection =
                new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = PathOf("documents.db"), Pooling = false, DefaultTimeout = 60 }.ToString());
            await connection.OpenAsync();
            await using SqliteCommand command = connection.CreateCommand();
            command.CommandText =
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=60000; CREATE TABLE IF NOT EXISTS document (path "
                + "TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;";
            await command.ExecuteNonQueryAsync();
            _writers.Add(new Writer(connection));
        }
    }

    public override ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        _writers[writer].Commit(Rows(sandbox, documents, number));
        return ValueTask.CompletedTask;
    }

    public override byte[]? Read(int reader, string sandbox, int document) => _writers[reader].Read(Names.Key(sandbox, document));

    public override int LoadAll() => _writers[0].LoadAll();

    public override async Task FillAsync(int from, int to, int documents)
    {
        for (int number = from; number < to; number++)
        {
            await CommitAsync(0, Names.Sandbox(number), isNew: true, documents, number);
        }
    }

    public override ValueTask DisposeAsync()
    {
        _writers.ForEach(static writer => writer.Dispose());
        return ValueTask.CompletedTask;
    }

    /// <summary>A connection with its prepared statements.</summary>
    private sealed class Writer : System.IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _put;
        private readonly SqliteCommand _get;

        public Writer(SqliteConnection connection)
        {
            _connection = connection;
            _put = connection.CreateCommand();
            _put.CommandText = "INSERT INTO document VALUES ($path, $content) ON CONFLICT (path) DO UPDATE SET content = excluded.content";
            _put.Parameters.Add("$path", SqliteType.Text);
            _put.Parameters.Add("$content", SqliteType.Blob);
            _put.Prepare();
            _get = connection.CreateCommand();
            _get.CommandText = "SELECT content FROM document WHERE path = $path";
            _get.Parameters.Add("$path", SqliteType.Text);
            _get.Prepare();
        }

        public void Commit(IEnumerable<(string Key, byte[] Content)> rows)
        {
            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            _put.Transaction = transaction;
            foreach ((string key, byte[] content) in rows)
            {
                _put.Parameters[0].Value = key;
                _put.Parameters[1].Value = content;
                _put.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        public byte[]? Read(string key)
        {
            _get.Parameters[0].Value = key;
            return (byte[]?)_get.ExecuteScalar();
        }

        public int LoadAll()
        {
            using SqliteCommand all = _connection.CreateCommand();
            all.CommandText = "SELECT path, content FROM document";
            using SqliteDataReader reader = all.ExecuteReader();
            int count = 0;
            while (reader.Read())
            {
                count += ((byte[])reader[1]).Length == SampleDocument.Bytes ? 1 : 0;
            }

            return count;
        }

        public void Dispose()
        {
            _put.Dispose();
            _get.Dispose();
            _connection.Dispose();
        }
    }
}
