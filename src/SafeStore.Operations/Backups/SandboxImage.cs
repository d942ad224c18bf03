using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Backups;

/// <summary>A document of a backup.</summary>
internal sealed record DocumentImage(long Bytes, string Sha256, UnixFileMode Mode, FileOwner Owner)
{
    /// <summary>The code of damage that leaves nothing to copy.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>Its content; null once it is written to the backup, or if it could not be read.</summary>
    public ReadOnlyMemory<byte>? Unwritten { get; init; }

    /// <summary>When its file was written last, as that was before it was read; null if it is from the log.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>What is wrong with its content; null if nothing is.</summary>
    public StoreProblem? Damage { get; init; }

    public static DocumentImage Of(ReadOnlyMemory<byte> content, UnixFileMode mode, FileOwner owner) =>
        new(content.Length, BackupManifest.ShaOf(content.Span), mode, owner) { Unwritten = content };
}

/// <summary>A sandbox as it was read, and what the log's records make of it.</summary>
internal sealed class SandboxImage(string sandbox, StoreIdentity identity)
{
    public string Sandbox => sandbox;

    public bool Exists { get; private set; } = true;

    /// <summary>The LSN of its last transaction; null if that is not known.</summary>
    public Lsn? Version { get; set; }

    public SortedSet<string> Containers { get; } = new(StringComparer.Ordinal);

    public Dictionary<DocumentKey, DocumentImage> Documents { get; } = [];

    public static SandboxImage Missing(string sandbox, StoreIdentity identity) => new(sandbox, identity) { Exists = false };

    /// <summary>
    /// A record has the whole after-image of what it changes: it may be applied to a copy that shows some of it, or all, already. What
    /// another program has removed meanwhile is not brought back, nor what a lost root had.
    /// </summary>
    /// <param name="plan">What the transaction does to this sandbox.</param>
    /// <param name="segment">The roots for which it was meant.</param>
    /// <param name="lsn">Its LSN.</param>
    /// <param name="permissionsOf">Those of a new document, by root.</param>
    public void Apply(SandboxPlan plan, SegmentHeader segment, Lsn lsn, Func<StoreRoot, (UnixFileMode Mode, FileOwner Owner)> permissionsOf)
    {
        if (plan.Kind != PlanKind.Update)
        {
            Containers.Clear();
            Documents.Clear();
            Exists = plan.Kind == PlanKind.Create;
        }

        if (!Exists)
        {
            return;
        }

        Version = lsn;
        foreach (string container in plan.RemovedContainers)
        {
            Forget(container);
            Containers.Remove(container);
        }

        foreach (string container in plan.CreatedContainers)
        {
            Forget(container);
            Documents.Remove(new DocumentKey(StoreRoot.Config, null, container));
            Documents.Remove(new DocumentKey(StoreRoot.Run, null, container));
            Containers.Add(container);
        }

        foreach (DocumentPut put in plan.Puts.Where(put => Has(put.Key, segment)))
        {
            if (put.Key.Container is null && Containers.Remove(put.Key.File))
            {
                Forget(put.Key.File); // a directory in the document's place: it may be what the sandbox is parked for
            }

            (UnixFileMode mode, FileOwner owner) = Documents.TryGetValue(put.Key, out DocumentImage? old)
                ? (old.Mode, old.Owner) : permissionsOf(put.Key.Root);
            Documents[put.Key] = DocumentImage.Of(put.Content, mode, owner);
        }

        foreach (DocumentKey key in plan.Deletes.Where(key => Has(key, segment)))
        {
            Documents.Remove(key);
        }
    }

    /// <summary>Gives documents that are damaged what the log has of them.</summary>
    /// <param name="puts">What was put in this sandbox, in order.</param>
    /// <returns>Those that are whole now.</returns>
    public IReadOnlyList<DocumentKey> Mend(IEnumerable<DocumentPut> puts)
    {
        var mended = new HashSet<DocumentKey>();
        foreach (DocumentPut put in puts)
        {
            if (Documents.TryGetValue(put.Key, out DocumentImage? old) && (old.Damage is not null || mended.Contains(put.Key)))
            {
                Documents[put.Key] = DocumentImage.Of(put.Content, old.Mode, old.Owner);
                mended.Add(put.Key);
            }
        }

        return [.. mended];
    }

    public ManifestSandbox ToManifest() => new(
        sandbox, Version?.Value, [.. Containers],
        [
            .. Documents.Select(static each => ManifestDocument.Of(each.Key, each.Value)).OrderBy(static each => each.Root)
                .ThenBy(static each => each.Container, StringComparer.Ordinal).ThenBy(static each => each.File, StringComparer.Ordinal),
        ]);

    private bool Has(DocumentKey key, SegmentHeader segment) =>
        (key.Container is not { } container || Containers.Contains(container))
        && segment.IdentityOf(key.Root) == identity.IdentityOf(key.Root);

    private void Forget(string container)
    {
        foreach (DocumentKey key in Documents.Keys.Where(key => key.Container == container).ToList())
        {
            Documents.Remove(key);
        }
    }
}
