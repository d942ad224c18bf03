using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>
/// A store in shared memory (which claims to be a disk, so that it syncs) with a few documents, and one transaction on it. The tests fail,
/// or cancel, that transaction at each call of the filesystem in turn.
/// </summary>
internal sealed class ReferenceCommit : IDisposable
{
    /// <summary>The transactions, by name: theories tell them apart.</summary>
    public static readonly IReadOnlyDictionary<string, (SandboxTarget[] Sandboxes, Action<Transaction> Fill)> All =
        new Dictionary<string, (SandboxTarget[], Action<Transaction>)>
        {
            ["update"] = ([SandboxTarget.Existing("sb-1")], static transaction => transaction.For("sb-1")
                .PutText(StoreRoot.Run, null, "state.json", """{"n":2}""")
                .PutText(StoreRoot.Config, null, "new.json", """{"new":true}""")
                .PutText(StoreRoot.Config, "web", "config.json", """{"n":2}""")
                .Remove(StoreRoot.Run, "web", "state.json")),
            ["create sandbox"] = ([SandboxTarget.New("sb-9")], static transaction => Fill(transaction.For("sb-9"))),
            ["create container"] = ([SandboxTarget.Existing("sb-1")], static transaction => transaction.For("sb-1")
                .CreateContainer("db")
                .PutText(StoreRoot.Run, "db", "state.json", """{"n":1}""")
                .PutText(StoreRoot.Config, "db", "config.json", """{"n":1}""")
                .PutText(StoreRoot.Run, null, "state.json", """{"n":3}""")),
            ["remove container"] = ([SandboxTarget.Existing("sb-1")], static transaction => transaction.For("sb-1").RemoveContainer("web")),
            ["remove sandbox"] = ([SandboxTarget.Existing("sb-1")], static transaction => transaction.For("sb-1").RemoveSandbox()),
            ["several sandboxes"] =
            ([SandboxTarget.Existing("sb-1"), SandboxTarget.Existing("sb-2"), SandboxTarget.New("sb-9")], static transaction =>
            {
                transaction.For("sb-1").PutText(StoreRoot.Run, null, "state.json", """{"n":4}""").CreateContainer("db");
                transaction.For("sb-2").RemoveSandbox();
                transaction.For("sb-9").PutText(StoreRoot.Config, null, "config.json", """{"n":4}""");
            }
            ),
            ["larger than a segment"] = ([SandboxTarget.Existing("sb-1")], static transaction => transaction.For("sb-1")
                .PutText(StoreRoot.Run, null, "state.json", "\"" + new string('x', 100_000) + "\"")),
        };

    private readonly TestStore _store = new(TempDirectory.SharedMemory);
    private readonly string _name;

    private ReferenceCommit(string name)
    {
        _name = name;
        // The real clock: nothing here waits for a lock unless the engine has lost one, and then the test is to end.
        _store.Options = _store.Options with { TimeProvider = TimeProvider.System, LockTimeout = TimeSpan.FromSeconds(5) };
    }

    public ScriptedFileSystem FileSystem { get; } = new();

    /// <summary>The store under test, with the scripted filesystem.</summary>
    public StateStore Store { get; set; } = null!;

    public StoreLayout Layout => _store.Layout;

    public IEnumerable<string> Sandboxes
    {
        get
        {
            foreach (SandboxTarget target in All[_name].Sandboxes)
            {
                yield return target.Id;
            }
        }
    }

    /// <summary>A store with its documents; warm means that what the transaction touches is known from an earlier one.</summary>
    public static async Task<ReferenceCommit> PrepareAsync(string name, bool warm = false)
    {
        var reference = new ReferenceCommit(name);
        reference.Store = await reference.OpenAsync();
        foreach (string sandbox in new[] { "sb-1", "sb-2" })
        {
            await reference.Store.CreateAsync(sandbox, static change => Fill(change));
        }

        if (warm)
        {
            await reference.Store.ChangeAsync("sb-1", static change => change
                .PutText(StoreRoot.Run, null, "state.json", """{"n":1}""").PutText(StoreRoot.Config, "web", "config.json", """{"n":1}"""));
        }
        else
        {
            await reference.Store.DisposeAsync();
            reference.Store = await reference.OpenAsync();
        }

        return reference;
    }

    /// <summary>What a kill of all processes would leave, in a directory of its own.</summary>
    public ReferenceCommit CopyForRecovery()
    {
        var copy = new ReferenceCommit(_name);
        CrashImage.Copy(_store.Directory, copy._store.Directory);
        return copy;
    }

    /// <summary>Another store object on the directory, as another process would have.</summary>
    public ValueTask<StateStore> OpenAsync() => _store.OpenAsync(FileSystem);

    public ValueTask<SandboxLocks> LockAsync() => Store.LockManyAsync(All[_name].Sandboxes, LockMode.Exclusive, StoreCalls.Once);

    public async Task<Lsn> CommitAsync(SandboxLocks locks, CancellationToken cancellation = default)
    {
        Transaction transaction = locks.Change();
        All[_name].Fill(transaction);
        return await transaction.CommitAsync(cancellation);
    }

    /// <summary>The documents before the transaction, and after it when nothing fails.</summary>
    public static async Task<(SortedDictionary<string, string> Before, SortedDictionary<string, string> After)> ExpectAsync(string name)
    {
        using ReferenceCommit reference = await PrepareAsync(name);
        SortedDictionary<string, string> before = reference.Documents();
        await using (SandboxLocks locks = await reference.LockAsync())
        {
            await reference.CommitAsync(locks);
        }

        SortedDictionary<string, string> after = reference.Documents();
        Assert.NotEqual(before, after);
        await reference.Store.DisposeAsync();
        return (before, after);
    }

    /// <summary>All names, modes and contents in the roots, relative to the store's directory.</summary>
    public SortedDictionary<string, string> Documents()
    {
        var relative = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string path, string content) in TreeSnapshot.OfDocuments(Layout))
        {
            relative.Add(path[_store.Directory.Length..], content);
        }

        return relative;
    }

    /// <summary>
    /// Lets other store objects, then this one, lock whatever exists of the transaction's sandboxes, which finishes what was left.
    /// </summary>
    public async Task ResolveAsync(StateStore store)
    {
        foreach (string sandbox in Sandboxes)
        {
            try
            {
                await using SandboxLock held = await store.LockApartAsync(sandbox, timeout: StoreCalls.Once);
            }
            catch (NotFoundException)
            {
                // Removed, or never created.
            }
        }
    }

    public void Dispose() => _store.Dispose();

    private static void Fill(SandboxChange change) => change
        .PutText(StoreRoot.Config, null, "config.json", """{"n":1}""")
        .PutText(StoreRoot.Run, null, "state.json", """{"n":1}""")
        .CreateContainer("web")
        .PutText(StoreRoot.Config, "web", "config.json", """{"n":1}""")
        .PutText(StoreRoot.Run, "web", "state.json", """{"n":1}""");
}
