using System.Collections.Generic;
using System.Linq;
using SafeStore.Log;

namespace SafeStore.Transactions;

/// <summary>What the log's records say that took place.</summary>
internal static class CommittedPlans
{
    /// <summary>The plans of some records, oldest first, without those that were aborted, and without the aborts.</summary>
    /// <param name="records">The records, up to the log's end: an abort comes after what it aborts.</param>
    /// <param name="path">The log's directory, for messages.</param>
    /// <param name="sandbox">Whose plans; null for all.</param>
    /// <param name="names">Where names are kept that come again and again.</param>
    public static List<(SandboxPlan Plan, CommitRecord Record)> Of(IEnumerable<CommitRecord> records, string path, string? sandbox = null, NamePool? names = null)
    {
        var plans = new List<(SandboxPlan Plan, CommitRecord Record)>();
        var aborted = new HashSet<Lsn>();
        foreach (CommitRecord record in records)
        {
            foreach (SandboxPlan plan in Read(record, path, names).Where(plan => sandbox is null || plan.Sandbox == sandbox))
            {
                if (plan.Kind == PlanKind.Abort)
                {
                    _ = aborted.Add(plan.Aborted);
                }
                else
                {
                    plans.Add((plan, record));
                }
            }
        }

        _ = plans.RemoveAll(entry => aborted.Contains(entry.Record.Lsn));
        return plans;
    }

    /// <summary>The plans of one record, or its aborts.</summary>
    /// <exception cref="LogCorruptException">They cannot be read.</exception>
    public static List<SandboxPlan> Read(CommitRecord record, string path, NamePool? names = null) =>
        PlanCodec.TryRead(record.Payload, names) ?? throw new LogCorruptException(path, 0, record.Lsn, "its checksum is right, but its payload makes no sense to this version");
}
