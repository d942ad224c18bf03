using System.Collections.Immutable;
using System.Linq;

namespace SafeStore.Testing.Recipes;

/// <summary>What a crash has left of a transaction, the worst last.</summary>
internal enum Verdict
{
    /// <summary>All of it, or nothing of it.</summary>
    Whole,

    /// <summary>Some documents are new and others old.</summary>
    Half,

    /// <summary>Something that was acknowledged is gone.</summary>
    Lost,

    /// <summary>A document is empty, cut off, or holds what was never written.</summary>
    Torn,
}

/// <summary>How a document is found, beside the transaction under way.</summary>
internal enum DocumentCondition
{
    /// <summary>The transaction does not change it, and it is as it was.</summary>
    Unchanged,

    /// <summary>As before the transaction.</summary>
    Old,

    /// <summary>As after it.</summary>
    New,

    /// <summary>As before a transaction that was acknowledged.</summary>
    Older,

    /// <summary>There is no such document, though there was.</summary>
    Gone,

    /// <summary>As it never was.</summary>
    Torn,
}

/// <summary>What a recipe's crashes leave, call by call.</summary>
internal sealed record RecipeStrip(Recipe Recipe, ImmutableArray<RecipeCell> Cells)
{
    public int States => Cells.Sum(static cell => cell.States);

    public int Syncs => Cells.Count(static cell => cell.Call.Operation
        is Operation.SyncFile or Operation.SyncData or Operation.SyncDirectory or Operation.SyncAll);

    public int CellsThatAre(Verdict verdict) => Cells.Count(cell => cell.Worst == verdict);
}

/// <summary>What may be found if the crash comes in a call or just after it.</summary>
/// <param name="Call">The call.</param>
/// <param name="Transaction">The transaction that it belongs to, from 1.</param>
/// <param name="IsAcknowledged">Whether that was acknowledged just after the call.</param>
/// <param name="States">How many different states the crash may leave.</param>
/// <param name="Finds">What is found in them; the worst and most frequent first.</param>
internal sealed record RecipeCell(
    SimulatedCall Call, int Transaction, bool IsAcknowledged, int States, ImmutableArray<RecipeFind> Finds)
{
    public Verdict Worst => Finds.Max(static find => find.Verdict);
}

/// <summary>What is found in some of the states of a cell.</summary>
/// <param name="Verdict">What it is.</param>
/// <param name="Documents">The documents.</param>
/// <param name="Failure">Why there are none to be read; null if there are.</param>
/// <param name="States">In how many states this is found.</param>
/// <param name="Crash">The crash that leaves one of them.</param>
/// <param name="Leftovers">The files left behind in that one.</param>
internal sealed record RecipeFind(
    Verdict Verdict, ImmutableArray<FoundDocument> Documents, string? Failure, int States, Crash Crash, ImmutableArray<string> Leftovers);

/// <summary>A document as it is found.</summary>
/// <param name="Path">Its path below the sandbox.</param>
/// <param name="Text">Its bytes as Latin-1; null if there is no such file.</param>
/// <param name="Condition">How that compares.</param>
internal sealed record FoundDocument(string Path, string? Text, DocumentCondition Condition);
