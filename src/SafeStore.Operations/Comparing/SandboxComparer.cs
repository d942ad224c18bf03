using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Operations.Documents;
using SafeStore.Operations.Sandboxes;

namespace SafeStore.Operations.Comparing;

/// <summary>Where one of two sandboxes lies.</summary>
internal sealed record ComparedSide(SandboxLister Lister, DocumentFiles Files);

/// <summary>Compares two sandboxes, document by document.</summary>
internal sealed class SandboxComparer(ComparedSide left, ComparedSide right)
{
    /// <exception cref="NotFoundException">Neither exists, or one does not and both must.</exception>
    public SandboxDifference Compare(string sandbox, string other, bool mustBothExist)
    {
        SandboxEntry? one = Read(left, sandbox, mustBothExist);
        SandboxEntry? two = Read(right, other, mustBothExist || one is null);
        var found = new List<DocumentDifference>();
        CompareContainers(one?.Containers ?? [], two?.Containers ?? [], found);
        CompareDocuments(one?.Documents ?? [], two?.Documents ?? [], found);
        return new SandboxDifference(sandbox, other, found, [.. one?.Problems ?? [], .. two?.Problems ?? []]);
    }

    private static SandboxEntry? Read(ComparedSide side, string sandbox, bool mustExist)
    {
        try
        {
            return side.Lister.Read(sandbox);
        }
        catch (NotFoundException) when (!mustExist)
        {
            return null;
        }
    }

    private static void CompareContainers(IReadOnlyList<string> one, IReadOnlyList<string> two, List<DocumentDifference> found)
    {
        found.AddRange(one.Except(two).Select(static each => new DocumentDifference(DifferenceKind.OnlyLeft, each, null, null)));
        found.AddRange(two.Except(one).Select(static each => new DocumentDifference(DifferenceKind.OnlyRight, each, null, null)));
    }

    private void CompareDocuments(IReadOnlyList<DocumentEntry> one, IReadOnlyList<DocumentEntry> two, List<DocumentDifference> found)
    {
        Dictionary<(string?, StoreRoot, string), DocumentId> others = two.ToDictionary(KeyOf, static each => each.Document);
        foreach (DocumentEntry entry in one)
        {
            if (!others.Remove(KeyOf(entry), out DocumentId? other))
            {
                found.Add(Of(DifferenceKind.OnlyLeft, entry.Document));
            }
            else if (Compare(entry.Document, other) is { } difference)
            {
                found.Add(difference);
            }
        }

        found.AddRange(others.Values.Order().Select(static each => Of(DifferenceKind.OnlyRight, each)));
    }

    private DocumentDifference? Compare(DocumentId document, DocumentId other)
    {
        try
        {
            DocumentContent one = left.Files.Read(document);
            DocumentContent two = right.Files.Read(other);
            if (one.Bytes.Span.SequenceEqual(two.Bytes.Span))
            {
                return null;
            }

            if ((one.Damage ?? two.Damage) is { } damage)
            {
                return Of(DifferenceKind.Unreadable, document) with { Error = damage };
            }

            IReadOnlyList<ValueDifference> values =
                JsonDifferences.Between(JsonElement.Parse(one.Bytes.Span), JsonElement.Parse(two.Bytes.Span));
            return values.Count == 0 ? null : Of(DifferenceKind.Differs, document) with { Values = values };
        }
        catch (SafeStoreException failure)
        {
            return Of(DifferenceKind.Unreadable, document) with { Error = failure };
        }
    }

    private static (string? Container, StoreRoot Root, string File) KeyOf(DocumentEntry entry) =>
        (entry.Document.Container, entry.Document.Root, entry.Document.File);

    private static DocumentDifference Of(DifferenceKind kind, DocumentId document) =>
        new(kind, document.Container, document.Root, document.File);
}
