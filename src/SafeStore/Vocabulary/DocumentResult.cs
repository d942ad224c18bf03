using System.Collections.Generic;

namespace SafeStore;

/// <summary>One document of a listing: its value or its error.</summary>
/// <typeparam name="T">Its type.</typeparam>
/// <param name="Document">Which document.</param>
/// <param name="Value">Its value, if it could be read.</param>
/// <param name="Error">Why it could not be read; null if it could.</param>
public sealed record DocumentResult<T>(DocumentId Document, T? Value, SafeStoreException? Error)
{
    /// <summary>
    /// The LSN of the transaction that wrote it, by its stamp; null if the stamp is missing or does not hold, and where it was not asked
    /// for: results of <see cref="StateStore.ReadVersioned(DocumentId)"/> have it, and with <see cref="StoreOptions.CheckStamps"/> all.
    /// </summary>
    public Lsn? Version { get; internal init; }
}

/// <summary>All documents of a sandbox at one point in time.</summary>
/// <param name="Sandbox">The sandbox's id.</param>
/// <param name="Version">The LSN of its last transaction then.</param>
/// <param name="Documents">Its documents, sorted, each with its bytes or its error.</param>
public sealed record SandboxSnapshot(string Sandbox, Lsn Version, IReadOnlyList<DocumentResult<byte[]>> Documents);
