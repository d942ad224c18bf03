using System;
using System.Collections.Generic;

namespace SafeStore;

/// <summary>One document of a listing: its value or its error.</summary>
/// <typeparam name="T">Its type.</typeparam>
/// <param name="Document">Which document.</param>
/// <param name="Value">Its value, if it could be read.</param>
/// <param name="Error">Why it could not be read; null if it could.</param>
public sealed record DocumentResult<T>(DocumentId Document, T? Value, SafeStoreException? Error)
{
    internal bool Exists { get; init; } = true;
}

/// <summary>All documents of a sandbox at one point in time.</summary>
/// <param name="Sandbox">The sandbox's id.</param>
/// <param name="Version">The LSN of its last transaction then.</param>
/// <param name="Documents">Its documents, sorted, each with its bytes or its error.</param>
public sealed record SandboxSnapshot(string Sandbox, Lsn Version, IReadOnlyList<DocumentResult<byte[]>> Documents);

/// <summary>Makes results of reads that may fail.</summary>
internal static class DocumentResult
{
    public static DocumentResult<T> Of<T>(DocumentId document, Func<(bool Exists, T? Value)> read)
    {
        try
        {
            (bool exists, T? value) = read();
            return new DocumentResult<T>(document, value, null) { Exists = exists };
        }
        catch (SafeStoreException failure)
        {
            return new DocumentResult<T>(document, default, failure);
        }
    }
}
