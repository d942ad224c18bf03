using System.Collections.Generic;

namespace SafeStore.Kata;

/// <summary>A file of a tree as it was found.</summary>
/// <param name="Report">
/// What it is; its outcome is <see cref="FileOutcome.Ok"/> or <see cref="FileOutcome.UnknownKind"/> for a document that is as it should be.
/// </param>
/// <param name="Path">Its full path.</param>
/// <param name="Bytes">What it holds; null if it was not read.</param>
internal sealed record SourceFile(FileReport Report, string Path, byte[]? Bytes)
{
    /// <summary>The document that it is; null unless it is as it should be.</summary>
    public DocumentId? Document { get; init; }
}

/// <summary>A sandbox of a tree, of both roots.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Containers">Its containers, sorted.</param>
/// <param name="Files">What is in its directories and theirs, sorted.</param>
internal sealed record SourceSandbox(string Id, IReadOnlyList<string> Containers, IReadOnlyList<SourceFile> Files);
