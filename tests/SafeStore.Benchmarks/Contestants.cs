using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Microsoft.Data.Sqlite;
using SafeStore.FileSystem;

namespace SafeStore.Benchmarks;

/// <summary>One way to make documents durable.</summary>
internal interface IContestant : IAsyncDisposable
{
    string Name { get; }

    /// <summary>So slow that an eighth of the commits says enough.</summary>
    bool IsSlow { get; }

    Task OpenAsync(int writers);

    /// <summary>Commits transactions of some 1 KiB documents, shared evenly between writers that each have a sandbox of their own.</summary>
    Task<Measurement> RunAsync(int writers, int documents, int commits);
}

/// <summary>What a run took.</summary>
internal sealed record Measurement(double PerSecond, double MedianMicroseconds, double P99Microseconds);

/// <summary>Runs a commit function on several tasks and takes the times.</summary>
internal static class Clockwork
{
    public static byte[] Document(int number) => Encoding.UTF8.GetBytes($"{{\"n\":\"{number:d10}\",\"text\":\"{new string('x', 1024 - 31)}\"}}");

    public static async Task<Measurement> TimeAsync(int writers, int commits, Func<int, int, ValueTask> commit)
    {
        int each = commits / writers;
        var times = new double[writers * each];
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < each; i++)
            {
                long before = Stopwatch.GetTimestamp();
                await commit(writer, i);
                times[(writer * each) + i] = Stopwatch.GetElapsedTime(before).TotalMicroseconds;
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Array.Sort(times);
        return new Measurement(times.Length / seconds, times[times.Length / 2], times[times.Length * 99 / 100]);
    }
}

/// <summary>The limit: a loop of pwrite and fdatasync over a preallocated, written file; 4 KiB per transaction, or as many as it has documents.</summary>
internal sealed class RawDisk(string place) : IContestant
{
    private const int Block = 4096;
    private const int Blocks = 1024;

    private readonly PosixFileSystem _fs = new();
    private DirectoryHandle? _directory;
    private FileHandle? _file;

    public string Name => "raw pwrite + fdatasync";

    public bool IsSlow => false;

    public Task OpenAsync(int writers)
    {
        Directory.CreateDirectory(place);
        Check(_fs.OpenRoot(place, out _directory));
        Check(_fs.CreateFile(_directory!, "raw", UnixFileMode.UserRead | UnixFileMode.UserWrite, out _file));
        byte[] zeros = new byte[Block * Blocks];
        for (int written = 0; written < zeros.Length;)
        {
            Check(_fs.Write(_file!, zeros.AsSpan(written), written, out int count));
            written += count;
        }

        Check(_fs.SyncFile(_file!));
        return Task.CompletedTask;
    }

    public Task<Measurement> RunAsync(int writers, int documents, int commits)
    {
        // Six documents of 1 KiB and their record's header take two blocks.
        byte[] bytes = new byte[documents == 1 ? Block : 2 * Block];
        return Clockwork.TimeAsync(writers, commits, (_, i) =>
        {
            bytes[0] = (byte)i;
            Check(_fs.Write(_file!, bytes, i * 2L % Blocks * Block, out _));
            Check(_fs.SyncData(_file!));
            return ValueTask.CompletedTask;
        });
    }

    public ValueTask DisposeAsync()
    {
        _file?.Dispose();
        _directory?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static void Check(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new IOException($"errno {errno}");
        }
    }
}

/// <summary>SafeStore: lock, put, commit, unlock.</summary>
internal sealed class SafeStoreContestant(string place) : IContestant
{
    private StateStore? _store;

    public string Name => "SafeStore";

    public bool IsSlow => false;

    public async Task OpenAsync(int writers)
    {
        _store = await StateStore.OpenAsync(StoreLayout.At(place));
        for (int writer = 0; writer < writers; writer++)
        {
            await using SandboxLock created = await _store.LockNewAsync($"sb-{writer}");
            await created.Change().CommitAsync();
        }
    }

    public Task<Measurement> RunAsync(int writers, int documents, int commits) => Clockwork.TimeAsync(writers, commits, async (writer, i) =>
    {
        await using SandboxLock sandbox = await _store!.LockAsync($"sb-{writer}");
        SandboxChange change = sandbox.Change();
        for (int document = 0; document < documents; document++)
        {
            change.PutJson(StoreRoot.Run, null, $"document-{document}.json", Clockwork.Document(i));
        }

        await change.CommitAsync();
    });

    public ValueTask DisposeAsync() => _store?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>The usual safe write, document by document: temp file, fsync, rename, fsync of the directory. No transaction.</summary>
internal sealed class SafeWrite(string place) : IContestant
{
    private readonly AtomicFile _atomic = new(new PosixFileSystem());

    public string Name => "temp + fsync + rename + fsync(dir)";

    public bool IsSlow => true;

    public Task OpenAsync(int writers)
    {
        for (int writer = 0; writer < writers; writer++)
        {
            Directory.CreateDirectory(Path.Join(place, $"sb-{writer}"));
        }

        return Task.CompletedTask;
    }

    public Task<Measurement> RunAsync(int writers, int documents, int commits) => Clockwork.TimeAsync(writers, commits, (writer, i) =>
    {
        for (int document = 0; document < documents; document++)
        {
            _atomic.Write(Path.Join(place, $"sb-{writer}", $"document-{document}.json"), Clockwork.Document(i));
        }

        return ValueTask.CompletedTask;
    });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>SQLite: WAL, synchronous=FULL, one row per document, one connection per writer, waiting up to a minute for its turn.</summary>
internal sealed class Sqlite(string place) : IContestant
{
    private readonly List<SqliteConnection> _connections = [];

    public string Name => "SQLite (WAL, synchronous=FULL)";

    public bool IsSlow => false;

    public async Task OpenAsync(int writers)
    {
        Directory.CreateDirectory(place);
        for (int writer = 0; writer < writers; writer++)
        {
            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Join(place, "documents.db"), Pooling = false, DefaultTimeout = 60 }.ToString());
            await connection.OpenAsync();
            await ExecuteAsync(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=60000; CREATE TABLE IF NOT EXISTS document (path TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;");
            _connections.Add(connection);
        }
    }

#pragma warning disable CA1849 // SQLite's asynchronous calls are the synchronous ones with a task around them
    public Task<Measurement> RunAsync(int writers, int documents, int commits) => Clockwork.TimeAsync(writers, commits, (writer, i) =>
    {
        SqliteConnection connection = _connections[writer];
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO document VALUES ($path, $content) ON CONFLICT (path) DO UPDATE SET content = excluded.content";
        SqliteParameter path = command.Parameters.Add("$path", SqliteType.Text);
        SqliteParameter content = command.Parameters.Add("$content", SqliteType.Blob);
        for (int document = 0; document < documents; document++)
        {
            path.Value = $"sb-{writer}/document-{document}.json";
            content.Value = Clockwork.Document(i);
            command.ExecuteNonQuery();
        }

        transaction.Commit();
        return ValueTask.CompletedTask;
    });
#pragma warning restore CA1849

    public async ValueTask DisposeAsync()
    {
        foreach (SqliteConnection connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the text is ours
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
