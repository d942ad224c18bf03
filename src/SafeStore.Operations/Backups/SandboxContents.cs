using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;

namespace SafeStore.Operations.Backups;

/// <summary>A sandbox of a backup with its documents' content, to be restored.</summary>
internal sealed class SandboxContents
{
    private readonly ManifestSandbox _sandbox;
    private readonly Dictionary<DocumentKey, byte[]> _documents;

    private SandboxContents(ManifestSandbox sandbox, Dictionary<DocumentKey, byte[]> documents)
    {
        _sandbox = sandbox;
        _documents = documents;
    }

    /// <summary>What keeps a sandbox from being restored; null if it is whole.</summary>
    public static BackupException? FindDamage(StoredBackup stored, ManifestSandbox sandbox)
    {
        try
        {
            _ = Read(stored, sandbox);
            return null;
        }
        catch (BackupException damage)
        {
            return damage;
        }
    }

    /// <exception cref="BackupException">A document is missing or damaged.</exception>
    public static SandboxContents Read(StoredBackup stored, ManifestSandbox sandbox)
    {
        var problems = new ProblemList();
        var documents = new Dictionary<DocumentKey, byte[]>();
        foreach (ManifestDocument document in sandbox.Documents)
        {
            documents[document.Key] = document.HasFile && stored.TryRead(sandbox.Sandbox, document, problems) is { } content
                && document.Damage is null ? content : throw new BackupException(
                    (problems.All.Count > 0 ? problems.All[0].Message
                        : $"'{BackupTree.PathOf(sandbox.Sandbox, document.Key)}' was damaged in the store when the backup was made"
                            + (document.HasFile ? "." : ", and could not be read."))
                    + $" So the sandbox '{sandbox.Sandbox}' cannot be restored: look for an older backup that has it whole, and restore "
                    + "the others by name or with --skip-damaged.");
        }

        return new SandboxContents(sandbox, documents);
    }

    /// <summary>What a restore changes.</summary>
    /// <param name="store">The store; null if it does not have the sandbox.</param>
    public RestoredSandbox CompareWith(StateStore? store)
    {
        string sandbox = _sandbox.Sandbox;
        Dictionary<DocumentId, byte[]?> present = (store?.ReadAllJson(sandbox) ?? [])
            .ToDictionary(static each => each.Document, static each => each.Value);
        var documents = new SortedDictionary<DocumentId, RestoredKind>();
        foreach ((DocumentKey key, byte[] content) in _documents)
        {
            var id = new DocumentId(sandbox, key.Container, key.Root, key.File);
            if (!present.Remove(id, out byte[]? now))
            {
                documents[id] = RestoredKind.New;
            }
            else if (now is null || !now.AsSpan().SequenceEqual(content))
            {
                documents[id] = RestoredKind.Changed;
            }
        }

        foreach (DocumentId removed in present.Keys)
        {
            documents[removed] = RestoredKind.Removed;
        }

        var containers = new SortedDictionary<string, RestoredKind>(StringComparer.Ordinal);
        IReadOnlyList<string> existing = store?.ListContainers(sandbox) ?? [];
        foreach (string container in _sandbox.Containers.Union(existing, StringComparer.Ordinal).Where(each =>
            !(_sandbox.Containers.Contains(each) && existing.Contains(each))))
        {
            containers[container] = existing.Contains(container) ? RestoredKind.Removed : RestoredKind.New;
        }

        RestoredKind kind = store is null ? RestoredKind.New
            : documents.Count + containers.Count > 0 ? RestoredKind.Changed : RestoredKind.Same;
        return new RestoredSandbox(sandbox, kind) { Containers = containers, Documents = documents };
    }

    /// <summary>Puts the difference into a transaction.</summary>
    public void Put(SandboxChange change, RestoredSandbox difference)
    {
        foreach ((string container, RestoredKind kind) in difference.Containers)
        {
            _ = kind == RestoredKind.New ? change.CreateContainer(container) : change.RemoveContainer(container);
        }

        foreach ((DocumentId id, RestoredKind kind) in difference.Documents)
        {
            if (kind != RestoredKind.Removed)
            {
                change.PutJson(id.Root, id.Container, id.File, _documents[new DocumentKey(id.Root, id.Container, id.File)]);
            }
            else if (id.Container is null || !difference.Containers.ContainsKey(id.Container))
            {
                change.Remove(id.Root, id.Container, id.File);
            }
        }
    }
}
