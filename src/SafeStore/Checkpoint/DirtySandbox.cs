using System.Collections.Generic;
using SafeStore.Commit;

namespace SafeStore.Checkpoint;

/// <summary>What the transactions of some segments touched in one sandbox, and a checkpoint has to make durable.</summary>
internal sealed class DirtySandbox(string sandbox)
{
    private readonly HashSet<DocumentKey> _documents = [];
    private HashSet<(StoreRoot Root, string Container)>? _made;
    private (SandboxPlan Plan, Lsn Lsn)? _undecided;

    public string Sandbox => sandbox;

    /// <summary>The LSN of the last of them.</summary>
    public Lsn Last { get; private set; }

    /// <summary>The LSN in the sandbox's lock word when it was looked at: all up to it has been published, or aborted.</summary>
    public Lsn Published { get; set; }

    /// <summary>The documents that were written or deleted.</summary>
    public IReadOnlyCollection<DocumentKey> Documents => _documents;

    /// <summary>Whether the sandbox itself or a container of it was made or removed, hence a name in the roots, their stage/ or their trash/ changed.</summary>
    public bool IsMadeOrRemoved { get; private set; }

    /// <summary>Whether the lock file's word counts: no record that stays in the log has a later one.</summary>
    public bool HasLastWord { get; private set; } = true;

    public void Add(SandboxPlan plan, Lsn lsn)
    {
        if (plan.Kind == PlanKind.Abort)
        {
            return;
        }

        Last = lsn;
        IsMadeOrRemoved |= MakesOrRemoves(plan);
        foreach (DocumentPut put in plan.Puts)
        {
            _ = _documents.Add(put.Key);
        }

        foreach (DocumentKey key in plan.Deletes)
        {
            _ = _documents.Add(key);
        }

        foreach (string container in plan.CreatedContainers)
        {
            _made ??= [];
            _ = _made.Add((StoreRoot.Config, container));
            _ = _made.Add((StoreRoot.Run, container));
        }
    }

    public void Add(DirtySandbox other)
    {
        Last = Lsn.Max(Last, other.Last);
        Published = Lsn.Max(Published, other.Published);
        IsMadeOrRemoved |= other.IsMadeOrRemoved;
        _documents.UnionWith(other._documents);
        if (other._made is { } made)
        {
            (_made ??= []).UnionWith(made);
        }
    }

    /// <summary>
    /// Forgets what later, durable records write or delete again, one by one, oldest first. None counts before it is known that it was not aborted: by the next one, which comes after the end of this one, or by the lock word.
    /// </summary>
    public void AddLater(SandboxPlan later, Lsn lsn)
    {
        if (later.Kind == PlanKind.Abort)
        {
            _undecided = _undecided?.Lsn == later.Aborted ? null : _undecided;
            return;
        }

        if (_undecided is { } before)
        {
            DropRewritten(before.Plan);
        }

        _undecided = (later, lsn);
    }

    /// <summary>No later one comes.</summary>
    public void EndLater()
    {
        if (_undecided is { } last && last.Lsn == Published)
        {
            DropRewritten(last.Plan);
        }

        _undecided = null;
    }

    /// <summary>Adds the directories, the sandbox's own (null) and its containers', in which a name may have changed.</summary>
    public void CollectDirectories(HashSet<(StoreRoot Root, string? Container)> directories)
    {
        foreach ((StoreRoot root, string container) in _made ?? [])
        {
            _ = directories.Add((root, container));
        }

        foreach (DocumentKey key in _documents)
        {
            // The sandbox's own too: the container may have been made in it for this.
            _ = directories.Add((key.Root, key.Container));
            _ = directories.Add((key.Root, null));
        }

        if (IsMadeOrRemoved)
        {
            _ = directories.Add((StoreRoot.Config, null));
            _ = directories.Add((StoreRoot.Run, null));
        }
    }

    /// <summary>Not the directories that were made or removed: the record may need them.</summary>
    private void DropRewritten(SandboxPlan later)
    {
        HasLastWord = false;

        // One that makes a sandbox or container tells that an earlier one, of which these records know, has gone: that is to be durable when they are.
        IsMadeOrRemoved |= MakesOrRemoves(later);
        foreach (DocumentPut put in later.Puts)
        {
            _ = _documents.Remove(put.Key);
        }

        foreach (DocumentKey key in later.Deletes)
        {
            _ = _documents.Remove(key);
        }
    }

    private static bool MakesOrRemoves(SandboxPlan plan) => plan.Kind != PlanKind.Update || plan.CreatedContainers.Length + plan.RemovedContainers.Length > 0;
}
