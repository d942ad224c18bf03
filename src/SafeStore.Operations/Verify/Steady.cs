using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Documents;

namespace SafeStore.Operations.Verify;

/// <summary>What one look at a part of the store finds.</summary>
/// <param name="Findings">What is found.</param>
internal sealed record Look(IReadOnlyList<Finding> Findings)
{
    /// <summary>The LSN that the sandbox's lock word knows; null if it knows none.</summary>
    public Lsn? Word { get; init; }

    public int Documents { get; init; }

    /// <summary>Those of the documents without a stamp that this version can read, and when each was written.</summary>
    public IReadOnlyList<(DocumentId Document, DateTime Written)> Unstamped { get; init; } = [];

    /// <summary>The stamps of the others.</summary>
    public IReadOnlyList<(DocumentId Document, DocumentStamp Stamp)> Stamped { get; init; } = [];

    public long Bytes { get; init; }
}

/// <summary>
/// Looks again at what has findings: while processes write, a file may be seen in the middle of a change, or two files at different times.
/// </summary>
internal static class Steady
{
    private const int LooksMax = 8;

    /// <summary>What two looks in a row find alike, or else what all of them find.</summary>
    public static Look Take(Func<Look> look)
    {
        Look found = look();
        IReadOnlyList<Finding> always = found.Findings;
        for (int looks = 1; looks < LooksMax && always.Count > 0; looks++)
        {
            Look again = look();
            if (again.Findings.SequenceEqual(found.Findings))
            {
                return again;
            }

            always = [.. always.Intersect(again.Findings)];
            found = again;
        }

        return found with { Findings = always };
    }
}
