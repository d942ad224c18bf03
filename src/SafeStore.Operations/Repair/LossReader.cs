using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;

namespace SafeStore.Operations.Repair;

/// <summary>Tells what is given up when the log is cut: of which sandbox, and how its documents stand to that.</summary>
internal sealed class LossReader(StoreOptions options, ViewedRoot[] roots, StoreSurvey survey)
{
    private readonly IDurableFileSystem _fs = options.FileSystem;

    public List<RepairLoss> Read()
    {
        Lsn end = survey.Log.Header is null ? survey.Mark : survey.Log.End.Next.Previous;
        var losses = new List<RepairLoss>();
        foreach (CommitRecord record in survey.Log.Behind.Where(record => record.Lsn > Lsn.Max(end, survey.Mark)))
        {
            losses.AddRange((PlanCodec.TryRead(record.Payload) ?? []).Select(plan => new RepairLoss(record.Lsn, plan.Sandbox, Tell(plan))));
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

    private string Tell(SandboxPlan plan)
    {
        string kind = plan.Kind switch
        {
            PlanKind.Create => "its creation is given up. ",
            PlanKind.Remove => "its removal is given up. ",
            _ => "",
        };
        return kind + string.Join("; ", plan.Puts.Select(put => $"{Shown(put.Key)} {Compare(plan.Sandbox, put)}")
            .Concat(plan.Deletes.Select(static key => $"the deletion of {Shown(key)} is given up")));
    }

    private string Compare(string sandbox, DocumentPut put)
    {
        if (roots[(int)put.Key.Root].Directory is not { } directory)
        {
            return "cannot be read";
        }

        string path = put.Key.Container is null ? $"{sandbox}/{put.Key.File}" : $"{sandbox}/{put.Key.Container}/{put.Key.File}";
        Errno errno = WholeFile.Read(_fs, directory, path, options.DocumentBytesMax, out byte[] rented, out int length);
        if (errno != Errno.None)
        {
            return errno == Errno.NotFound ? "is missing" : string.Create(CultureInfo.InvariantCulture, $"cannot be read ({errno})");
        }

        bool isThis = put.Content.Span.SequenceEqual(rented.AsSpan(0, length));
        System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        return isThis ? "has what this transaction wrote: newer than what stays" : "is older than this transaction, or newer";
    }

    private static string Shown(DocumentKey key) =>
        $"{(key.Root == StoreRoot.Config ? "config" : "run")}:{(key.Container is null ? "" : key.Container + "/")}{key.File}";
}
