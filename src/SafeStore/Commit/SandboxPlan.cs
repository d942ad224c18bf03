using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Commit;

/// <summary>What a transaction does to a sandbox as a whole. The numbers are part of the file format.</summary>
internal enum PlanKind : byte
{
    /// <summary>The sandbox exists and goes on existing.</summary>
    Update = 1,

    /// <summary>The sandbox is new.</summary>
    Create = 2,

    /// <summary>The sandbox is removed; there is nothing else in the plan.</summary>
    Remove = 3,
}

/// <summary>One document of a sandbox.</summary>
internal readonly record struct DocumentKey(StoreRoot Root, string? Container, string File);

/// <summary>One document's new content.</summary>
internal readonly record struct DocumentPut(DocumentKey Key, ReadOnlyMemory<byte> Content);

/// <summary>
/// A transaction's effect on one sandbox, reduced to what holds in the end: each document and each container appears once at most. It
/// is what a commit record carries, and all that publish, roll-forward and recovery need. (Arrays, which do not change: empty ones cost
/// nothing, and going through them allocates nothing.)
/// </summary>
internal sealed record SandboxPlan(
    string Sandbox,
    PlanKind Kind,
    string[] CreatedContainers,
    string[] RemovedContainers,
    DocumentPut[] Puts,
    DocumentKey[] Deletes)
{
    private const int IndexFrom = 16;

    private HashSet<string>? _created;
    private ILookup<string?, DocumentPut>? _putsByContainer;

    /// <summary>Whether the record that it was read from is of several sandboxes.</summary>
    public bool IsOfSeveral { get; init; }

    public bool IsEmpty =>
        Kind == PlanKind.Update && CreatedContainers.Length + RemovedContainers.Length + Puts.Length + Deletes.Length == 0;

    /// <summary>Whether the plan creates a container.</summary>
    public bool Creates(string container) => CreatedContainers.Length < IndexFrom
        ? Array.IndexOf(CreatedContainers, container) >= 0
        : (_created ??= new HashSet<string>(CreatedContainers, StringComparer.Ordinal)).Contains(container);

    /// <summary>The new documents of a container, or of the sandbox itself (null), in a root.</summary>
    public IEnumerable<DocumentPut> PutsInto(StoreRoot root, string? container)
    {
        IEnumerable<DocumentPut> puts = CreatedContainers.Length < IndexFrom
            ? Puts.Where(put => put.Key.Container == container)
            : (_putsByContainer ??= Puts.ToLookup(static put => put.Key.Container, StringComparer.Ordinal))[container];
        return puts.Where(put => put.Key.Root == root);
    }

    /// <summary>Whether the plan changes anything in a root.</summary>
    public bool Touches(StoreRoot root)
    {
        bool touches = Kind != PlanKind.Update || CreatedContainers.Length + RemovedContainers.Length > 0;
        for (int i = 0; i < Puts.Length && !touches; i++)
        {
            touches = Puts[i].Key.Root == root;
        }

        for (int i = 0; i < Deletes.Length && !touches; i++)
        {
            touches = Deletes[i].Root == root;
        }

        return touches;
    }
}
