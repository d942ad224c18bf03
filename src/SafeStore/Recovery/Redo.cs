using System;
using System.Collections.Generic;
using SafeStore.Commit;
using SafeStore.Log;

namespace SafeStore.Recovery;

/// <summary>
/// What a sequence of transactions leaves of a sandbox: each path's last operation. Recovery applies it instead of the transactions
/// one by one, so that its work is bounded by what there is, not by how often it changed.
/// </summary>
internal sealed class Redo(string sandbox)
{
    private readonly Dictionary<string, RedoContainer> _containers = new(StringComparer.Ordinal);
    private readonly Dictionary<DocumentKey, RedoDocument> _documents = [];
    private readonly List<(SandboxPlan Plan, CommitRecord Record)> _transactions = [];

    public string Sandbox => sandbox;

    /// <summary>The transactions, in order.</summary>
    public IReadOnlyList<(SandboxPlan Plan, CommitRecord Record)> Transactions => _transactions;

    /// <summary>The version before the first transaction, or a later one: a word with this LSN leads to all of them.</summary>
    public Lsn Before => _transactions[0].Record.Lsn.Previous;

    /// <summary>The LSN of its last transaction.</summary>
    public Lsn Last { get; private set; }

    /// <summary>The LSN of the last of them that was of several sandboxes; 0 if none was.</summary>
    public Lsn OfSeveral { get; private set; }

    /// <summary>Whether it exists in the end.</summary>
    public bool Exists { get; private set; } = true;

    /// <summary>Whether its creation is among the transactions: then everything that it has is too.</summary>
    public bool IsCreated { get; private set; }

    /// <summary>
    /// Whether it was removed and then created again: what is on the disk may be of the old one, so documents and containers that the new
    /// one does not have must go.
    /// </summary>
    public bool IsReplaced { get; private set; }

    /// <summary>The roots in which the last creation or removal happened.</summary>
    public SegmentHeader? Segment { get; private set; }

    public IReadOnlyDictionary<string, RedoContainer> Containers => _containers;

    /// <summary>The last content of each document, null if it was deleted, and the identity of the root that it was meant for.</summary>
    public IReadOnlyDictionary<DocumentKey, RedoDocument> Documents => _documents;

    public void Add(SandboxPlan plan, CommitRecord record)
    {
        _transactions.Add((plan, record));
        if (plan.Kind != PlanKind.Update)
        {
            _containers.Clear();
            _documents.Clear();
            IsReplaced = plan.Kind == PlanKind.Create && Last.Value > 0; // any earlier one, removed by us or by another program
            IsCreated = plan.Kind == PlanKind.Create;
            Exists = IsCreated;
            Segment = record.Segment;
        }
        else if (!Exists)
        {
            // Another program has made it again since, and its users have gone on from there.
            (Exists, IsCreated, IsReplaced, Segment) = (true, false, false, null);
        }

        foreach (string container in plan.RemovedContainers)
        {
            Forget(container);
            _containers[container] = new RedoContainer(Exists: false, IsReplaced: false, record.Segment);
        }

        foreach (string container in plan.CreatedContainers)
        {
            bool isReplaced = _containers.ContainsKey(container);
            Forget(container);
            _documents.Remove(new DocumentKey(StoreRoot.Config, null, container));
            _documents.Remove(new DocumentKey(StoreRoot.Run, null, container));
            _containers[container] = new RedoContainer(Exists: true, isReplaced || IsReplaced, record.Segment);
        }

        foreach (DocumentPut put in plan.Puts)
        {
            Revive(put.Key.Container);
            _documents[put.Key] = new RedoDocument(put.Content, record.Segment.IdentityOf(put.Key.Root), record.Lsn);
        }

        foreach (DocumentKey key in plan.Deletes)
        {
            Revive(key.Container);
            _documents[key] = new RedoDocument(null, record.Segment.IdentityOf(key.Root), record.Lsn);
        }

        Last = record.Lsn;
        OfSeveral = plan.IsOfSeveral ? record.Lsn : OfSeveral;
    }

    /// <summary>A removed container that a later transaction uses was made again by another program, or it could not.</summary>
    private void Revive(string? container)
    {
        if (container is not null && _containers.TryGetValue(container, out RedoContainer? removed) && !removed.Exists)
        {
            _containers.Remove(container);
        }
    }

    private void Forget(string container)
    {
        foreach (DocumentKey key in new List<DocumentKey>(_documents.Keys))
        {
            if (key.Container == container)
            {
                _documents.Remove(key);
            }
        }
    }
}

/// <summary>What becomes of a container.</summary>
internal sealed record RedoContainer(bool Exists, bool IsReplaced, SegmentHeader Segment);

/// <summary>What becomes of a document.</summary>
/// <param name="Content">Its bytes; null if it is deleted.</param>
/// <param name="Root">The identity of the root that it was meant for.</param>
/// <param name="Lsn">The transaction that does it.</param>
internal sealed record RedoDocument(ReadOnlyMemory<byte>? Content, Guid Root, Lsn Lsn);
