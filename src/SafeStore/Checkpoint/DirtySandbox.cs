using System.Collections.Generic;
using SafeStore.Commit;

namespace SafeStore.Checkpoint;

/// <summary>What the transactions of some segments wrote in one sandbox, and a checkpoint has to make durable.</summary>
internal sealed class DirtySandbox(string sandbox)
{
    private readonly HashSet<DocumentKey> _documents = [];
    private readonly HashSet<(StoreRoot Root, string Container)> _made = [];

    public string Sandbox => sandbox;

    /// <summary>The LSN of the last of them.</summary>
    public Lsn Last { get; private set; }

    /// <summary>The documents that were written or deleted.</summary>
    public IReadOnlyCollection<DocumentKey> Documents => _documents;

    /// <summary>Whether the sandbox itself or a container of it was made or removed.</summary>
    public bool IsMadeOrRemoved { get; private set; }

    public void Add(SandboxPlan plan, Lsn lsn)
    {
        Last = lsn;
        IsMadeOrRemoved |= plan.Kind != PlanKind.Update || plan.CreatedContainers.Length + plan.RemovedContainers.Length > 0;
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
            _ = _made.Add((StoreRoot.Config, container));
            _ = _made.Add((StoreRoot.Run, container));
        }
    }

    /// <summary>One whose transactions are not known: but for the lock word, they were made durable when they were applied.</summary>
    public static DirtySandbox OfParked(string sandbox, Lsn last) => new(sandbox) { Last = last };

    /// <summary>Adds what other segments wrote.</summary>
    public void Add(DirtySandbox other)
    {
        Last = Lsn.Max(Last, other.Last);
        IsMadeOrRemoved |= other.IsMadeOrRemoved;
        _documents.UnionWith(other._documents);
        _made.UnionWith(other._made);
    }

    /// <summary>Adds the directories, the sandbox's own (null) and its containers', in which a name may have changed.</summary>
    public void CollectDirectories(HashSet<(StoreRoot Root, string? Container)> directories)
    {
        foreach ((StoreRoot root, string container) in _made)
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
}
