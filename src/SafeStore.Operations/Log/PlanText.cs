using System.Globalization;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Log;

namespace SafeStore.Operations.Log;

/// <summary>The engine's records and plans in the words of this library.</summary>
internal static class PlanText
{
    public static LoggedTransaction Tell(CommitRecord record) => new(
        record.Lsn, NameOf(record.Segment),
        RecordFormat.SizeOf(record.Payload.Length), [.. (PlanCodec.TryRead(record.Payload) ?? []).Select(Tell)]);

    public static string NameOf(SegmentHeader segment) => segment.FirstLsn.Value.ToString("x16", CultureInfo.InvariantCulture) + ".log";

    public static LoggedKind KindOf(SandboxPlan plan) => plan.Kind switch
    {
        PlanKind.Create => LoggedKind.Create,
        PlanKind.Remove => LoggedKind.Remove,
        _ => LoggedKind.Update,
    };

    public static DocumentId IdOf(SandboxPlan plan, DocumentKey key) =>
        DocumentId.Trusted(plan.Sandbox, key.Container, key.Root, key.File);

    private static LoggedSandbox Tell(SandboxPlan plan) => new(plan.Sandbox, KindOf(plan))
    {
        CreatedContainers = plan.CreatedContainers,
        RemovedContainers = plan.RemovedContainers,
        Puts = [.. plan.Puts.Select(put => new DocumentEntry(IdOf(plan, put.Key), put.Content.Length))],
        Deletes = [.. plan.Deletes.Select(key => IdOf(plan, key))],
    };
}
