using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Cli.Change;

/// <summary>Which root a document that was named without one is in.</summary>
internal static class DocumentChoice
{
    /// <summary>The document that exists.</summary>
    /// <exception cref="CommandException">It does not, or both roots have it.</exception>
    public static DocumentId Existing(NamedDocument named, IEnumerable<DocumentId> documents) =>
        Matching(named, documents) switch
        {
            [var only] => only,
            [] => throw new CommandException(
                $"The document '{named}' does not exist. See what is there: safestore tree {named.Sandbox}. To make it: safestore put."),
            _ => throw Both(named),
        };

    /// <summary>The document that exists or is to be.</summary>
    /// <exception cref="CommandException">Its root is not clear.</exception>
    public static DocumentId ToWrite(NamedDocument named, IEnumerable<DocumentId> documents) =>
        named.Root is { } root ? named.In(root)
            : Matching(named, documents) switch
            {
                [var only] => only,
                [] => throw new CommandException(
                    $"The document '{named}' does not exist yet. Say in which root it is to be: --root config or --root run."),
                _ => throw Both(named),
            };

    private static DocumentId[] Matching(NamedDocument named, IEnumerable<DocumentId> documents) =>
        [.. documents.Where(each => each.Container == named.Container && each.File == named.File
            && each.Root == (named.Root ?? each.Root))];

    private static CommandException Both(NamedDocument named) =>
        new($"Both roots have a document '{named}'. Say which: --root config or --root run.");
}
