using System.Collections.Generic;

namespace SafeStore.Kata;

/// <summary>What is known of a document after it was read as its type and written back, in memory.</summary>
/// <param name="Verdict">What it turned out to be.</param>
/// <param name="Kind">The name of its type; null if its kind is not known.</param>
/// <param name="Reason">What is wrong with it, with the position in bytes if it is damaged; null if nothing is.</param>
public sealed record DocumentReport(DocumentVerdict Verdict, string? Kind, string? Reason)
{
    /// <summary>Where it goes wrong, in bytes from the start of the file; null unless it is damaged.</summary>
    public long? Position { get; init; }

    /// <summary>
    /// The first difference of what would be written back; null unless the verdict is <see cref="DocumentVerdict.Different"/>.
    /// </summary>
    public JsonDifference? Difference { get; init; }

    /// <summary>What is worth knowing though nothing is wrong: entries that are kept as they stand, an id that is not the path's.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    internal static DocumentReport Damaged(string? kind, long position, string reason) =>
        new(DocumentVerdict.Damaged, kind, $"{reason} at byte {position}") { Position = position };
}
