using System.Collections.Generic;
using SafeStore.Log;

namespace SafeStore.Commit;

/// <summary>The plans in the log's records.</summary>
internal static class CommittedPlans
{
    /// <summary>The plans of some records, oldest first.</summary>
    /// <param name="records">The records.</param>
    /// <param name="path">The log's directory, for messages.</param>
    /// <param name="sandbox">The sandbox whose plans are wanted; null for all.</param>
    public static IEnumerable<(SandboxPlan Plan, CommitRecord Record)> Of(
        IEnumerable<CommitRecord> records, string path, string? sandbox = null)
    {
        var names = new NamePool();
        foreach (CommitRecord record in records)
        {
            foreach (SandboxPlan plan in Read(record, path, names))
            {
                if (sandbox is null || plan.Sandbox == sandbox)
                {
                    yield return (plan, record);
                }
            }
        }
    }

    /// <exception cref="LogCorruptException">The payload cannot be read.</exception>
    private static List<SandboxPlan> Read(CommitRecord record, string path, NamePool names) =>
        PlanCodec.TryRead(record.Payload, names)
        ?? throw new LogCorruptException(path, 0, record.Lsn, "its checksum is right, but its payload makes no sense to this version");
}
