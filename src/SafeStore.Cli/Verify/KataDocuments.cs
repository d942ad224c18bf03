using System.Collections.Generic;
using System.Linq;
using SafeStore.Kata;
using SafeStore.Operations;

namespace SafeStore.Cli.Verify;

/// <summary>Kata's documents: each can be read as its type, and would be written back with the same value.</summary>
internal sealed class KataDocuments : IDocumentModel
{
    private const string Advice = "Put a good value in its place; or verify without --model, if the documents are another program's.";

    private readonly DocumentReading _reading = new();

    public IEnumerable<ModelFinding> Check(string sandbox, IReadOnlyList<DocumentContent> documents)
    {
        string? hypervisor = documents.FirstOrDefault(content => _reading.IsSandboxConfig(content.Document)) is { } config
            ? DocumentReading.HypervisorTypeOf(config.Bytes.Span) : null;
        foreach (DocumentContent content in documents)
        {
            DocumentReport report = _reading.Read(content.Document, content.Bytes.Span, hypervisor);
            string type = report.Kind is { } kind
                ? $"to the Kata model this document is of the type {kind}, and it is not" : "it is damaged";
            if (report.Verdict == DocumentVerdict.Damaged)
            {
                yield return new ModelFinding(content.Document, "type", FindingLevel.Problem, $"{type}: {report.Reason}. {Advice}");
            }
            else if (report.Verdict == DocumentVerdict.Different)
            {
                yield return new ModelFinding(
                    content.Document, "differs", FindingLevel.Problem, $"{report.Reason}, its type in the Kata model being {report.Kind}. "
                    + Advice);
            }

            foreach (string note in report.Notes)
            {
                yield return new ModelFinding(content.Document, "model-note", FindingLevel.Note, $"{note}.");
            }
        }
    }
}
