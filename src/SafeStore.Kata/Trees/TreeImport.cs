using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// Copies a container runtime's tree into a store: each sandbox in one transaction, its documents byte for byte. The tree is not touched.
/// May be killed and repeated: what is in the store already is compared and left as it is. A sandbox that Kata's successor wrote
/// (<c>persist.json</c>) gets the documents of the model too.
/// </summary>
public sealed class TreeImport
{
    private readonly StoreLayout _layout;
    private readonly StoreOptions _options;
    private readonly DocumentReading _reading;
    private readonly PersistTranslation _persist;

    /// <summary>An import into a store.</summary>
    /// <param name="layout">Where the store lies, or is to be made.</param>
    /// <param name="options">
    /// How the store works; null for the defaults. Documents up to <see cref="StoreOptions.DocumentBytesMax"/> are imported.
    /// </param>
    /// <param name="model">Which documents are which type; null for the model with the built-in kinds.</param>
    public TreeImport(StoreLayout layout, StoreOptions? options = null, SandboxModel? model = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        _layout = layout;
        _options = options ?? new StoreOptions();
        _reading = new DocumentReading(model);
        _persist = new PersistTranslation(model ?? SandboxModel.Default);
    }

    /// <summary>
    /// Whether it only tells what it would do; then nothing at all is written. What is in the store is read without recovering it.
    /// </summary>
    public bool IsDryRun { get; init; }

    /// <summary>
    /// Whether the bytes of damaged, too large and oddly named files are copied into <c>quarantine</c> in the config root's metadata
    /// directory.
    /// </summary>
    public bool Quarantines { get; init; }

    /// <summary>
    /// Whether a sandbox is imported although not every file of it can be: one is damaged, say, or lies in a directory of an odd name.
    /// Otherwise only <see cref="Quarantines"/> lets it in, which keeps a copy of the rest.
    /// </summary>
    public bool ImportsInPart { get; init; }

    /// <summary>
    /// Imports a tree. The work is done as the reports are asked for, sandbox by sandbox; a sandbox's reports come when it is durable.
    /// </summary>
    /// <param name="source">The tree.</param>
    /// <param name="cancellationToken">Ends it between two sandboxes.</param>
    /// <exception cref="ArgumentException">The tree lies inside the store, or an option is out of its range.</exception>
    /// <exception cref="StorageException">A root of the tree cannot be listed, or the operating system refused to write.</exception>
    /// <exception cref="SafeStoreException">
    /// The store cannot be opened (<see cref="StateStore.OpenAsync"/>), a sandbox not locked, or a transaction not committed
    /// (<see cref="Transaction.CommitAsync"/>).
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async IAsyncEnumerable<FileReport> RunAsync(
        TreeRoots source, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        source.ThrowIfInside(_layout);
        TreeReader reader = ReaderOf(source);
        (IReadOnlyList<string> sandboxes, IReadOnlyList<SourceFile> others) = reader.List();
        await using StateStore? store = IsDryRun ? null
            : await StateStore.OpenAsync(_layout, _options, cancellationToken).ConfigureAwait(false);
        foreach (FileReport other in SetAside(reader, others, [.. others.Select(static other => other.Report)]))
        {
            yield return other;
        }

        foreach (string id in sandboxes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SourceSandbox sandbox = _persist.Translate(reader.Read(id));
            foreach (FileReport report in store is null ? Foresee(sandbox)
                : await ImportAsync(store, reader, sandbox, cancellationToken).ConfigureAwait(false))
            {
                yield return report;
            }
        }
    }

    private TreeReader ReaderOf(TreeRoots roots) => new(_options.FileSystemInUse, roots, _reading, _options.DocumentBytesMax);

    private async ValueTask<IReadOnlyList<FileReport>> ImportAsync(
        StateStore store, TreeReader reader, SourceSandbox sandbox, CancellationToken cancellation)
    {
        if (!MayBeMade(sandbox))
        {
            return await TryCompareAsync(store, sandbox, cancellation).ConfigureAwait(false) ?? AllLeftOut(sandbox);
        }

        IReadOnlyList<FileReport> reports = await TryCreateAsync(store, sandbox, cancellation).ConfigureAwait(false)
            ?? await TryCompareAsync(store, sandbox, cancellation).ConfigureAwait(false)
            // It was there by half, and its lock has undone the rest.
            ?? await TryCreateAsync(store, sandbox, cancellation).ConfigureAwait(false)
            ?? throw new StorageException("import a sandbox that appears and disappears", $"{_layout.Run}/{sandbox.Id}", Errno.Exists);
        return SetAside(reader, sandbox.Files, reports);
    }

    /// <summary>A sandbox that lacks some of its files may name containers that are not there.</summary>
    private bool MayBeMade(SourceSandbox sandbox) =>
        ImportsInPart || Quarantines || !sandbox.Files.Any(static file => file.Report.IsFinding);

    /// <summary>Makes the sandbox; null if it is there already.</summary>
    private static async ValueTask<IReadOnlyList<FileReport>?> TryCreateAsync(
        StateStore store, SourceSandbox sandbox, CancellationToken cancellation)
    {
        try
        {
            await using SandboxLock created = await store.LockNewAsync(sandbox.Id, cancellationToken: cancellation).ConfigureAwait(false);
            SandboxChange change = created.Change();
            foreach (string container in sandbox.Containers)
            {
                change.CreateContainer(container);
            }

            foreach (SourceFile file in sandbox.Files)
            {
                if (file.Document is { } document)
                {
                    change.PutJson(document.Root, document.Container, document.File, file.Bytes);
                }
            }

            await change.CommitAsync(cancellation).ConfigureAwait(false);
        }
        catch (AlreadyExistsException)
        {
            return null;
        }

        return AllImported(sandbox);
    }

    /// <summary>Compares the sandbox with the store's; null if that is gone.</summary>
    private static async ValueTask<IReadOnlyList<FileReport>?> TryCompareAsync(
        StateStore store, SourceSandbox sandbox, CancellationToken cancellation)
    {
        try
        {
            await using SandboxLock held =
                await store.LockAsync(sandbox.Id, LockMode.Shared, cancellationToken: cancellation).ConfigureAwait(false);
            return SandboxComparison.Compare(
                sandbox,
                store.ReadAllJson(sandbox.Id).ToDictionary(static result => result.Document, static result => result.Value),
                held.ListContainers());
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    /// <summary>What an import would do, from the store's plain files.</summary>
    private IReadOnlyList<FileReport> Foresee(SourceSandbox sandbox)
    {
        TreeReader reader = ReaderOf(new TreeRoots(_layout.Config, _layout.Run));
        if (!reader.Exists(sandbox.Id))
        {
            return MayBeMade(sandbox) ? AllImported(sandbox) : AllLeftOut(sandbox);
        }

        SourceSandbox there = reader.Read(sandbox.Id);
        return SandboxComparison.Compare(
            sandbox,
            there.Files.Where(static file => file.Bytes is not null || file.Report.IsFinding)
                .Where(static file => file.Report is { File: not null, Outcome: not FileOutcome.OddName })
                .ToDictionary(static file => TreeReader.IdOf(file), static file => file.Bytes),
            there.Containers);
    }

    private static IReadOnlyList<FileReport> AllImported(SourceSandbox sandbox) => AllAs(sandbox, FileOutcome.Imported, null);

    private static IReadOnlyList<FileReport> AllLeftOut(SourceSandbox sandbox) =>
        AllAs(sandbox, FileOutcome.LeftOut,
            "another file of its sandbox cannot be imported, and a part of a sandbox is not imported unless asked for");

    private static IReadOnlyList<FileReport> AllAs(SourceSandbox sandbox, FileOutcome outcome, string? reason) =>
        [.. sandbox.Files.Select(file => file.Document is null ? file.Report : file.Report with { Outcome = outcome, Reason = reason })];

    private IReadOnlyList<FileReport> SetAside(
        TreeReader reader, IReadOnlyList<SourceFile> files, IReadOnlyList<FileReport> reports)
    {
        if (!Quarantines || IsDryRun)
        {
            return reports;
        }

        var quarantine = new Quarantine(_options.FileSystemInUse, _layout.ConfigMetadata);
        ILookup<FileReport, SourceFile> bad = files
            .Where(static file => file.Report is
            {
                File: not null,
                Outcome: FileOutcome.Damaged or FileOutcome.TooLarge or FileOutcome.OddName
            })
            .ToLookup(static file => file.Report);
        return [.. reports.Select(report => bad[report].FirstOrDefault() is { } file ? quarantine.Copy(file, reader.Files) : report)];
    }
}
