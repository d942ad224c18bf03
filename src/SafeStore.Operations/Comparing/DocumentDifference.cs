using System.Collections.Generic;

namespace SafeStore.Operations;

/// <summary>How a document or container differs between two sandboxes.</summary>
public enum DifferenceKind
{
    /// <summary>Only the left sandbox has it.</summary>
    OnlyLeft,

    /// <summary>Only the right sandbox has it.</summary>
    OnlyRight,

    /// <summary>Both have it, with different values.</summary>
    Differs,

    /// <summary>Both have it, and one of them cannot be read, or is no JSON and has other bytes than the other.</summary>
    Unreadable,
}

/// <summary>A document or container that differs between two sandboxes.</summary>
/// <param name="Kind">How.</param>
/// <param name="Container">The container; null for a document of the sandbox itself.</param>
/// <param name="Root">The document's root; null if it is the container itself that differs.</param>
/// <param name="File">The document's name; null likewise.</param>
public sealed record DocumentDifference(DifferenceKind Kind, string? Container, StoreRoot? Root, string? File)
{
    /// <summary>The places at which the values differ; only for <see cref="DifferenceKind.Differs"/>.</summary>
    public IReadOnlyList<ValueDifference> Values { get; init; } = [];

    /// <summary>Why one of them cannot be read; only for <see cref="DifferenceKind.Unreadable"/>.</summary>
    public SafeStoreException? Error { get; init; }
}

/// <summary>What differs between two sandboxes.</summary>
/// <param name="Left">The left sandbox's id.</param>
/// <param name="Right">The right sandbox's id.</param>
/// <param name="Differences">What differs: containers, then documents in their order; none if they are the same.</param>
/// <param name="Problems">What of them could not be listed.</param>
public sealed record SandboxDifference(
    string Left, string Right, IReadOnlyList<DocumentDifference> Differences, IReadOnlyList<StoreProblem> Problems);
