using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Log;
using SafeStore.Recovery;

namespace SafeStore.Operations.Repair;

/// <summary>
/// Whole documents of transactions that are given up. What stays of the log is redone by the next opening, and would put older values over
/// them, or remove them: so the new log begins with transactions that write them as they are.
/// </summary>
/// <param name="survey">What was found.</param>
/// <param name="parked">What is parked.</param>
/// <param name="stamps">Reads the documents.</param>
internal sealed class NewerDocuments(StoreSurvey survey, ParkedRecords parked, StampReader stamps)
{
    /// <summary>The last transaction that stays.</summary>
    private readonly Lsn _end = Lsn.Max(survey.Mark, survey.Log.End.Next.Previous);

    private readonly ILookup<(string Sandbox, DocumentKey Key), DocumentPut> _lost = survey.Log.Behind
        .SelectMany(static record => PlanCodec.TryRead(record.Payload) ?? [])
        .SelectMany(static plan => plan.Puts.Select(put => (plan.Sandbox, put)))
        .ToLookup(static each => (each.Sandbox, each.put.Key), static each => each.put);

    /// <summary>The plans of those transactions, one for each sandbox that is redone and has such documents.</summary>
    /// <param name="last">The highest LSN that may have been given out.</param>
    public IEnumerable<SandboxPlan> Plan(Lsn last)
    {
        foreach (Redo redo in Redos())
        {
            StandingDocument[] standing = [.. stamps.Read(redo.Sandbox)];
            DocumentKey[] newer = [.. standing.Where(each => IsNewer(redo.Sandbox, each, last)).Select(static each => each.Key)];
            if (newer.Length > 0)
            {
                yield return Plan(redo, standing, newer);
            }
        }
    }

    /// <summary>What the next opening redoes.</summary>
    private IEnumerable<Redo> Redos()
    {
        ILookup<string, (SandboxPlan Plan, CommitRecord Record)> logged = survey.Log.Records.Where(record => record.Lsn > survey.Mark)
            .SelectMany(static record => (PlanCodec.TryRead(record.Payload) ?? []).Select(plan => (Plan: plan, Record: record)))
            .ToLookup(static each => each.Plan.Sandbox, StringComparer.Ordinal);
        foreach (string sandbox in logged.Select(static each => each.Key).Union(survey.Parked.Select(static each => each.Sandbox)))
        {
            var redo = new Redo(sandbox);
            foreach ((SandboxPlan plan, CommitRecord record) in Join(sandbox, logged[sandbox]))
            {
                redo.Add(plan, record);
            }

            if (redo.Transactions.Count > 0)
            {
                yield return redo;
            }
        }
    }

    private IEnumerable<(SandboxPlan Plan, CommitRecord Record)> Join(
        string sandbox, IEnumerable<(SandboxPlan Plan, CommitRecord Record)> logged)
    {
        try
        {
            return survey.Parked.FirstOrDefault(each => each.Sandbox == sandbox) is { } entry ? parked.Join(entry, logged) : logged;
        }
        catch (LogCorruptException)
        {
            return []; // recovery applies nothing of it either
        }
    }

    /// <summary>Without a stamp, the content tells.</summary>
    private bool IsNewer(string sandbox, StandingDocument document, Lsn last) => document.Version is { } version
        ? version > _end && version <= last
        : _lost[(sandbox, document.Key)].Any(put => put.Content.Span.SequenceEqual(document.Content));

    /// <summary>
    /// Where redo would remove the sandbox, or a container, with newer documents, it was made again since: then all in it stays but what
    /// is known to be older.
    /// </summary>
    private SandboxPlan Plan(Redo redo, StandingDocument[] standing, DocumentKey[] newer)
    {
        string[] made = [.. newer.Select(static key => key.Container).OfType<string>().Distinct().Where(each => IsAway(redo, each))];
        return new SandboxPlan(
            redo.Sandbox, redo.Exists ? PlanKind.Update : PlanKind.Create, made,
            [.. newer.Where(key => key.Container is null && redo.Containers.TryGetValue(key.File, out RedoContainer? found) && found.Exists)
                .Select(static key => key.File).Distinct()],
            [.. standing.Where(each => newer.Contains(each.Key)
                    || ((!redo.Exists || made.Contains(each.Key.Container)) && !(each.Version <= _end)))
                .Select(static each => new DocumentPut(each.Key, each.Content))],
            []);
    }

    /// <summary>Whether redo has no such container.</summary>
    private static bool IsAway(Redo redo, string container) => redo.Containers.TryGetValue(container, out RedoContainer? found)
        ? !found.Exists
        : !redo.Exists || redo.IsReplaced || redo.Documents.Keys.Any(key => key.Container is null && key.File == container);
}
