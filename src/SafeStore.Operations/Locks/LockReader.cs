using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Operations.Sandboxes;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Locks;

/// <summary>Reads the locks that are held or waited for.</summary>
internal sealed class LockReader(IDurableFileSystem fs, ViewedRoot[] roots, SandboxLister lister)
{
    private const int NamesCount = 64;

    private static readonly (StoreLock Lock, LockKind Kind)[] s_single =
    [
        (StoreLock.Open, LockKind.Open), (StoreLock.Log, LockKind.Log), (StoreLock.Sync, LockKind.Sync),
        (StoreLock.Checkpoint, LockKind.Checkpoint),
    ];

    public IReadOnlyList<LockEntry> Read()
    {
        var processes = new LockProcesses(fs, roots, LockSurvey.Take(StoreDocument.FileName, Identifier.LockFile));
        var found = new List<LockEntry>();
        foreach ((StoreLock which, LockKind kind) in s_single)
        {
            Add(new LockEntry(kind, null, null, processes.OfStore(which), processes.WaitersOfStore(which)));
        }

        for (int number = 0; number < NamesCount; number++)
        {
            Add(new LockEntry(LockKind.Names, null, number, processes.OfStore(StoreLock.FirstName, number), []));
        }

        foreach (string sandbox in lister.ListNames())
        {
            Add(new LockEntry(
                LockKind.Sandbox, sandbox, null, processes.HoldersOfSandbox(sandbox), processes.WaitersOfSandbox(sandbox)));
        }

        return found;

        void Add(LockEntry entry)
        {
            if (entry.Holders.Count + entry.Waiters.Count > 0)
            {
                found.Add(entry);
            }
        }
    }
}
