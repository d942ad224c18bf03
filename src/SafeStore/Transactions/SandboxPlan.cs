using System;
using System.Collections.Generic;

namespace SafeStore.Transactions;

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
internal sealed record DocumentPut(DocumentKey Key, ReadOnlyMemory<byte> Content);

/// <summary>
/// A transaction's effect on one sandbox, reduced to what holds in the end: each document and each container appears once at most. It
/// is what a commit record carries, and all that publish, roll-forward and recovery need. (Lists, which nobody changes any more: going through them allocates nothing.)
/// </summary>
internal sealed record SandboxPlan(
    string Sandbox,
    PlanKind Kind,
    List<string> CreatedContainers,
    List<string> RemovedContainers,
    List<DocumentPut> Puts,
    List<DocumentKey> Deletes)
{
    public bool IsEmpty => Kind == PlanKind.Update && CreatedContainers.Count + RemovedContainers.Count + Puts.Count + Deletes.Count == 0;

    /// <summary>Whether the plan changes anything in a root.</summary>
    public bool Touches(StoreRoot root)
    {
        bool touches = Kind != PlanKind.Update || CreatedContainers.Count + RemovedContainers.Count > 0;
        for (int i = 0; i < Puts.Count && !touches; i++)
        {
            touches = Puts[i].Key.Root == root;
        }

        for (int i = 0; i < Deletes.Count && !touches; i++)
        {
            touches = Deletes[i].Root == root;
        }

        return touches;
    }
}
