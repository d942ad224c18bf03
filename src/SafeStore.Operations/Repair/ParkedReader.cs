using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Recovery;
using SafeStore.Roots;

namespace SafeStore.Operations.Repair;

/// <summary>Something that is in the way of a parked transaction.</summary>
/// <param name="Root">In which root.</param>
/// <param name="Path">Its path from there.</param>
/// <param name="Kind">What it is.</param>
internal sealed record ParkedObstacle(StoreRoot Root, string Path, FileKind Kind)
{
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>Its directory in a quarantine.</summary>
    public string Target => Parent.Length == 0 ? "obstacles" : $"obstacles/{Parent}";

    private string Parent => Path[..Math.Max(0, Path.LastIndexOf('/'))];

    /// <summary>Null for the root itself.</summary>
    public DirectoryHandle? OpenParent(IDurableFileSystem fs, DirectoryHandle root)
    {
        DirectoryHandle? parent = null;
        Errno errno = Parent.Length == 0 ? Errno.None : fs.OpenDirectory(root, Parent, out parent);
        StorageException.ThrowIfFailed(errno, "open the directory", root, Parent);
        return parent;
    }
}

/// <summary>Reads what is parked of sandboxes, and looks for what is in the way of it.</summary>
internal sealed class ParkedReader(StoreLayout layout, StoreOptions options, RootSet roots)
{
    private readonly IDurableFileSystem _fs = options.FileSystemInUse;
    private readonly ParkedRecords _parked = new(roots, new Watermarks(roots), RecordFormat.PayloadBytesMax);

    public ParkedRecords Records => _parked;

    public Watermarks Watermarks => _parked.Watermarks;

    /// <summary>What is parked and not published by now, which the lock word tells.</summary>
    public IEnumerable<ParkedEntry> List() => (Watermarks.Config.Read()?.Parked ?? []).Where(entry =>
        !(_parked.TryReadWord(entry.Sandbox) is { State: not LockWordState.Unknown } word && word.Lsn >= entry.Last));

    public ParkedEntry? Find(string sandbox) => List().FirstOrDefault(entry => entry.Sandbox == sandbox);

    public ParkedRepairPlan Read(ParkedEntry entry)
    {
        var plan = new ParkedRepairPlan(entry.Sandbox, entry.Last);
        using var owned = new OwnedParts();
        ViewedRoot[] viewed =
        [
            owned.Add(ViewedRoot.Open(_fs, layout, StoreRoot.Config)),
            owned.Add(ViewedRoot.Open(_fs, layout, StoreRoot.Run)),
        ];
        try
        {
            var lost = new LostPlan(options, viewed);
            return plan with
            {
                Transactions =
                [
                    .. _parked.Join(entry, []).Select(each => new RepairLoss(each.Record.Lsn, entry.Sandbox, lost.Tell(each.Plan))),
                ],
                Obstacles = [.. FindObstacles(entry).Select(each => $"{roots[each.Root].Directory.Path}/{each.Path}")],
            };
        }
        catch (LogCorruptException damage)
        {
            return plan with { Damage = damage.Message };
        }
    }

    /// <summary>What the transactions leave in the end.</summary>
    /// <exception cref="LogCorruptException">The record is missing or damaged.</exception>
    public Redo Collect(ParkedEntry entry)
    {
        var redo = new Redo(entry.Sandbox);
        _parked.Join(entry, []).ForEach(each => redo.Add(each.Plan, each.Record));
        return redo;
    }

    /// <summary>What is of another kind than what belongs there. What lies below such a thing is moved with it.</summary>
    public IReadOnlyList<ParkedObstacle> FindObstacles(ParkedEntry entry)
    {
        Redo redo = Collect(entry);
        var found = new List<ParkedObstacle>();
        foreach (StoreRoot root in redo.Exists ? new[] { StoreRoot.Config, StoreRoot.Run } : [])
        {
            Look(root, redo.Sandbox, FileKind.Directory, found);
            if (root == StoreRoot.Run)
            {
                Look(root, SandboxHandles.LockPathOf(redo.Sandbox), FileKind.Regular, found);
            }

            foreach (string container in redo.Containers.Where(static each => each.Value.Exists).Select(static each => each.Key)
                .Union(redo.Documents.Keys.Where(key => key.Root == root).Select(static key => key.Container).OfType<string>()))
            {
                Look(root, $"{redo.Sandbox}/{container}", FileKind.Directory, found);
            }

            foreach (DocumentKey key in redo.Documents.Keys.Where(key => key.Root == root))
            {
                Look(root, DocumentId.Trusted(redo.Sandbox, key.Container, key.Root, key.File).RelativePath, FileKind.Regular, found);
            }
        }

        return found;
    }

    private void Look(StoreRoot root, string path, FileKind kind, List<ParkedObstacle> found)
    {
        Errno errno = _fs.Stat(roots[root].Directory, path, out FileStatus status);
        if (errno == Errno.None && status.Kind != kind
            && !found.Exists(each => each.Root == root && path.StartsWith($"{each.Path}/", StringComparison.Ordinal)))
        {
            found.Add(new ParkedObstacle(root, path, status.Kind));
        }
    }
}
