using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>What is to be known of a contestant before it runs.</summary>
/// <param name="Id">Its name on the command line.</param>
/// <param name="Name">Its name in the tables.</param>
/// <param name="Make">Makes it in a directory.</param>
internal sealed record Way(string Id, string Name, Func<string, Contestant> Make)
{
    /// <summary>Whether a commit has survived a power cut once it returns.</summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>So slow that an eighth of the commits says enough.</summary>
    public bool IsSlow { get; init; }

    /// <summary>Whether several processes may write at once.</summary>
    public bool AllowsProcesses { get; init; }

    /// <summary>Whether it has reads of its own; the others' documents are plain files, which the bare reads stand for.</summary>
    public bool Reads { get; init; } = true;

    /// <summary>Whether it keeps sandboxes at all: the raw loop does not.</summary>
    public bool KeepsSandboxes { get; init; } = true;

    /// <summary>Tells why it cannot run on this machine; null, or an answer of null, if it can.</summary>
    public Func<string?>? WhyMissing { get; init; }

    public static Way Raw { get; } =
        new("raw", "raw pwrite + fdatasync", static place => new RawDisk(place))
        {
            AllowsProcesses = true,
            Reads = false,
            KeepsSandboxes = false
        };

    public static Way SafeStore { get; } =
        new("safestore", "SafeStore", static place => new SafeStoreContestant(place)) { AllowsProcesses = true };

    /// <summary>All, in the order in which they run and are shown.</summary>
    public static IReadOnlyList<Way> All { get; } =
    [
        Raw,
        SafeStore,
        new("sqlite", "SQLite (WAL, FULL)", static place => new Sqlite(place)) { AllowsProcesses = true },
        new("rocksdb", "RocksDB (sync WAL)", static place => new RocksDbContestant(place)),
        new("lmdb", "LMDB", static place => new Lmdb(place)) { AllowsProcesses = true, WhyMissing = Lmdb.WhyMissing },
        new("dbreeze", "DBreeze", static place => new DBreezeContestant(place)) { IsSlow = true },
        new("safewrite", "temp+fsync+rename+fsync(dir)", static place => new SafeWrite(place)) { AllowsProcesses = true, IsSlow = true,
        Reads = false },
        new("zonetree-durable", "ZoneTree (shared WAL, durable commit)", static place => new ZoneTreeContestant(place, isDurable: true)),
        // It syncs, but on another thread, after the commit has returned: syncs.sh shows it.
        new("litedb", "LiteDB 5", static place => new LiteDbContestant(place)) { IsDurable = false, AllowsProcesses = true },
        new("zonetree", "ZoneTree (its default)", static place => new ZoneTreeContestant(place, isDurable: false)) { IsDurable = false },
        new("seed", "seed's algorithm, in place", static place => new SeedAlgorithm(place)) { IsDurable = false, AllowsProcesses = true,
        Reads = false },
    ];

    public static Way Of(string id) => All.FirstOrDefault(way => way.Id == id)
        ?? throw new ArgumentException($"There is no '{id}'; there are {string.Join(", ", All.Select(static way => way.Id))}.", nameof(id));
}
