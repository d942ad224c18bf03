using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.Locking;

namespace SafeStore.Operations.Backups;

/// <summary>The backup before, from which sandboxes are taken that have had no transaction since.</summary>
internal sealed class BackupBase(StoredBackup? backup) : IDisposable
{
    private readonly Dictionary<string, ManifestSandbox> _sandboxes =
        (backup?.Manifest.Sandboxes ?? []).ToDictionary(static each => each.Sandbox, StringComparer.Ordinal);

    /// <summary>Reads a sandbox from it. Null if that has another version, other documents by name, size and time, or damage.</summary>
    public SandboxImage? TryTake(string sandbox, LockWord word, BackupSource source)
    {
        if (word is not { State: LockWordState.Idle, Lsn.Value: > 0 } || !_sandboxes.TryGetValue(sandbox, out ManifestSandbox? before)
            || before.Version != word.Lsn.Value || !IsAlike(source.Measure(sandbox), before))
        {
            return null;
        }

        var image = new SandboxImage(sandbox, source.Identity) { Version = word.Lsn };
        image.Containers.UnionWith(before.Containers);
        var problems = new ProblemList();
        foreach (ManifestDocument document in before.Documents)
        {
            if (backup!.TryRead(sandbox, document, problems) is not { } content)
            {
                return null; // the store has it whole
            }

            image.Documents[document.Key] = document.ToImage(content);
        }

        return image;
    }

    public void Dispose() => backup?.Dispose();

    private static bool IsAlike(Dictionary<DocumentKey, (long Size, DateTimeOffset? Modified)> found, ManifestSandbox before) =>
        found.Count == before.Documents.Count && before.Documents.All(document => document is { Damage: null, Modified: not null }
            && found.TryGetValue(document.Key, out (long Size, DateTimeOffset? Modified) file)
            && file == (document.Bytes, document.Modified));
}
