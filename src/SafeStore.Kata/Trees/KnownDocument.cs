using System;
using System.Collections.Generic;
using System.Text.Json;
using SafeStore.Documents;

namespace SafeStore.Kata;

/// <summary>A kind of document that the model has: reads it as its type and writes it back, in memory.</summary>
internal abstract class KnownDocument(DocumentKind kind, string name)
{
    public DocumentKind Kind => kind;

    public string Name => name;

    /// <summary>Reads bytes that are known to be valid JSON.</summary>
    public abstract DocumentReport Read(DocumentId document, ReadOnlySpan<byte> json);
}

/// <inheritdoc cref="KnownDocument"/>
/// <param name="kind">The kind.</param>
/// <param name="name">What people call its type.</param>
/// <param name="notes">What is worth knowing of a value; null if there is nothing to say of this kind.</param>
/// <param name="misfit">Why this cannot be such a document although it may be read as one; null if reading tells.</param>
internal sealed class KnownDocument<T>(
    DocumentKind<T> kind, string name, Func<DocumentId, T, IReadOnlyList<string>>? notes = null, Func<JsonElement, string?>? misfit = null)
    : KnownDocument(kind, name)
{
    public override DocumentReport Read(DocumentId document, ReadOnlySpan<byte> json)
    {
        JsonElement before = JsonElement.Parse(json);
        if (misfit?.Invoke(before) is { } reason)
        {
            return DocumentReport.Damaged(Name, 0, $"{NotOfItsType} ({reason})");
        }

        T? value;
        try
        {
            value = JsonSerializer.Deserialize(json, kind.Json);
        }
        catch (JsonException failure)
        {
            return DocumentReport.Damaged(
                Name, JsonRules.PositionOf(json, failure),
                $"{NotOfItsType} ({JsonRules.FirstSentence(failure.Message)}, {failure.Path ?? "$"})");
        }
        catch (Exception failure)
            when (failure is InvalidOperationException or NotSupportedException or FormatException or OverflowException
            or ArgumentException)
        {
            return DocumentReport.Damaged(Name, 0, $"{NotOfItsType} ({failure.GetType().Name})");
        }

        // null is what an empty list is in these files; for all other kinds it is as good as no document.
        IReadOnlyList<string> said = value is null ? [] : notes?.Invoke(document, value) ?? [];
        JsonDifference? difference = JsonDifference.Find(before, JsonSerializer.SerializeToElement(value!, kind.Json));
        return difference is null
            ? new DocumentReport(DocumentVerdict.Ok, Name, null) { Notes = said }
            : new DocumentReport(DocumentVerdict.Different, Name, $"written back, {difference}") { Notes = said, Difference = difference };
    }

    private string NotOfItsType => $"it is not a document of its type, {Name}";
}
