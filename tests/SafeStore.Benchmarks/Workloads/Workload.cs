using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;

namespace SafeStore.Benchmarks.Workloads;

/// <summary>One question of the suite, and what was answered.</summary>
internal abstract class Workload(string id, string title, string reference, params Metric[] metrics)
{
    public string Id => id;

    /// <summary>Rows without a reference of their own are filled in by the workload.</summary>
    public ResultTable Table { get; } = new(id, title, reference, metrics);

    /// <summary>All, in the order in which they run.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new Commits("W1", "one writer, one document of 1 KiB per commit", isNew: false, documents: 1, commits: 2000, 1),
        new Commits("W2", "one transaction creates a sandbox with 6 documents", isNew: true, documents: 6, commits: 800, 1),
        new Commits("W3", "16 and 64 writers of one process, each with its own sandbox, one document per commit", isNew: false,
        documents: 1, commits: 6400, 16, 64),
        new Processes(),
        new Reads(),
        new FreshLoad(),
        new DiskUse(),
        new RecoveryTime(),
        new Growth(),
        new TailLatency(),
    ];

    public static IEnumerable<Workload> Choose(string? ids) =>
        All.Where(workload => ids is null || ids.Split(',').Contains(workload.Id, StringComparer.OrdinalIgnoreCase));

    /// <summary>How many rounds of it are worth their time, of those that were asked for.</summary>
    public virtual int RoundsOf(int asked) => asked + 1;

    /// <summary>Runs all ways once, one after another on the same disk. Round 0 warms up, where there are several.</summary>
    public abstract Task RunAsync(Session session, int round);
}
