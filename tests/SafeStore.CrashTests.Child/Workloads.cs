using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

namespace SafeStore.CrashTests.Child;

/// <summary>
/// What the tests do to a store, in the child and, for comparison, in the test itself: always the same, so that the trees can be compared.
/// </summary>
internal static class Workloads
{
    public const string One = "sb-1";
    public const string Two = "sb-2";
    public const string Three = "sb-3";

    public static IReadOnlyList<string> Sandboxes { get; } = [One, Two, Three];

    /// <summary>Small segments, no work by the clock: what happens depends on the calls alone.</summary>
    public static StoreOptions Options { get; } = new()
    {
        SegmentBytes = 64 * 1024,
        CheckpointInterval = System.Threading.Timeout.InfiniteTimeSpan,
    };

    public static byte[] Json(string value) => Encoding.UTF8.GetBytes($$"""{"value":"{{value}}","padding":"{{new string('x', 100)}}"}""");

    /// <summary>Two sandboxes, the first with two containers, all with documents in both roots.</summary>
    public static async Task SeedAsync(StateStore store)
    {
        _ = await CreateAsync(store, One, "web", "db");
        _ = await CreateAsync(store, Two, "web");
    }

    public static ValueTask<Lsn> RunAsync(StateStore store, string workload) => workload switch
    {
        "update" or "checkpoint" => UpdateAsync(store),
        "create-sandbox" => CreateAsync(store, Three, "web", "db"),
        "create-container" => ChangeAsync(store, One, change =>
        {
            _ = change.CreateContainer("cache");
            PutBoth(change, "cache", "new");
            _ = change.PutJson(StoreRoot.Run, null, "state.json", Json("new"));
        }),
        "remove-container" =>
        ChangeAsync(store, One, change => change.RemoveContainer("db").PutJson(StoreRoot.Run, null, "state.json", Json("new"))),
        "remove-sandbox" => ChangeAsync(store, One, change => change.RemoveSandbox()),
        "two-sandboxes" => BothAsync(store),
        "mixed" => MixedAsync(store),
        _ => throw new ArgumentException(workload, nameof(workload)),
    };

    public static async ValueTask<Lsn> CreateAsync(StateStore store, string sandbox, params string[] containers)
    {
        await using SandboxLock held = await store.LockNewAsync(sandbox);
        SandboxChange change = held.Change();
        Fill(change, "old", containers);
        return await change.CommitAsync();
    }

    public static async ValueTask<Lsn> ChangeAsync(StateStore store, string sandbox, Action<SandboxChange> what)
    {
        await using SandboxLock held = await store.LockAsync(sandbox);
        SandboxChange change = held.Change();
        what(change);
        return await change.CommitAsync();
    }

    /// <summary>Locks and changes every sandbox, or makes it anew: nothing that a dead process left is in the way.</summary>
    public static async Task UseAsync(StateStore store)
    {
        IReadOnlyList<string> there = store.ListSandboxes();
        foreach (string sandbox in Sandboxes)
        {
            _ = there.Contains(sandbox)
                ? await ChangeAsync(store, sandbox, change => change.PutJson(StoreRoot.Config, null, "usable.json", Json("yes")))
                : await CreateAsync(store, sandbox, "web");
        }
    }

    private static ValueTask<Lsn> UpdateAsync(StateStore store) => ChangeAsync(store, One, change =>
    {
        PutBoth(change, null, "new");
        PutBoth(change, "web", "new");
        PutBoth(change, "db", "new");
        _ = change.PutJson(StoreRoot.Run, "web", "extra.json", Json("new")).Remove(StoreRoot.Run, "db", "note.json");
    });

    private static async ValueTask<Lsn> BothAsync(StateStore store)
    {
        await using SandboxLocks held = await store.LockManyAsync([SandboxTarget.Existing(One), SandboxTarget.Existing(Two)]);
        Transaction transaction = held.Change();
        PutBoth(transaction.For(One), "web", "new");
        PutBoth(transaction.For(Two), "web", "new");
        return await transaction.CommitAsync();
    }

    private static async ValueTask<Lsn> MixedAsync(StateStore store)
    {
        await using SandboxLocks held =
            await store.LockManyAsync([SandboxTarget.Existing(One), SandboxTarget.Existing(Two), SandboxTarget.New(Three)]);
        Transaction transaction = held.Change();
        PutBoth(transaction.For(One).RemoveContainer("db"), "web", "new");
        _ = transaction.For(Two).RemoveSandbox();
        Fill(transaction.For(Three), "new", ["web"]);
        return await transaction.CommitAsync();
    }

    private static void Fill(SandboxChange change, string value, string[] containers)
    {
        PutBoth(change, null, value);
        foreach (string container in containers)
        {
            _ = change.CreateContainer(container).PutJson(StoreRoot.Run, container, "note.json", Json(value));
            PutBoth(change, container, value);
        }
    }

    private static void PutBoth(SandboxChange change, string? container, string value) => change
        .PutJson(StoreRoot.Config, container, "config.json", Json(value))
        .PutJson(StoreRoot.Run, container, "state.json", Json(value));
}
