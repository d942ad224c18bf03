using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Operations.Sandboxes;

namespace SafeStore.Operations.Repair;

/// <summary>Tells what is given up when the log is cut: of which sandbox, and how its documents stand to that.</summary>
internal sealed class LossReader(StoreOptions options, ViewedRoot[] roots, StoreSurvey survey)
{
    private readonly IDurableFileSystem _fs = options.FileSystemInUse;
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

        if (survey.Damages.Any(static damage => damage.Mend == RepairActions.AcceptRoots))
        {
            losses.AddRange(new SandboxLister(_fs, roots).ListNames().Select(TellAges).OfType<RepairLoss>());
        }

        return [.. losses.OrderBy(static loss => loss.Lsn).ThenBy(static loss => loss.Sandbox, StringComparer.Ordinal)];
    }

    /// <summary>Whether the config root is ahead of the run root in a sandbox: of the reverse, the lock word tells.</summary>
    private RepairLoss? TellAges(string sandbox)
    {
        StandingDocument? newest = new StampReader(_fs, roots).Read(sandbox)
            .Where(each => each.Key.Root == StoreRoot.Config && each.Version <= survey.Mark) // what is above that is redone
            .MaxBy(static each => each.Version);
        Lsn lsn = newest?.Version ?? default;
        if (roots.FirstOrDefault(root => root.Directory is { } directory
            && _fs.Stat(directory, sandbox, out _) == Errno.NotFound) is { } without)
        {
            return new RepairLoss(lsn, sandbox, $"the root '{without.Path}' does not have it, the other one has");
        }

        return newest is not null && survey.Words.TryGetValue(sandbox, out LockWord word) && word.State != LockWordState.Unknown
            && word.Lsn < lsn
            ? new RepairLoss(lsn, sandbox, string.Create(
                CultureInfo.InvariantCulture,
                $"{LostPlan.Shown(newest.Key)} is of this transaction, and the run root is older: its lock word is of LSN {word.Lsn}"))
            : null;
    }
}
