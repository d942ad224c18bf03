using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Operations.Backups;
using SafeStore.Operations.Log;

namespace SafeStore.Operations.Repair;

/// <summary>A value that a document could get.</summary>
/// <param name="Content">The value; null if there is none.</param>
/// <param name="Message">Where it is from, or why there is none.</param>
/// <param name="Lsn">The transaction that wrote it; null if that is not known.</param>
internal sealed record DocumentValue(byte[]? Content, string Message, Lsn? Lsn = null);

/// <summary>Where the values of documents can be got.</summary>
internal static class DocumentValues
{
    /// <summary>
    /// The last values that the log has; of a document that a later transaction has deleted, none. Read before the store is opened: an
    /// opening may release what they lie in.
    /// </summary>
    public static Func<DocumentId, DocumentValue> InLog(StoreOptions options, ViewedRoot config, IReadOnlyCollection<DocumentId> documents)
    {
        var found = documents.ToDictionary(
            static each => each, static _ => new DocumentValue(null, "the log does not have its value any more"));
        using OpenLog? log = TryOpen(options, config);
        foreach (CommitRecord record in documents.Count == 0 || log is null ? [] : log.ReadRecords())
        {
            foreach (SandboxPlan plan in PlanCodec.TryRead(record.Payload) ?? [])
            {
                foreach (DocumentId document in documents.Where(each => each.Sandbox == plan.Sandbox))
                {
                    found[document] = ValueIn(plan, record.Lsn, document) ?? found[document];
                }
            }
        }

        return document => found[document];
    }

    /// <summary>The values of a backup.</summary>
    public static Func<DocumentId, DocumentValue> In(StoredBackup backup) => document =>
    {
        ManifestDocument? stored = backup.Manifest.Sandboxes.FirstOrDefault(each => each.Sandbox == document.Sandbox)?.Documents
            .FirstOrDefault(each => each.Key == new DocumentKey(document.Root, document.Container, document.File));
        if (stored is null)
        {
            return new DocumentValue(null, "the backup does not have it");
        }

        if (stored.Damage is not null)
        {
            return new DocumentValue(null, "it was damaged already when the backup was made; look for an older one");
        }

        var problems = new ProblemList();
        byte[]? content = backup.TryRead(document.Sandbox, stored, problems);
        return content is null ? new DocumentValue(null, problems.All[0].Message)
            : Checked(content, $"the backup of {backup.Manifest.Time:u}", null);
    };

    /// <summary>The values of the documents of the same names in the other root, as they stand.</summary>
    public static Func<DocumentId, DocumentValue> InOtherRoot(StoreOptions options, ViewedRoot[] roots) => document =>
    {
        ViewedRoot other = roots.First(each => each.Root != document.Root);
        if (other.Directory is not { } directory)
        {
            return new DocumentValue(null, other.Failure!.Message);
        }

        Errno errno = StampedContent.Read(
            options.FileSystemInUse, directory, document.RelativePath, options.DocumentBytesMax, out StampedContent content);
        if (errno != Errno.None)
        {
            return new DocumentValue(null, errno is Errno.NotFound or Errno.NotDirectory ? "the other root does not have it"
                : $"the other root's cannot be read ({errno})");
        }

        using (content)
        {
            return content.State == StampState.Damaged ? new DocumentValue(null, "the other root's is damaged too")
                : Checked(content.Bytes.ToArray(), "the other root", content.Version);
        }
    };

    /// <summary>Null if it is gone: what keeps the store from being opened then, others tell.</summary>
    private static OpenLog? TryOpen(StoreOptions options, ViewedRoot config)
    {
        try
        {
            return OpenLog.Open(options, config.Metadata ?? throw config.Failure!);
        }
        catch (SafeStoreException failure) when (failure is NotFoundException or StorageException { Errno: Errno.NotFound }
            || StoreSurvey.IsOfOtherKind(failure))
        {
            return null;
        }
    }

    private static DocumentValue? ValueIn(SandboxPlan plan, Lsn lsn, DocumentId document)
    {
        var key = new DocumentKey(document.Root, document.Container, document.File);
        DocumentPut put = Array.Find(plan.Puts, each => each.Key == key);
        if (put.Key == key)
        {
            return new DocumentValue(put.Content.ToArray(), $"the log, LSN {lsn}", lsn);
        }

        bool isGone = plan.Kind != PlanKind.Update || plan.Deletes.Contains(key)
            || (document.Container is { } container && plan.RemovedContainers.Contains(container));
        return isGone ? new DocumentValue(null, $"the log has its removal, LSN {lsn}, and no value after that") : null;
    }

    private static DocumentValue Checked(byte[] content, string from, Lsn? lsn) => JsonRules.FindFaultStrictly(content) is { } fault
        ? new DocumentValue(null, $"{from} has no JSON either: {fault.Reason} at byte {fault.Position}")
        : new DocumentValue(content, from, lsn);
}
