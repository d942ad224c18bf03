using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Operations.Backups;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations;

/// <summary>
/// Brings sandboxes of a backup into a store, by transactions, while other processes use it; makes the store if there is none. May be
/// killed and repeated: what is there already is the same.
/// </summary>
public static class BackupRestore
{
    private const int DocumentBytesMax = 64 * 1024 * 1024;
    private const int TogetherSandboxesMax = 256;
    private const long TogetherBytesMax = 64 * 1024 * 1024;

    /// <summary>
    /// Restores. All that is to be restored is read and checked first, and nothing is changed if some of it is damaged, or differs and may
    /// not be replaced. Up to 256 sandboxes of 64 MiB together are one transaction; more are one each, in the order of their ids. Each is
    /// durable when it is given.
    /// </summary>
    /// <param name="backup">The path of a single backup.</param>
    /// <param name="store">Where the store lies. Sandboxes that the backup does not have stay as they are.</param>
    /// <param name="options">What to do; null for the default.</param>
    /// <param name="storeOptions">How the store is opened; null for the default.</param>
    /// <param name="cancellationToken">Ends it between two transactions.</param>
    /// <returns>What was done, sandbox by sandbox, sorted; first those that are left out.</returns>
    /// <exception cref="NotFoundException">There is no such backup, or it has not one of the sandboxes.</exception>
    /// <exception cref="BackupException">
    /// The backup is damaged, or has a document that was damaged in the store; or a sandbox exists and differs. Nothing was changed.
    /// </exception>
    /// <exception cref="LockTimeoutException">A sandbox was not free in time; what was given is restored, the others are not.</exception>
    /// <exception cref="SafeStoreException">
    /// As from <see cref="StateStore.OpenAsync"/> and <see cref="Transaction.CommitAsync"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async IAsyncEnumerable<RestoredSandbox> RunAsync(
        string backup, StoreLayout store, RestoreOptions? options = null, StoreOptions? storeOptions = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(backup);
        ArgumentNullException.ThrowIfNull(store);
        options ??= new RestoreOptions();
        storeOptions = (storeOptions ?? new StoreOptions()) with { DocumentBytesMax = DocumentBytesMax };
        using StoredBackup stored = StoredBackup.Open(storeOptions.FileSystemInUse, LinuxPath.GetFullPath(backup));
        List<ManifestSandbox> chosen = Choose(stored, options, backup);
        int all = chosen.Count;
        int done = 0;
        foreach (ManifestSandbox sandbox in chosen.ToList())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (SandboxContents.FindDamage(stored, sandbox) is { } damage)
            {
                yield return !options.SkipDamaged ? throw damage : new RestoredSandbox(sandbox.Sandbox, RestoredKind.Damaged)
                {
                    Damage = new StoreProblem(damage.Code, damage.Message),
                };
                chosen.Remove(sandbox);
            }

            options.Progress?.Report(new BackupProgress(++done, all));
        }

        if (options.IsDryRun && !IsMade(storeOptions.FileSystemInUse, store))
        {
            foreach (ManifestSandbox sandbox in chosen)
            {
                yield return SandboxContents.Read(stored, sandbox).CompareWith(null);
            }

            yield break;
        }

        StoreOpening opening = options.IsDryRun ? StoreOpening.ReadOnly : StoreOpening.OpenOrCreate; // also what a killed one began to make
        await using StateStore opened = await StateStore.OpenAsync(
            store, storeOptions with { Opening = opening }, cancellationToken).ConfigureAwait(false);
        if (!options.Replace && !options.IsDryRun)
        {
            RefuseToReplace(stored, chosen, opened);
        }

        done = 0;
        using RootSet? roots = options.IsDryRun ? null : RootSet.Open(storeOptions.FileSystemInUse, store, storeOptions);
        using KeptCopies? kept =
            roots is null ? null : new KeptCopies(roots, storeOptions.TimeProvider.GetUtcNow(), $"restore of {stored.Path}");
        foreach (ManifestSandbox[] together in options.IsDryRun ? [] : Group(chosen))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (RestoredSandbox restored in await RestoreAsync(stored, together, opened, options, kept!, cancellationToken)
                .ConfigureAwait(false))
            {
                yield return restored;
            }

            options.Progress?.Report(new BackupProgress(done += together.Length, chosen.Count));
        }

        HashSet<string> existing = [.. opened.ListSandboxes()];
        foreach (ManifestSandbox sandbox in options.IsDryRun ? chosen : [])
        {
            yield return Compare(stored, sandbox, opened, existing);
        }
    }

    /// <summary>A store that was not made to its end has its document and no log yet, and no sandbox.</summary>
    private static bool IsMade(IDurableFileSystem fs, StoreLayout store)
    {
        bool exists = StoreMetadata.Exists(fs, store);
        bool hasLog = fs.Files.Directory.Exists($"{store.ConfigMetadata}/{LogDirectory.DirectoryName}");
        return exists || !hasLog ? exists && hasLog : throw new StoreMetadataException(
            $"{store.ConfigMetadata}/{StoreDocument.FileName}",
            "it is missing although there is a log. Restore it from a backup, or run 'safestore repair'");
    }

    private static RestoredSandbox Compare(
        StoredBackup stored, ManifestSandbox sandbox, StateStore store, HashSet<string> existing) =>
        SandboxContents.Read(stored, sandbox).CompareWith(existing.Contains(sandbox.Sandbox) ? store : null);

    private static List<ManifestSandbox> Choose(StoredBackup stored, RestoreOptions options, string path)
    {
        foreach (string sandbox in options.Sandboxes ?? [])
        {
            Identifier.CheckSandbox(sandbox, nameof(options));
            if (!stored.Manifest.Sandboxes.Any(each => each.Sandbox == sandbox))
            {
                throw new NotFoundException("sandbox", sandbox, $"The backup '{path}' does not have it.");
            }
        }

        return [.. stored.Manifest.Sandboxes.Where(each => options.Sandboxes?.Contains(each.Sandbox) != false)];
    }

    private static void RefuseToReplace(StoredBackup stored, List<ManifestSandbox> chosen, StateStore store)
    {
        HashSet<string> existing = [.. store.ListSandboxes()];
        string[] different = [.. chosen.Where(each => Compare(stored, each, store, existing).Kind == RestoredKind.Changed)
            .Select(static each => each.Sandbox)];
        if (different.Length > 0)
        {
            throw Different(different);
        }
    }

    private static BackupException Different(string[] sandboxes) => new(
        $"{sandboxes.Length} of the sandboxes exist and differ from the backup: {string.Join(", ", sandboxes.Take(10))}"
        + (sandboxes.Length > 10 ? " and others" : "") + ". Look at the difference (--dry-run); then replace them (--replace), or name the "
        + "sandboxes to restore.");

    private static IEnumerable<ManifestSandbox[]> Group(List<ManifestSandbox> chosen)
    {
        long bytes = chosen.Sum(static each => each.Documents.Sum(static document => document.Bytes));
        return chosen.Count is > 0 and <= TogetherSandboxesMax && bytes <= TogetherBytesMax ? [[.. chosen]]
            : chosen.Select(static each => new[] { each });
    }

    private static async ValueTask<RestoredSandbox[]> RestoreAsync(
        StoredBackup stored, ManifestSandbox[] sandboxes, StateStore store, RestoreOptions options, KeptCopies kept,
        CancellationToken cancellation)
    {
        HashSet<string> existing = [.. store.ListSandboxes().Intersect(sandboxes.Select(static each => each.Sandbox))];
        SandboxContents[] contents = [.. sandboxes.Select(each => SandboxContents.Read(stored, each))];
        await using SandboxLocks locks = await store.LockManyAsync(
            sandboxes.Select(each => new SandboxTarget(each.Sandbox, IsNew: !existing.Contains(each.Sandbox))),
            cancellationToken: cancellation).ConfigureAwait(false);
        RestoredSandbox[] restored =
            [.. contents.Zip(sandboxes, (each, of) => each.CompareWith(existing.Contains(of.Sandbox) ? store : null))];
        if (!options.Replace && restored.Where(static each => each.Kind == RestoredKind.Changed).ToList() is { Count: > 0 } different)
        {
            throw Different([.. different.Select(static each => each.Sandbox)]);
        }

        Transaction change = locks.Change();
        for (int i = 0; i < contents.Length; i++)
        {
            contents[i].Put(change.For(sandboxes[i].Sandbox), restored[i]);
        }

        if (Array.TrueForAll(restored, static each => each.Kind == RestoredKind.Same))
        {
            return restored;
        }

        IReadOnlyList<string> quarantines = kept.Keep(restored);
        Lsn lsn = await change.CommitAsync(cancellation).ConfigureAwait(false);
        return Array.ConvertAll(restored, each => each.Kind switch
        {
            RestoredKind.Same => each,
            RestoredKind.Changed => each with { Lsn = lsn, Quarantines = quarantines },
            _ => each with { Lsn = lsn },
        });
    }
}
