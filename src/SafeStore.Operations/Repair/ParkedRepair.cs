using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Repair;

/// <summary>What is parked of a sandbox, and what a repair would do, or has done, about it.</summary>
/// <param name="Sandbox">Its id.</param>
/// <param name="Last">The last of its parked transactions.</param>
public sealed record ParkedRepairPlan(string Sandbox, Lsn Last)
{
    /// <summary>The paths of what is in the way and can be moved to a quarantine: no file where a document belongs, for instance.</summary>
    public IReadOnlyList<string> Obstacles { get; init; } = [];

    /// <summary>Each parked transaction, and how the documents stand to it; none if the record cannot be read.</summary>
    public IReadOnlyList<RepairLoss> Transactions { get; init; } = [];

    /// <summary>Why the record cannot be read, so that it can only be given up; null if it can.</summary>
    public string? Damage { get; init; }

    /// <summary>Where lies what was moved, or the record that was given up: one for each root; none until it was done.</summary>
    public IReadOnlyList<string> Quarantines { get; init; } = [];
}

/// <summary>
/// Applies or gives up transactions that are parked, since something in their sandbox is in the way of them, while other processes use the
/// store.
/// </summary>
public static class ParkedRepair
{
    /// <summary>What is parked, sandbox by sandbox. Opens nothing and changes nothing.</summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="options">Its options; null for the default.</param>
    /// <exception cref="NotFoundException">There is no store, or a root of it is missing.</exception>
    /// <exception cref="LogCorruptException">The watermark is damaged.</exception>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public static IReadOnlyList<ParkedRepairPlan> Examine(StoreLayout layout, StoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        using RootSet roots = RootSet.OpenToLook(options.FileSystemInUse, layout);
        var reader = new ParkedReader(layout, options, roots);
        return [.. reader.List().Select(reader.Read)];
    }

    /// <summary>
    /// Moves what is in the way to a quarantine, under the sandbox's lock, and publishes what is parked. Durable on return. Safe to kill
    /// and to repeat.
    /// </summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="options">How the store is opened; null for the default.</param>
    /// <param name="cancellationToken">Ends it before something is moved, or while it waits for a lock.</param>
    /// <returns>What was parked and is published; null if nothing of the sandbox is parked.</returns>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="NotFoundException">There is no store.</exception>
    /// <exception cref="LogCorruptException">The record is missing or damaged: it can only be given up.</exception>
    /// <exception cref="LockTimeoutException">The sandbox's lock was not free in time.</exception>
    /// <exception cref="StorageException">Something is in the way that cannot be moved: a mount, a right, a quota.</exception>
    /// <exception cref="SafeStoreException">As from <see cref="StateStore.OpenAsync"/>.</exception>
    public static async Task<ParkedRepairPlan?> ApplyAsync(
        StoreLayout layout, string sandbox, StoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        (layout, options) = Checked(layout, sandbox, options);
        StateStore store = await StateStore.OpenAsync(layout, options, cancellationToken).ConfigureAwait(false);
        await using (store.ConfigureAwait(false))
        {
            using RootSet roots = RootSet.Open(options.FileSystemInUse, layout, options);
            var reader = new ParkedReader(layout, options, roots);
            if (reader.Find(sandbox) is not { } entry)
            {
                return null;
            }

            ParkedRepairPlan plan = reader.Read(entry);
            plan = plan.Obstacles.Count == 0 ? plan
                : await ClearAsync(reader, roots, options, entry, cancellationToken).ConfigureAwait(false);
            try
            {
                SandboxLock held = await store.LockAsync(sandbox, cancellationToken: cancellationToken).ConfigureAwait(false);
                await held.DisposeAsync().ConfigureAwait(false); // to have it was to publish what was parked
            }
            catch (NotFoundException)
            {
                // It was its removal.
            }

            _ = await store.CheckpointAsync(cancellationToken).ConfigureAwait(false);
            return plan;
        }
    }

    /// <summary>
    /// Gives up what is parked: the documents stay as they stand, and the sandbox can be used again. The record goes to a quarantine.
    /// Durable on return. Safe to kill and to repeat.
    /// </summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="options">How the store is opened; null for the default.</param>
    /// <param name="cancellationToken">Ends it while it waits for a lock.</param>
    /// <returns>What was parked and is given up; null if nothing of the sandbox is parked.</returns>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="NotFoundException">There is no store.</exception>
    /// <exception cref="LockTimeoutException">The sandbox, or the checkpoint's turn, was not free in time.</exception>
    /// <exception cref="StorageException">The log still has the transactions (EBUSY), or the system refused a call.</exception>
    /// <exception cref="SafeStoreException">As from <see cref="StateStore.OpenAsync"/>.</exception>
    public static async Task<ParkedRepairPlan?> GiveUpAsync(
        StoreLayout layout, string sandbox, StoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        (layout, options) = Checked(layout, sandbox, options);
        StateStore store = await StateStore.OpenAsync(layout, options, cancellationToken).ConfigureAwait(false);
        await using (store.ConfigureAwait(false))
        {
            _ = await store.CheckpointAsync(cancellationToken).ConfigureAwait(false); // the log is to have nothing of it any more
            using RootSet roots = RootSet.Open(options.FileSystemInUse, layout, options);
            return await new ParkedSurrender(layout, options, roots).RunAsync(sandbox, cancellationToken).ConfigureAwait(false);
        }
    }

    private static (StoreLayout Layout, StoreOptions Options) Checked(StoreLayout layout, string sandbox, StoreOptions? options)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Identifier.CheckSandbox(sandbox, nameof(sandbox));
        return (layout, (options ?? new StoreOptions()) with { Opening = StoreOpening.MustExist });
    }

    private static async Task<ParkedRepairPlan> ClearAsync(
        ParkedReader reader, RootSet roots, StoreOptions options, ParkedEntry entry, CancellationToken cancellation)
    {
        using var held = new SandboxFlock(options, roots);
        await held.AcquireAsync(entry.Sandbox, cancellation).ConfigureAwait(false);
        ParkedRepairPlan plan = reader.Read(entry);
        var kept = new List<string>();
        DateTimeOffset now = options.TimeProvider.GetUtcNow();
        foreach (IGrouping<StoreRoot, ParkedObstacle> group in reader.FindObstacles(entry).GroupBy(static each => each.Root))
        {
            RootDirectory root = roots[group.Key];
            using var quarantine = new Quarantine(options.FileSystemInUse, root, now);
            foreach (ParkedObstacle each in group)
            {
                quarantine.Note(each.Name, each.Target, $"to be moved: {each.Kind}");
            }

            quarantine.Complete($"apply what is parked of sandbox {entry.Sandbox}", []);
            foreach (ParkedObstacle each in group)
            {
                using DirectoryHandle? parent = each.OpenParent(options.FileSystemInUse, root.Directory);
                quarantine.Move(parent ?? root.Directory, each.Name, each.Target);
            }

            kept.Add(quarantine.Directory.Path);
        }

        return plan with { Quarantines = kept };
    }
}
