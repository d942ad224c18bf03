using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Log;

namespace SafeStore.Commit;

/// <summary>What the log's records say that took place.</summary>
internal static class CommittedPlans
{
    /// <summary>
    /// The plans of some records, oldest first, without those that were aborted, and without the aborts. An abort is of the record before it of its sandbox, or of none: on another, somebody has gone on.
    /// </summary>
    /// <param name="records">The records, up to the log's end: an abort comes after what it aborts.</param>
    /// <param name="path">The log's directory, for messages.</param>
    /// <param name="sandbox">Whose plans; null for all.</param>
    /// <param name="names">Where names are kept that come again and again.</param>
    public static List<(SandboxPlan Plan, CommitRecord Record)> Of(IEnumerable<CommitRecord> records, string path, string? sandbox = null, NamePool? names = null)
    {
        var plans = new List<(SandboxPlan Plan, CommitRecord Record)>();
        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        bool hasAborts = false;
        foreach (CommitRecord record in records)
        {
            foreach (SandboxPlan plan in Read(record.Lsn, record.Payload, path, names).Where(plan => sandbox is null || plan.Sandbox == sandbox))
            {
                if (plan.Kind != PlanKind.Abort)
                {
                    last[plan.Sandbox] = plans.Count;
                    plans.Add((plan, record));
                }
                else if (last.TryGetValue(plan.Sandbox, out int place) && plans[place].Record.Lsn == plan.Aborted)
                {
                    hasAborts = true;
                    plans[place] = default;
                    _ = last.Remove(plan.Sandbox);
                }
            }
        }

        if (hasAborts)
        {
            _ = plans.RemoveAll(static entry => entry.Plan is null);
        }

        return plans;
    }

    /// <summary>The plans of one record, or its aborts.</summary>
    /// <exception cref="LogCorruptException">They cannot be read.</exception>
    public static List<SandboxPlan> Read(Lsn lsn, ReadOnlyMemory<byte> payload, string path, NamePool? names = null) =>
        PlanCodec.TryRead(payload, names) ?? throw new LogCorruptException(path, 0, lsn, "its checksum is right, but its payload makes no sense to this version");
}
