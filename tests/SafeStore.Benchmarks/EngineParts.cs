using System;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using BenchmarkDotNet.Attributes;
using SafeStore.Benchmarks.Contestants;
using SafeStore.Benchmarks.Running;
using SafeStore.Commit;
using SafeStore.Documents;
using SafeStore.Log;

namespace SafeStore.Benchmarks;

/// <summary>
/// What BenchmarkDotNet measures, on one document of 1 KiB. The store lies in the benchmark's directory, and a second one on tmpfs, where
/// commits need no sync.
/// </summary>
public class EngineParts
{
    private readonly SandboxPlan[] _plans =
        [new(Names.Sandbox(0), PlanKind.Update, [], [],
        [new DocumentPut(new DocumentKey(StoreRoot.Run, null, Names.Document(0)), SampleDocument.Make(0))], [])];
    private readonly byte[] _record = new byte[4096];
    private readonly byte[] _buffer = new byte[4096];
    private readonly byte[] _document = SampleDocument.Make(0);
    private SafeStoreContestant _disk = null!;
    private SafeStoreContestant _memory = null!;
    private string _diskPlace = "";
    private string _memoryPlace = "";
    private byte[] _path = [];

    internal static string Place { get; set; } = "";

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _diskPlace = Path.Join(Place, "engine");
        _disk = await OpenAsync(_diskPlace);
        _path = BareFile.NativePath(Path.Join(_diskPlace, "run", Names.Sandbox(0), Names.Document(0)));
        _memoryPlace = Path.Join("/dev/shm", $"safestore-micro-{Environment.ProcessId}");
        _memory = await OpenAsync(_memoryPlace);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _disk.DisposeAsync();
        await _memory.DisposeAsync();
        Session.Remove(_diskPlace); // the next benchmark sets up anew
        Session.Remove(_memoryPlace);
    }

    [Benchmark(Description = "encode a record with its checksum")]
    public int Encode()
    {
        int bytes = PlanCodec.SizeOf(_plans);
        Span<byte> record = _record.AsSpan(0, (int)RecordFormat.SizeOf(bytes));
        PlanCodec.Write(_plans, record.Slice(RecordFormat.HeaderBytes, bytes));
        RecordFormat.Seal(record, new RecordHeader(1, new Lsn(2), new Lsn(1), 3, bytes));
        return bytes;
    }

    [Benchmark(Description = "check a document that is put")]
    public bool Check() => JsonRules.FindFaultStrictly(_document) is null;

    [Benchmark(Description = "lock and unlock, uncontended")]
    public async Task LockAsync()
    {
        await using SandboxLock held = await _disk.Store.LockAsync(Names.Sandbox(0));
    }

    [Benchmark(Description = "bare open+read+close")]
    public int ReadBare() => BareFile.Read(_path, _buffer);

    [Benchmark(Description = "read raw")]
    public int ReadRaw() => _disk.Read(0, Names.Sandbox(0), 0)!.Length;

    [Benchmark(Description = "read parsed")]
    public int ReadParsed() => _disk.ReadParsed(Names.Sandbox(0))!.Pid;

    [Benchmark(Description = "parse alone")]
    public int Parse() => JsonSerializer.Deserialize(_document, SampleJson.Default.Sample)!.Pid;

    [Benchmark(Description = "lock, put, commit, unlock on tmpfs")]
    public ValueTask CommitAsync() => _memory.CommitAsync(0, Names.Sandbox(0), isNew: false, documents: 1, 0);

    private static async Task<SafeStoreContestant> OpenAsync(string place)
    {
        var contestant = new SafeStoreContestant(place);
        await contestant.OpenAsync(1);
        await contestant.CommitAsync(0, Names.Sandbox(0), isNew: true, documents: 1, 0);
        return contestant;
    }
}
