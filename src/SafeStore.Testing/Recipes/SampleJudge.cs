using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace SafeStore.Testing.Recipes;

/// <summary>Compares what is found after a crash with what was saved before it.</summary>
internal static class SampleJudge
{
    /// <summary>How each document is found that there was at some time, or is.</summary>
    public static ImmutableArray<FoundDocument> Compare(Recovered recovered, Progress progress)
    {
        SampleVersion acknowledged = SampleSandbox.Versions[progress.Acknowledged];
        SampleVersion begun = SampleSandbox.Versions[progress.Begun];
        return
        [
            .. SampleSandbox.Paths
                .Select(path => (Path: path, Text: recovered.Documents.GetValueOrDefault(path)))
                .Where(document => document.Text is not null || begun.All.ContainsKey(document.Path))
                .Select(document => new FoundDocument(
                    document.Path, document.Text, ConditionOf(document.Path, document.Text, acknowledged, begun, progress.Acknowledged))),
        ];
    }

    /// <summary>What the documents are together.</summary>
    public static Verdict Judge(ImmutableArray<FoundDocument> documents)
    {
        HashSet<DocumentCondition> conditions = [.. documents.Select(static document => document.Condition)];
        return conditions.Contains(DocumentCondition.Torn) ? Verdict.Torn
            : conditions.Contains(DocumentCondition.Older) || conditions.Contains(DocumentCondition.Gone) ? Verdict.Lost
            : conditions.Contains(DocumentCondition.Old) && conditions.Contains(DocumentCondition.New) ? Verdict.Half
            : Verdict.Whole;
    }

    private static DocumentCondition ConditionOf(
        string path, string? text, SampleVersion acknowledged, SampleVersion begun, int acknowledgedCount)
    {
        string? old = acknowledged.All.GetValueOrDefault(path);
        string? now = begun.All.GetValueOrDefault(path);
        bool isOlder = SampleSandbox.Versions.Take(acknowledgedCount).Any(version => version.All.GetValueOrDefault(path) == text);
        return text == old ? old == now ? DocumentCondition.Unchanged : DocumentCondition.Old
            : text == now ? DocumentCondition.New
            : isOlder ? DocumentCondition.Older
            : text is null ? DocumentCondition.Gone
            : DocumentCondition.Torn;
    }
}
