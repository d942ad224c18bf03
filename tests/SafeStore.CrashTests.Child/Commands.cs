using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.CrashTests.Child;

/// <summary>Obeys the test: one command per line, one line in answer, <c>ok ...</c> or <c>error (type) (code) (message)</c>.</summary>
internal sealed class Commands(StoreLayout layout, Action<string> say) : IAsyncDisposable
{
    private readonly SteppingFileSystem _stepping = new(new PosixFileSystem(), say);
    private readonly List<SandboxLock> _locks = [];
    private readonly List<Task<string>> _waiters = [];
    private StateStore? _store;
    private FaultCommands? _faults;

    private StateStore Store => _store ?? throw new InvalidOperationException("open it first");

    public async Task<string> ObeyAsync(string line)
    {
        string[] words = line.Split(' ');
        try
        {
            return "ok " + await ObeyAsync(words[0], words[1..]);
        }
        catch (Exception failure) when (failure is SafeStoreException or InvalidOperationException)
        {
            string code = (failure as SafeStoreException)?.Code ?? "-";
            return $"error {failure.GetType().Name} {code} {failure.Message.ReplaceLineEndings(" ")}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
            _store = null;
        }
    }

    private async Task<string> ObeyAsync(string verb, string[] words)
    {
        switch (verb)
        {
            case "arm":
                _stepping.Arm(Number(words[0]), words[1] == "half");
                return "";
            case "disarm":
                return string.Join(',', _stepping.Disarm());
            case "open":
                StoreOptions options = words is ["default"] ? new StoreOptions() : Workloads.Options with { FileSystem = _stepping };
                _store = await StateStore.OpenAsync(layout, FaultCommands.Describe(words, options));
                return "";
            case "close":
                await DisposeAsync();
                return "";
            case "workload":
                Lsn lsn = await Workloads.RunAsync(Store, words[0]);
                return Text(lsn);
            case "checkpoint":
                return Text(await Store.CheckpointAsync());
            case "put":
                return await PutAsync(words[0], Number(words[1]), words[2], Number(words[3]));
            case "read":
                return Encoding.UTF8.GetString(Store.ReadJson(new DocumentId(words[0], null, StoreRoot.Run, words[1])) ?? []);
            case "reads":
                return Read(words[0], Number(words[1]));
            case "increment":
                return await IncrementAsync(words[0], Number(words[1]), words[2] == "optimistic");
            case "limit-threads":
                // No fewer than processors are allowed: the test tells the runtime how many it has.
                return ThreadPool.SetMinThreads(1, 1) && ThreadPool.SetMaxThreads(Number(words[0]), Number(words[0])) ? ""
                    : throw new InvalidOperationException("refused");
            case "start-waiters":
                // Here, and not by the pool: each has begun to wait when its call returns.
                _waiters.AddRange(Enumerable.Range(0, Number(words[1])).Select(_ => IncrementAsync(words[0], 1, optimistic: false)));
                return _waiters.Count(static waiter => !waiter.IsCompleted).ToString(CultureInfo.InvariantCulture);
            case "await-waiters":
                return (await Task.WhenAll(_waiters)).Length.ToString(CultureInfo.InvariantCulture);
            case "lock":
                _locks.Add(await Store.LockAsync(
                    words[0], words[1] == "shared" ? LockMode.Shared : LockMode.Exclusive, words.Length > 2 ? TimeSpan.Zero : null));
                return "";
            case "unlock":
                await _locks[^1].DisposeAsync();
                _locks.RemoveAt(_locks.Count - 1);
                return "";
            case "write-for-ever":
                await new WriterLoop(Store, say).RunAsync(words[0], Number(words[1]));
                return "";
            default:
                _faults ??= new FaultCommands(() => Store, _locks, say);
                return await _faults.ObeyAsync(verb, words);
        }
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private static string Text(Lsn lsn) => lsn.Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// So many transactions of so many documents each, every one with its own lock; between two marks that a trace shows.
    /// </summary>
    private async Task<string> PutAsync(string sandbox, int documents, string value, int times)
    {
        byte[] json = Workloads.Json(value);
        string[] files =
            [.. Enumerable.Range(0, documents).Select(static number => string.Create(CultureInfo.InvariantCulture, $"doc-{number}.json"))];
        Lsn lsn = default;
        Mark("begin");
        for (int i = 0; i < times; i++)
        {
            await using SandboxLock held = await Store.LockAsync(sandbox);
            SandboxChange change = held.Change();
            foreach (string file in files)
            {
                _ = change.PutJson(StoreRoot.Config, null, file, json);
            }

            lsn = await change.CommitAsync();
        }

        Mark("end");
        return Text(lsn);
    }

    private string Read(string sandbox, int times)
    {
        var document = new DocumentId(sandbox, null, StoreRoot.Run, "state.json");
        int bytes = 0;
        Mark("begin");
        for (int i = 0; i < times; i++)
        {
            bytes += Store.ReadJson(document)!.Length;
        }

        Mark("end");
        return bytes.ToString(CultureInfo.InvariantCulture);
    }

    private async Task<string> IncrementAsync(string sandbox, int times, bool optimistic)
    {
        int conflicts = 0;
        for (int done = 0; done < times;)
        {
            Lsn version = default;
            int value = 0;
            if (optimistic)
            {
                // Two locks: in between, others may change it.
                await using SandboxLock reading = await Store.LockAsync(sandbox, LockMode.Shared);
                (version, value) = (reading.Version, Counter(sandbox));
            }

            await using SandboxLock held = await Store.LockAsync(sandbox);
            SandboxChange change = held.Change();
            if (optimistic)
            {
                _ = change.RequireVersion(version);
            }
            else
            {
                value = Counter(sandbox);
            }

            try
            {
                _ = await change.PutJson(StoreRoot.Run, null, "counter.json", JsonSerializer.SerializeToUtf8Bytes(value + 1)).CommitAsync();
                done++;
            }
            catch (VersionConflictException)
            {
                conflicts++;
            }
        }

        return conflicts.ToString(CultureInfo.InvariantCulture);
    }

    private int Counter(string sandbox) =>
        JsonSerializer.Deserialize<int>(Store.ReadJson(new DocumentId(sandbox, null, StoreRoot.Run, "counter.json")) ?? "0"u8.ToArray());

    /// <summary>A name that does not exist, looked at for the trace alone.</summary>
    private static void Mark(string name) => _ = File.Exists("/safestore-mark-" + name);
}
