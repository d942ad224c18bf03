using System.Collections.Generic;

namespace SafeStore.Kata;

/// <summary>What became of one file of a tree or a store.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Root">The root in which it lies.</param>
/// <param name="Sandbox">The sandbox's directory; null for what lies directly in the root.</param>
/// <param name="Container">The container's directory; null for what belongs to the sandbox itself.</param>
/// <param name="File">The file's name; null for all of the sandbox or container.</param>
public sealed record FileReport(FileOutcome Outcome, StoreRoot Root, string? Sandbox, string? Container, string? File)
{
    /// <summary>Its size in bytes; null if it is no file or was not looked at.</summary>
    public long? Bytes { get; init; }

    /// <summary>The name of its type; null if its kind is not known.</summary>
    public string? Kind { get; init; }

    /// <summary>Why it has this outcome; null where that needs no reason.</summary>
    public string? Reason { get; init; }

    /// <summary>What is worth knowing though nothing is wrong.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether it needs a look.</summary>
    public bool IsFinding => Outcome is FileOutcome.Differs or FileOutcome.Damaged or FileOutcome.TooLarge or FileOutcome.SymbolicLink
        or FileOutcome.OddName or FileOutcome.Unreadable or FileOutcome.Quarantined or FileOutcome.LeftOut;
}
