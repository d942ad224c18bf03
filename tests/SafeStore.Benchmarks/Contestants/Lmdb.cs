using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Tasks;
using LightningDB;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>LMDB: one key per document, synced at each commit, one writer at a time.</summary>
internal sealed class Lmdb(string place) : Contestant(place)
{
    private const string SystemLibrary = "liblmdb.so.0";
    private const long MapBytes = 2L * 1024 * 1024 * 1024;

    private LightningEnvironment? _environment;
    private LightningDatabase? _database;

#pragma warning disable CA2255 // must be set before the first call into the library, once per process
    /// <summary>The bundled liblmdb needs a newer glibc than Debian 12 has; the system's own (package liblmdb0) does not.</summary>
    [ModuleInitializer]
    internal static void UseSystemLibrary() => NativeLibrary.SetDllImportResolver(
        typeof(LightningEnvironment).Assembly,
        static (name, assembly, path) => name == "lmdb" && NativeLibrary.TryLoad(SystemLibrary, out IntPtr system) ? system : IntPtr.Zero);
#pragma warning restore CA2255

    /// <summary>
    /// Why it cannot run here; null if it can. To be asked first: an environment that could not be opened ends the process when it is
    /// collected.
    /// </summary>
    public static string? WhyMissing() =>
        NativeLibrary.TryLoad(SystemLibrary, out _) || NativeLibrary.TryLoad("lmdb", typeof(LightningEnvironment).Assembly, null, out _)
            ? null : "its library cannot be loaded: apt-get install liblmdb0";

    public override Task OpenAsync(int writers, bool shared = false)
    {
        Directory.CreateDirectory(Place);
        _environment = new LightningEnvironment(Place, new EnvironmentConfiguration { MapSize = MapBytes, MaxReaders = 256 });
        _environment.Open();
        using LightningTransaction transaction = _environment.BeginTransaction(TransactionBeginFlags.None);
        _database = transaction.OpenDatabase(null!, new DatabaseConfiguration { Flags = DatabaseOpenFlags.Create }, closeOnDispose: false);
        Check(transaction.Commit());
        return Task.CompletedTask;
    }

    public override ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        using LightningTransaction transaction = _environment!.BeginTransaction(TransactionBeginFlags.None);
        foreach ((string key, byte[] content) in Rows(sandbox, documents, number))
        {
            Check(transaction.Put(_database!, Encoding.UTF8.GetBytes(key), content, PutOptions.None));
        }

        Check(transaction.Commit());
        return ValueTask.CompletedTask;
    }

    public override byte[]? Read(int reader, string sandbox, int document)
    {
        using LightningTransaction transaction = _environment!.BeginTransaction(TransactionBeginFlags.ReadOnly);
        (MDBResultCode result, _, MDBValue value) = transaction.Get(_database!, Encoding.UTF8.GetBytes(Names.Key(sandbox, document)));
        return result == MDBResultCode.Success ? value.CopyToNewArray() : null;
    }

    public override int LoadAll()
    {
        using LightningTransaction transaction = _environment!.BeginTransaction(TransactionBeginFlags.ReadOnly);
        using LightningCursor cursor = transaction.CreateCursor(_database!);
        int count = 0;
        for ((MDBResultCode result, _, MDBValue value) = cursor.First(); result == MDBResultCode.Success; (
            result, _, value) = cursor.Next())
        {
            count += value.CopyToNewArray().Length == SampleDocument.Bytes ? 1 : 0;
        }

        return count;
    }

    public override ValueTask DisposeAsync()
    {
        _database?.Dispose();
        _environment?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static void Check(MDBResultCode result)
    {
        if (result != MDBResultCode.Success)
        {
            throw new IOException($"LMDB: {result}");
        }
    }
}
