using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Changes;
using SafeStore.Commit;
using SafeStore.Operations.Log;

namespace SafeStore.Operations;

/// <summary>What <see cref="StoreWatching.FollowAsync"/> gives: one of the four types that derive from it.</summary>
public abstract record FollowItem
{
    private protected FollowItem()
    {
    }
}

/// <summary>A sandbox as it was when it was listed: changes of it that come later build on that.</summary>
/// <param name="Snapshot">Its documents and its version.</param>
public sealed record ListedSandbox(SandboxSnapshot Snapshot) : FollowItem;

/// <summary>
/// A sandbox that could not be read when it was listed, since it was locked for too long, or something in it keeps its transactions from
/// being finished. Its changes come nevertheless; read it with <see cref="StateStore.SnapshotAsync"/> when that is mended.
/// </summary>
/// <param name="Sandbox">The sandbox's id.</param>
/// <param name="Error">Why it could not be read.</param>
public sealed record UnreadableSandbox(string Sandbox, SafeStoreException Error) : FollowItem;

/// <summary>All sandboxes have been given; from here on come changes.</summary>
/// <param name="Lsn">
/// Changes up to this LSN are in what was given. To go on later, watch from the LSN after the last change that was given, or else after
/// this one.
/// </param>
public sealed record ListingEnd(Lsn Lsn) : FollowItem;

/// <summary>A transaction: committed, durable and visible. It is changed as a whole, and comes once.</summary>
/// <param name="Lsn">Its LSN.</param>
/// <param name="Sandboxes">What it does, sandbox by sandbox.</param>
public sealed record StoreChange(Lsn Lsn, IReadOnlyList<ChangedSandbox> Sandboxes) : FollowItem
{
    internal static StoreChange Of(CommittedChange change) => new(
        change.Lsn, [.. change.Plans.Select(plan => ChangedSandbox.Of(plan, change.HeldUp.Contains(plan.Sandbox)))]);
}

/// <summary>What a transaction does to one sandbox.</summary>
/// <param name="Sandbox">The sandbox's id.</param>
/// <param name="Kind">What it does to the sandbox as a whole.</param>
public sealed record ChangedSandbox(string Sandbox, LoggedKind Kind)
{
    /// <summary>
    /// Whether something in the sandbox keeps the files from showing it: it is durable and stands, and is parked or will be.
    /// </summary>
    public bool IsHeldUp { get; init; }

    /// <summary>The containers that it removes, with all that is in them.</summary>
    public IReadOnlyList<string> RemovedContainers { get; init; } = [];

    /// <summary>The containers that it creates.</summary>
    public IReadOnlyList<string> CreatedContainers { get; init; } = [];

    /// <summary>The documents that it deletes.</summary>
    public IReadOnlyList<DocumentId> Deletes { get; init; } = [];

    /// <summary>The documents that it writes, with their new content.</summary>
    public IReadOnlyList<WrittenDocument> Puts { get; init; } = [];

    internal static ChangedSandbox Of(SandboxPlan plan, bool isHeldUp) => new(plan.Sandbox, PlanText.KindOf(plan))
    {
        IsHeldUp = isHeldUp,
        RemovedContainers = plan.RemovedContainers,
        CreatedContainers = plan.CreatedContainers,
        Deletes = [.. plan.Deletes.Select(key => PlanText.IdOf(plan, key))],
        Puts = [.. plan.Puts.Select(put => new WrittenDocument(PlanText.IdOf(plan, put.Key), put.Content))],
    };
}

/// <summary>A document that a transaction writes.</summary>
/// <param name="Document">Which document.</param>
/// <param name="Content">Its bytes.</param>
public sealed record WrittenDocument(DocumentId Document, ReadOnlyMemory<byte> Content);
