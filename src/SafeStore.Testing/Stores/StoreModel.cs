using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text;

namespace SafeStore.Testing.Stores;

/// <summary>What a store should hold.</summary>
internal sealed record StoreModel(ImmutableSortedDictionary<string, SandboxModel> Sandboxes)
{
    public static StoreModel Empty { get; } = new(ImmutableSortedDictionary.Create<string, SandboxModel>(StringComparer.Ordinal));

    /// <summary>Every sandbox, container and document, one a line; without what lies in the run root if that was lost.</summary>
    public string Describe(bool withRun)
    {
        var text = new StringBuilder();
        foreach ((string name, SandboxModel sandbox) in Sandboxes)
        {
            text.Append(name).Append(": ").AppendJoin(' ', sandbox.Containers).Append('\n');
            foreach ((DocumentId document, string json) in sandbox.Documents.Where(
                document => withRun || document.Key.Root == StoreRoot.Config))
            {
                text.Append("  ").Append(document).Append(" = ").Append(json.Length > 40 ? json[..40] + json.Length : json).Append('\n');
            }
        }

        return text.ToString();
    }
}

/// <summary>What a sandbox should hold, and the LSN of its last transaction that is known.</summary>
internal sealed record SandboxModel(
    long Version, ImmutableSortedSet<string> Containers, ImmutableSortedDictionary<DocumentId, string> Documents)
{
    public static SandboxModel Empty { get; } = new(
        0,
        ImmutableSortedSet.Create<string>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<DocumentId, string>(
        System.Collections.Generic.Comparer<DocumentId>.Create(static (a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))));
}

/// <summary>Makes a change of a sandbox and, beside it, of its model; leaves out what the store would refuse.</summary>
internal static class SandboxEdits
{
    /// <summary>The sandbox afterwards; null if it is removed.</summary>
    public static SandboxModel? Apply(SandboxEdit edit, SandboxModel? before, SandboxChange change)
    {
        SandboxModel after = before ?? SandboxModel.Empty;
        var removed = ImmutableHashSet<string>.Empty;
        foreach (Edit each in edit.Edits)
        {
            switch (each)
            {
                case Edit.Put put when Has(after, put.Container):
                    change.PutJson(put.Root, put.Container, put.File, Encoding.UTF8.GetBytes(put.Json));
                    after = after with
                    {
                        Documents = after.Documents.SetItem(
                        new DocumentId(edit.Sandbox, put.Container, put.Root, put.File), put.Json)
                    };
                    break;
                case Edit.Delete delete when Has(after, delete.Container):
                    change.Remove(delete.Root, delete.Container, delete.File);
                    after = after with
                    {
                        Documents = after.Documents.Remove(
                        new DocumentId(edit.Sandbox, delete.Container, delete.Root, delete.File))
                    };
                    break;
                case Edit.CreateContainer create when !after.Containers.Contains(create.Container) && !removed.Contains(create.Container):
                    change.CreateContainer(create.Container);
                    after = after with { Containers = after.Containers.Add(create.Container) };
                    break;
                case Edit.RemoveContainer remove when before is not null && before.Containers.Contains(remove.Container)
                    && after.Containers.Contains(remove.Container):
                    change.RemoveContainer(remove.Container);
                    removed = removed.Add(remove.Container);
                    after = after with
                    {
                        Containers = after.Containers.Remove(remove.Container),
                        Documents = after.Documents.RemoveRange(
                        after.Documents.Keys.Where(document => document.Container == remove.Container)),
                    };
                    break;
                case Edit.RemoveSandbox when before is not null:
                    change.RemoveSandbox();
                    return null;
                default:
                    break;
            }
        }

        return after;
    }

    private static bool Has(SandboxModel sandbox, string? container) => container is null || sandbox.Containers.Contains(container);
}
