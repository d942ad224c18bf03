using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Locking;
using SafeStore.Log;

namespace SafeStore.Operations.Repair;

/// <summary>Tells what is given up when the log is cut: of which sandbox, and how its documents stand to that.</summary>
internal sealed class LossReader(StoreOptions options, ViewedRoot[] roots, StoreSurvey survey)
{
    private readonly LostPlan _lost = new(options, roots);

    public List<RepairLoss> Read()
    {
        Lsn end = survey.Log.Header is null ? survey.Mark : survey.Log.End.Next.Previous;
        var losses = new List<RepairLoss>();
        foreach (CommitRecord record in survey.Log.Behind.Where(record => record.Lsn > Lsn.Max(end, survey.Mark)))
        {
            losses.AddRange((PlanCodec.TryRead(record.Payload) ?? [])
                .Select(plan => new RepairLoss(record.Lsn, plan.Sandbox, _lost.Tell(plan))));
        }

        foreach ((string sandbox, LockWord word) in survey.Words.Where(each => each.Value.Lsn > Lsn.Max(end, survey.Mark)))
        {
            if (!losses.Exists(loss => loss.Sandbox == sandbox && loss.Lsn == word.Lsn))
            {
                losses.Add(new RepairLoss(word.Lsn, sandbox, "its lock word knows it, and the log has it no more: documents may be newer "
                    + "than what stays, or older, or of different transactions"));
            }
        }

        return [.. losses.OrderBy(static loss => loss.Lsn).ThenBy(static loss => loss.Sandbox, StringComparer.Ordinal)];
    }
}
