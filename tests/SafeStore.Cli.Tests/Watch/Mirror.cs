using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using SafeStore.Operations;

namespace SafeStore.Cli.Tests.Watch;

/// <summary>A consumer's copy of a store, made of what it is given.</summary>
internal sealed class Mirror
{
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _sandboxes = new(StringComparer.Ordinal);

    /// <summary>What a store shows by itself.</summary>
    public static IEnumerable<string> Of(StateStore store) => store.ListSandboxes().SelectMany(sandbox =>
        store.ReadAllJson(sandbox).Select(static each => $"{each.Document} {Encoding.UTF8.GetString(each.Value!)}")
            .Order(StringComparer.Ordinal).Prepend(sandbox));

    public IEnumerable<string> All() => _sandboxes.SelectMany(static sandbox =>
        sandbox.Value.Select(static each => $"{each.Key} {each.Value}").Order(StringComparer.Ordinal).Prepend(sandbox.Key));

    public void Apply(FollowItem item)
    {
        switch (item)
        {
            case ListedSandbox { Snapshot: var snapshot }:
                Documents(snapshot.Sandbox).Clear();
                foreach (DocumentResult<byte[]> document in snapshot.Documents)
                {
                    Documents(snapshot.Sandbox)[document.Document.ToString()] = Encoding.UTF8.GetString(document.Value!);
                }

                break;
            case StoreChange change:
                foreach (ChangedSandbox sandbox in change.Sandboxes)
                {
                    Apply(sandbox);
                }

                break;
            default:
                break;
        }
    }

    /// <summary>What the lines of <c>watch --json</c> say.</summary>
    public void Apply(JsonElement line)
    {
        foreach (JsonElement sandbox in line.GetProperty("sandboxes").EnumerateArray())
        {
            string name = sandbox.GetProperty("sandbox").GetString()!;
            if (sandbox.GetProperty("kind").GetString() != "update")
            {
                _ = _sandboxes.Remove(name);
            }

            foreach (JsonElement removed in sandbox.GetProperty("removedContainers").EnumerateArray())
            {
                RemoveContainer(name, removed.GetString()!);
            }

            foreach (JsonElement put in sandbox.GetProperty("puts").EnumerateArray())
            {
                string container = put.GetProperty("container").GetString() is { } inside ? inside + "/" : "";
                Documents(name)[$"{put.GetProperty("root").GetString()}:{name}/{container}{put.GetProperty("file").GetString()}"] =
                    put.GetProperty("value").GetRawText();
            }
        }
    }

    private void Apply(ChangedSandbox sandbox)
    {
        if (sandbox.Kind != LoggedKind.Update)
        {
            _ = _sandboxes.Remove(sandbox.Sandbox);
        }

        if (sandbox.Kind == LoggedKind.Remove)
        {
            return;
        }

        SortedDictionary<string, string> documents = Documents(sandbox.Sandbox);
        foreach (string container in sandbox.RemovedContainers)
        {
            RemoveContainer(sandbox.Sandbox, container);
        }

        foreach (DocumentId deleted in sandbox.Deletes)
        {
            _ = documents.Remove(deleted.ToString());
        }

        foreach (WrittenDocument put in sandbox.Puts)
        {
            documents[put.Document.ToString()] = Encoding.UTF8.GetString(put.Content.Span);
        }
    }

    private void RemoveContainer(string sandbox, string container)
    {
        SortedDictionary<string, string> documents = Documents(sandbox);
        foreach (string inside in documents.Keys.Where(key => key.Contains($":{sandbox}/{container}/", StringComparison.Ordinal)).ToList())
        {
            _ = documents.Remove(inside);
        }
    }

    private SortedDictionary<string, string> Documents(string sandbox)
    {
        if (!_sandboxes.TryGetValue(sandbox, out SortedDictionary<string, string>? documents))
        {
            _sandboxes.Add(sandbox, documents = new SortedDictionary<string, string>(StringComparer.Ordinal));
        }

        return documents;
    }
}
