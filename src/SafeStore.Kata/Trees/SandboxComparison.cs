using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Kata;

/// <summary>Compares a sandbox of a tree with the one of a store, document by document.</summary>
internal static class SandboxComparison
{
    /// <summary>A report for each file of the tree, and for each document and container that only one side has.</summary>
    /// <param name="sandbox">The tree's.</param>
    /// <param name="stored">The store's documents, with null for one that cannot be read.</param>
    /// <param name="storedContainers">The store's containers.</param>
    public static IReadOnlyList<FileReport> Compare(
        SourceSandbox sandbox, IReadOnlyDictionary<DocumentId, byte[]?> stored, IReadOnlyList<string> storedContainers)
    {
        // the damaged ones too: they have their reports
        var inTree = sandbox.Files.Where(static file => file.Report.File is not null).Select(TreeReader.IdOf).ToHashSet();
        return
        [
            .. sandbox.Files.Select(file => file.Document is null ? file.Report : Compare(file, stored)),
            .. stored.Keys.Where(document => !inTree.Contains(document)).Order().Select(static document =>
                Differing(new FileReport(FileOutcome.Differs, document.Root, document.Sandbox, document.Container, document.File),
                    "only the store has it")),
            .. sandbox.Containers.Except(storedContainers)
                .Select(container => Differing(OfContainer(sandbox, container), "the store does not have this container")),
            .. storedContainers.Except(sandbox.Containers)
                .Select(container => Differing(OfContainer(sandbox, container), "only the store has this container")),
        ];
    }

    private static FileReport Compare(SourceFile file, IReadOnlyDictionary<DocumentId, byte[]?> stored) =>
        !stored.TryGetValue(file.Document!, out byte[]? bytes) ? Differing(file.Report, "the store does not have it")
        : bytes is null ? Differing(file.Report, "the store's cannot be read")
        : bytes.AsSpan().SequenceEqual(file.Bytes) ? file.Report with { Outcome = FileOutcome.Unchanged }
        : Differing(file.Report, "the store has another content");

    private static FileReport OfContainer(SourceSandbox sandbox, string container) =>
        new(FileOutcome.Differs, StoreRoot.Run, sandbox.Id, container, null);

    private static FileReport Differing(FileReport report, string reason) => report with { Outcome = FileOutcome.Differs, Reason = reason };
}
