using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.CrashTests.Child;

/// <summary>The commands that only the tests of faults need. They use the public API alone.</summary>
internal sealed partial class FaultCommands(Func<StateStore> store, IReadOnlyList<SandboxLock> locks, Action<string> say)
{
    private readonly List<FileStream> _held = [];

    /// <summary>Options that a word behind "open" stands for.</summary>
    public static StoreOptions Describe(IEnumerable<string> words, StoreOptions options)
    {
        foreach (string word in words)
        {
            Describe(word, ref options);
        }

        return options;
    }

    public async Task<string> ObeyAsync(string verb, string[] words) => verb switch
    {
        "put-held" => Text(await PutHeldAsync(words[0], words[1])),
        "put-big" => Text(await PutBigAsync(words[0], Number(words[1]), Number(words[2]))),
        "put-run" => Text(await PutRunAsync(words[0], words[1])),
        "remove" => Text(await Workloads.ChangeAsync(store(), words[0], static change => change.RemoveSandbox())),
        "create" => Text(await Workloads.CreateAsync(store(), words[0], "web")),
        "create-container" => Text(await Workloads.ChangeAsync(store(), words[0], change =>
            change.CreateContainer(words[1]).PutJson(StoreRoot.Config, words[1], "config.json", Workloads.Json("new")))),
        "hold-file" => HoldFile(words[0]),
        "block-pool" => BlockPool(words[0], Number(words[1]), TimeSpan.FromMilliseconds(Number(words[2])), IsTimedOut),
        "block-pool-in-turn" => BlockPool(words[0], Number(words[1]), TimeSpan.FromMinutes(1), TakesTurn),
        _ => throw new InvalidOperationException($"unknown command '{verb}'"),
    };

    static partial void Describe(string word, ref StoreOptions options);

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private static string Text(Lsn lsn) => lsn.Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>With the lock that was taken last, which stays.</summary>
    private async Task<Lsn> PutHeldAsync(string file, string value) =>
        await locks[^1].Change().PutJson(StoreRoot.Config, null, file, Workloads.Json(value)).CommitAsync();

    private async Task<Lsn> PutRunAsync(string sandbox, string value) =>
        await Workloads.ChangeAsync(store(), sandbox, change => change.PutJson(StoreRoot.Run, null, "state.json", Workloads.Json(value)));

    /// <summary>One transaction of so many documents of so many bytes.</summary>
    private async Task<Lsn> PutBigAsync(string sandbox, int documents, int bytes) => await Workloads.ChangeAsync(store(), sandbox, change =>
    {
        byte[] json = Encoding.UTF8.GetBytes($"\"{new string('b', bytes - 2)}\"");
        for (int number = 0; number < documents; number++)
        {
            _ = change.PutJson(StoreRoot.Config, null, string.Create(CultureInfo.InvariantCulture, $"big-{number}.json"), json);
        }
    });

    /// <summary>What a reader may do to a file: open it, and hold a record lock on all of it. Until the process ends.</summary>
    private string HoldFile(string path)
    {
        try
        {
            _held.Add(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            _held[^1].Lock(0, 0);
            return "held";
        }
        catch (UnauthorizedAccessException)
        {
            return "denied";
        }
    }

    /// <summary>
    /// Begins so many locks of a sandbox that another process holds, and blocks a thread of the pool for each. Waits for them on a
    /// thread of
    /// its own, which says how many have come back as they should when all have, or when ten seconds are over.
    /// </summary>
    private string BlockPool(string sandbox, int callers, TimeSpan timeout, Func<Task<SandboxLock>, bool> block)
    {
        int back = 0;
        var ended = new CountdownEvent(callers);
        Task<SandboxLock>[] waiting = [.. Enumerable.Range(0, callers).Select(_ => BeginAsync(sandbox, timeout))];
        foreach (Task<SandboxLock> one in waiting)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ =>
            {
                Interlocked.Add(ref back, block(one) ? 1 : 0);
                ended.Signal();
            }, null);
        }

        new Thread(() =>
        {
            bool all = ended.Wait(TimeSpan.FromSeconds(10));
            say(string.Create(CultureInfo.InvariantCulture, $"{(all ? "all" : "stuck")} {Volatile.Read(ref back)}"));
        }).Start();
        return "";
    }

    /// <summary>A flow of execution of its own: one that has two locks of a sandbox waits for itself.</summary>
    private async Task<SandboxLock> BeginAsync(string sandbox, TimeSpan timeout) => await store().LockAsync(sandbox, timeout: timeout);

    private static bool IsTimedOut(Task<SandboxLock> waiting)
    {
        try
        {
            _ = waiting.GetAwaiter().GetResult();
            return false;
        }
        catch (LockTimeoutException)
        {
            return true;
        }
    }

    private static bool TakesTurn(Task<SandboxLock> waiting)
    {
        SandboxLock held = waiting.GetAwaiter().GetResult();
        held.Change().PutJson(StoreRoot.Config, null, "turn.json", "1"u8).CommitAsync().AsTask().GetAwaiter().GetResult();
        held.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return true;
    }
}
