using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Operations.Comparing;
using SafeStore.Operations.Documents;
using SafeStore.Operations.Locks;
using SafeStore.Operations.Log;
using SafeStore.Operations.Sandboxes;
using SafeStore.Operations.Status;
using SafeStore.Operations.Verify;
using SafeStore.Operations.Watch;

namespace SafeStore.Operations;

/// <summary>
/// A store that is looked at and not opened: nothing is written, no lock is taken that another process would wait for, and none is waited
/// for. What is missing, damaged, of a newer format or not to be read is told, and hides nothing else. Dispose it to close the directories.
/// </summary>
public sealed class StoreView : IDisposable
{
    private readonly StoreLayout _layout;
    private readonly StoreOptions _options;
    private readonly ViewedRoot[] _roots;

    private StoreView(StoreLayout layout, StoreOptions options, ViewedRoot[] roots)
    {
        _layout = layout;
        _options = options;
        _roots = roots;
    }

    /// <summary>Starts to look at a store.</summary>
    /// <param name="layout">Where it lies.</param>
    /// <param name="options">Its options; of them only the filesystem and the limits count. Null for the default.</param>
    /// <exception cref="NotFoundException">There is no store.</exception>
    /// <exception cref="StorageException">The operating system does not let it be looked at.</exception>
    public static StoreView Open(StoreLayout layout, StoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        using var owned = new OwnedParts();
        ViewedRoot config = owned.Add(ViewedRoot.Open(options.FileSystemInUse, layout, StoreRoot.Config));
        ViewedRoot run = owned.Add(ViewedRoot.Open(options.FileSystemInUse, layout, StoreRoot.Run));
        if (!config.HasMark && !run.HasMark)
        {
            throw ViewedRoot.NotAStore(layout, config, run);
        }

        owned.Disown();
        return new StoreView(layout, options, [config, run]);
    }

    /// <summary>What state the store is in, and what is wrong with it.</summary>
    public StoreCondition ReadCondition() => Conditions().Read();

    /// <summary>
    /// What tells whether an open store is well, at a cost that does not grow with its sandboxes: it reads metadata, the sizes of the log's
    /// segments, and one segment. What is wrong further back in the log, or with a sandbox, it does not see.
    /// </summary>
    public StoreVitals ReadVitals() => new VitalsReader(_options, _roots).Read();

    /// <summary>All that can be told of the store, its sandboxes and its log.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public StoreReport ReadReport(CancellationToken cancellationToken = default) =>
        new ReportReader(_options, _roots, Lister(), Conditions()).Read(cancellationToken);

    /// <summary>The ids of all sandboxes, sorted.</summary>
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    public IReadOnlyList<string> ListSandboxes() => Lister().ListNames();

    /// <summary>A sandbox with its containers and documents, as far as it can be read.</summary>
    /// <param name="sandbox">Its id.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="NotFoundException">There is no such sandbox.</exception>
    public SandboxEntry ReadSandbox(string sandbox) => Lister().Read(Vocabulary.Identifier.CheckSandbox(sandbox, nameof(sandbox)));

    /// <summary>The documents of this name, one for each root that has it; none if there is none.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id; null for a document of the sandbox itself.</param>
    /// <param name="file">The file's name.</param>
    /// <exception cref="ArgumentException">A name is not allowed.</exception>
    /// <exception cref="StorageException">It cannot be looked at.</exception>
    public IReadOnlyList<DocumentId> FindDocuments(string sandbox, string? container, string file) =>
        Files().Find(sandbox, container, file);

    /// <summary>A document's bytes as they stand, also if they are not JSON.</summary>
    /// <param name="document">Which document.</param>
    /// <exception cref="NotFoundException">It does not exist.</exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public DocumentContent ReadDocument(DocumentId document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return Files().Read(document);
    }

    /// <summary>The paths of what lies in a sandbox or container and is neither a document nor the store's.</summary>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    internal IReadOnlyList<string> FindForeign(string sandbox, string? container) =>
    [
        .. _roots.Where(static root => root.Directory is not null).SelectMany(root =>
            new ForeignEntries(_options.FileSystemInUse).Find(root.Directory!, root.Root, sandbox, container)
                .Select(path => $"{root.Path}/{path}")),
    ];

    /// <summary>Looks whether a sandbox may be removed, as its removal does.</summary>
    /// <exception cref="PendingIntentsException">Something is to be undone in it, or what is there does not tell.</exception>
    /// <exception cref="StorageException">It could not be read.</exception>
    internal void CheckRemoval(string sandbox)
    {
        ViewedRoot config = Array.Find(_roots, static each => each.Root == StoreRoot.Config)!;
        new IntentRules(_options.FileSystemInUse, config.Directory ?? throw config.Failure!).CheckRemoval(sandbox);
    }

    /// <summary>Compares two sandboxes of the store by JSON value, as their files stand.</summary>
    /// <param name="sandbox">The left one's id.</param>
    /// <param name="other">The right one's id.</param>
    /// <exception cref="ArgumentException">An id is not allowed.</exception>
    /// <exception cref="NotFoundException">One of them does not exist.</exception>
    public SandboxDifference Compare(string sandbox, string other) =>
        new SandboxComparer(Side(), Side()).Compare(
            Vocabulary.Identifier.CheckSandbox(sandbox, nameof(sandbox)), Vocabulary.Identifier.CheckSandbox(other, nameof(other)),
            mustBothExist: true);

    /// <summary>Compares a sandbox with the one of its id in a tree, a backup for instance, by JSON value, as the files stand.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="tree">The tree, on the right.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="NotFoundException">Neither the store nor the tree has it.</exception>
    public SandboxDifference Compare(string sandbox, DocumentTree tree)
    {
        ArgumentNullException.ThrowIfNull(tree);
        Vocabulary.Identifier.CheckSandbox(sandbox, nameof(sandbox));
        return new SandboxComparer(Side(), tree.Side).Compare(sandbox, sandbox, mustBothExist: false);
    }

    /// <summary>What <see cref="StoreAccepting.AcceptAsync"/> would accept, or why it would not; nothing is written.</summary>
    /// <param name="document">Which document.</param>
    /// <param name="evenDamaged">Whether it may be one that is damaged.</param>
    /// <returns>What the document's stamp says of it.</returns>
    /// <exception cref="NotFoundException">It does not exist.</exception>
    /// <exception cref="DocumentStampException">It is damaged, and that is not to be accepted.</exception>
    /// <exception cref="DocumentCorruptException">It is not JSON that the store would write.</exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public StampCondition CheckAcceptance(DocumentId document, bool evenDamaged = false)
    {
        ArgumentNullException.ThrowIfNull(document);
        return Files().CheckAcceptance(document, evenDamaged);
    }

    /// <summary>The locks of the store and of its sandboxes that are held or waited for.</summary>
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    public IReadOnlyList<LockEntry> ReadLocks() => new LockReader(_options.FileSystemInUse, _roots, Lister()).Read();

    /// <summary>
    /// The transactions in the log, oldest first, those that the documents need no longer among them. A segment that is damaged ends early.
    /// </summary>
    /// <param name="from">The first to show.</param>
    /// <exception cref="StorageException">The log cannot be read.</exception>
    public IEnumerable<LoggedTransaction> ReadLog(Lsn from = default) => new TransactionReader(_options, _roots[0]).Read(from);

    /// <summary>
    /// The transactions in the log as <see cref="ReadLog"/> gives them, and then further ones as they are written, also before they are
    /// durable. Looks at the log every 50 ms.
    /// </summary>
    /// <param name="from">The first to give; null for the oldest that the log holds.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ChangesNotInLogException">
    /// The log does not hold the transactions from there on, or a checkpoint has released what was not read yet.
    /// </exception>
    /// <exception cref="LogCorruptException">The log is damaged.</exception>
    /// <exception cref="StorageException">The log cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IAsyncEnumerable<LoggedTransaction> FollowLogAsync(Lsn? from = null, CancellationToken cancellationToken = default) =>
        new TransactionReader(_options, _roots[0]).FollowAsync(from, cancellationToken);

    /// <summary>
    /// The committed changes in the order of their LSNs, as <see cref="StoreWatching.WatchAsync"/> gives them, for a store that is not
    /// opened. It looks every 50 ms, and finishes nothing: it waits where a dead process has left a transaction unfinished, until a process
    /// that has the store open finishes that.
    /// </summary>
    /// <param name="from">The first to give; null for what is committed from now on.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="NotFoundException">A root is not there.</exception>
    /// <exception cref="ChangesNotInLogException">The log does not hold the changes from there on, or not any more.</exception>
    /// <exception cref="LogCorruptException">The log is damaged.</exception>
    /// <exception cref="StoreFaultedException">The store is faulted, and says so to those who may read its words.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IAsyncEnumerable<StoreChange> WatchAsync(Lsn? from = null, CancellationToken cancellationToken = default) =>
        new ViewedChanges(_options, _roots).WatchAsync(from, cancellationToken);

    /// <summary>
    /// Verifies the store: documents, lock words, metadata and log, modes and owners, and that nothing else lies there. What has findings
    /// is looked at again, since processes may write meanwhile. The enumeration does the work.
    /// </summary>
    /// <param name="options">What to look at, and how; null for all of the store.</param>
    /// <param name="cancellationToken">Ends it between two sandboxes.</param>
    /// <returns>What is found: of the store first, then sandbox by sandbox.</returns>
    /// <exception cref="ArgumentException">A sandbox's id is not allowed, or <see cref="VerifyOptions.Parallel"/> is.</exception>
    /// <exception cref="NotFoundException">A sandbox that is to be looked at does not exist.</exception>
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IEnumerable<Finding> Verify(VerifyOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new VerifyOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Parallel, nameof(VerifyOptions.Parallel));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Parallel, VerifyOptions.ParallelMax, nameof(VerifyOptions.Parallel));
        if (options.Sandboxes.Count > 0)
        {
            var all = Lister().ListNames().ToHashSet(StringComparer.Ordinal);
            string? missing = options.Sandboxes.FirstOrDefault(
                sandbox => !all.Contains(Vocabulary.Identifier.CheckSandbox(sandbox, nameof(options))));
            if (missing is not null)
            {
                throw new NotFoundException("sandbox", missing);
            }
        }

        return new StoreVerifier(_layout, _options, _roots, Lister(), Conditions).Run(options, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_roots, static root => root.Dispose());

    private ComparedSide Side() => new(Lister(), Files());

    private SandboxLister Lister() => new(_options.FileSystemInUse, _roots);

    private DocumentFiles Files() => new(_options, _roots);

    private ConditionReader Conditions() => new(_layout, _options, _roots);
}
