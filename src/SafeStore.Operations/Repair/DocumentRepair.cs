using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Operations.Backups;
using SafeStore.Operations.Verify;
using SafeStore.Roots;

namespace SafeStore.Operations.Repair;

/// <summary>
/// Mends damaged documents of a store that opens, while other processes use it. What is in a document's place goes to
/// <c>quarantine/(time)</c> in its root's metadata first; then a transaction writes or removes it, so that it is stamped and in the log.
/// </summary>
public static class DocumentRepair
{
    private static readonly HashSet<string> s_damages =
    [
        .. new[]
        {
            FindingKind.Corrupt, FindingKind.Damaged, FindingKind.TooLarge, FindingKind.SymbolicLink, FindingKind.SpecialFile,
            FindingKind.Stray,
        }.Select(static each => each.Code),
    ];

    /// <summary>
    /// Looks for documents that are damaged, or that another program has edited (code <c>edited</c>), and what could mend each. Opens
    /// nothing and changes nothing.
    /// </summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="options">Its options; null for the default.</param>
    /// <param name="cancellationToken">Ends it between two sandboxes.</param>
    /// <exception cref="NotFoundException">There is no store.</exception>
    /// <exception cref="StorageException">A root or the log cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<DamagedDocument> Examine(
        StoreLayout layout, StoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        using var owned = new OwnedParts();
        ViewedRoot[] roots = RootsOf(layout, options, owned);
        List<Finding> damaged =
            [.. Find(layout, options, static code => s_damages.Contains(code) || code == FindingKind.Edited.Code, cancellationToken)
                .DistinctBy(static each => each.Document)];
        if (damaged.Count == 0)
        {
            return [];
        }

        Func<DocumentId, DocumentValue> inLog = DocumentValues.InLog(options, roots[0], [.. damaged.Select(static each => each.Document!)]);
        Func<DocumentId, DocumentValue> inOther = DocumentValues.InOtherRoot(options, roots);
        return
        [
            .. damaged.Select(each => new DamagedDocument(each.Document!, each.Code, each.Message)
            {
                InLog = inLog(each.Document!).Lsn,
                IsInOtherRoot = inOther(each.Document!).Content is not null,
            }),
        ];
    }

    /// <summary>
    /// Mends documents, each by one transaction. Those that are good are left alone, so that it may be killed and repeated. Each is
    /// durable when it is given.
    /// </summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="remedy">How.</param>
    /// <param name="repair">Which documents; null for all that are damaged, with values from the log.</param>
    /// <param name="options">How the store is opened; null for the default.</param>
    /// <param name="cancellationToken">Ends it between two documents.</param>
    /// <returns>What was done, document by document; also what this could not mend, and why.</returns>
    /// <exception cref="ArgumentException">
    /// A backup is named and not used, or the reverse; or no document is named, and the values are not from log or backup.
    /// </exception>
    /// <exception cref="NotFoundException">There is no store, or no such backup.</exception>
    /// <exception cref="BackupException">The backup is damaged.</exception>
    /// <exception cref="StoreFaultedException">The store is faulted.</exception>
    /// <exception cref="StorageException">A document may not be read, or the log cannot be.</exception>
    /// <exception cref="SafeStoreException">As from <see cref="StateStore.OpenAsync"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async IAsyncEnumerable<MendedDocument> RunAsync(
        StoreLayout layout, DocumentRemedy remedy, DocumentRepairOptions? repair = null, StoreOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(layout);
        repair ??= new DocumentRepairOptions();
        options = (options ?? new StoreOptions()) with { Opening = StoreOpening.MustExist };
        if ((repair.Backup is not null) != (remedy == DocumentRemedy.FromBackup))
        {
            throw new ArgumentException("Name a backup to take values from it, and only then.", nameof(repair));
        }

        if (repair.Documents is null && remedy is DocumentRemedy.Quarantine or DocumentRemedy.FromOtherRoot)
        {
            throw new ArgumentException("Name the documents: only the log and a backup tell what should be there.", nameof(repair));
        }

        using var owned = new OwnedParts();
        ViewedRoot[] roots = RootsOf(layout, options, owned);
        DocumentId[] documents =
        [
            .. (repair.Documents ?? Find(layout, options, s_damages.Contains, cancellationToken).Select(static each => each.Document!))
                .Distinct().Order(),
        ];
        using StoredBackup? backup = repair.Backup is { } path
            ? StoredBackup.Open(options.FileSystemInUse, LinuxPath.GetFullPath(path)) : null;
        var mender = new DocumentMender(options, remedy switch
        {
            DocumentRemedy.FromLog => DocumentValues.InLog(options, roots[0], documents),
            DocumentRemedy.FromBackup => DocumentValues.In(backup!),
            DocumentRemedy.FromOtherRoot => DocumentValues.InOtherRoot(options, roots),
            _ => null,
        }, document => roots[(int)document.Root].Metadata is { } metadata
            ? Quarantine.FindKept(options.FileSystemInUse, metadata, document.RelativePath) : null);
        MendedDocument[] looked = [.. documents.Select(each => mender.Look(root => DirectoryOf(roots, root), each))];
        if (repair.IsDryRun || Array.TrueForAll(looked, static each => each.Kind is MendedKind.Good or MendedKind.NotMended))
        {
            foreach (MendedDocument each in looked)
            {
                yield return each;
            }

            yield break;
        }

        StateStore store = await StateStore.OpenAsync(layout, options, cancellationToken).ConfigureAwait(false);
        await using (store.ConfigureAwait(false))
        {
            using RootSet opened = RootSet.Open(options.FileSystemInUse, layout, options);
            DateTimeOffset now = options.TimeProvider.GetUtcNow();
            using var config = new Quarantine(options.FileSystemInUse, opened.Config, now);
            using var run = new Quarantine(options.FileSystemInUse, opened.Run, now);
            foreach (DocumentId document in documents)
            {
                yield return await TryMendAsync(
                    mender, store, opened, root => root == StoreRoot.Config ? config : run, document, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
    }

    /// <summary>What is wrong with one sandbox does not keep the others from being mended.</summary>
    private static async Task<MendedDocument> TryMendAsync(
        DocumentMender mender, StateStore store, RootSet roots, Func<StoreRoot, Quarantine> quarantines, DocumentId document,
        CancellationToken cancellation)
    {
        try
        {
            return await mender.MendAsync(store, roots, quarantines, document, cancellation).ConfigureAwait(false);
        }
        catch (SafeStoreException failure) when (failure is not StoreFaultedException)
        {
            return new MendedDocument(document, MendedKind.NotMended, failure.Message);
        }
    }

    private static IEnumerable<Finding> Find(
        StoreLayout layout, StoreOptions options, Func<string, bool> isWanted, CancellationToken cancellation)
    {
        using StoreView view = StoreView.Open(layout, options);
        foreach (Finding finding in view.Verify(cancellationToken: cancellation))
        {
            if (finding.Document is not null && isWanted(finding.Code))
            {
                yield return finding;
            }
        }
    }

    private static ViewedRoot[] RootsOf(StoreLayout layout, StoreOptions options, OwnedParts owned) =>
    [
        owned.Add(ViewedRoot.Open(options.FileSystemInUse, layout, StoreRoot.Config)),
        owned.Add(ViewedRoot.Open(options.FileSystemInUse, layout, StoreRoot.Run)),
    ];

    private static DirectoryHandle DirectoryOf(ViewedRoot[] roots, StoreRoot root) =>
        roots[(int)root].Directory ?? throw roots[(int)root].Failure!;
}
