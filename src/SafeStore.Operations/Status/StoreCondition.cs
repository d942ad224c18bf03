using System;
using System.Collections.Generic;
using SafeStore.Operations.Sandboxes;

namespace SafeStore.Operations;

/// <summary>What state a store is in.</summary>
public enum StoreState
{
    /// <summary>It cannot be told: what says so may not be read.</summary>
    Unknown,

    /// <summary>No process has it open.</summary>
    Closed,

    /// <summary>A process has it open.</summary>
    Open,

    /// <summary>A process is recovering it.</summary>
    Recovering,

    /// <summary>A sync has failed, or its files were replaced: nothing is written until all have closed it and one has opened it.</summary>
    Faulted,
}

/// <summary>The state of a store, and what is wrong with it.</summary>
/// <param name="State">Its state.</param>
/// <param name="PendingTransactions">
/// How many durable transactions are not visible yet, since a process or the machine died; null if that cannot be told. While a process has
/// the store open, they are no problem, and those that it is about to publish may be counted.
/// </param>
/// <param name="Problems">What is wrong; none if all is well.</param>
public sealed record StoreCondition(StoreState State, long? PendingTransactions, IReadOnlyList<StoreProblem> Problems)
{
    /// <summary>The version of its files; null if that cannot be read.</summary>
    public int? Format { get; init; }

    /// <summary>The store's id; null if that cannot be read.</summary>
    public Guid? Store { get; init; }

    /// <summary>The ids of its roots, as far as they can be read.</summary>
    public IReadOnlyDictionary<StoreRoot, Guid> Roots { get; init; } = new Dictionary<StoreRoot, Guid>();

    /// <summary>Up to this LSN the documents need no log; null if that cannot be read.</summary>
    public Lsn? Watermark { get; init; }

    /// <summary>The sandboxes whose last transactions could not be applied.</summary>
    public IReadOnlyList<ParkedSandbox> Parked { get; init; } = [];

    /// <summary>The sandboxes that one root has lost, each with its problem among all.</summary>
    internal IReadOnlyList<LostHalf> Halves { get; init; } = [];
}

/// <summary>A sandbox whose last durable transactions cannot be applied, since something is in the way of them.</summary>
/// <param name="Sandbox">Its id.</param>
/// <param name="Lsn">The last of them.</param>
public sealed record ParkedSandbox(string Sandbox, Lsn Lsn);
