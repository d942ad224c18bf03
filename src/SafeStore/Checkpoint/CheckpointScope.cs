using System;
using System.Collections.Generic;
using SafeStore.Log;

namespace SafeStore.Checkpoint;

/// <summary>What a checkpoint is about: the segments that it releases, what of them is to be synced, and what is parked instead.</summary>
internal sealed class CheckpointScope(Lsn mark)
{
    private readonly List<Lsn> _released = [];
    private readonly Dictionary<string, DirtySandbox> _sandboxes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, ParkedEntry> _parked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DirtySandbox> _behind = new(StringComparer.Ordinal);

    public List<Lsn> Released => _released;

    /// <summary>The last LSN of the released segments.</summary>
    public Lsn Last { get; private set; } = mark;

    public Dictionary<string, DirtySandbox> Sandboxes => _sandboxes;

    public IReadOnlyDictionary<string, ParkedEntry> Parked => _parked;

    /// <summary>Whether all that a segment has of a sandbox is parked.</summary>
    public bool IsParked(DirtySandbox sandbox) =>
        _parked.TryGetValue(sandbox.Sandbox, out ParkedEntry? entry) && entry.Last >= sandbox.Last;

    /// <summary>Parks all of a sandbox that there is.</summary>
    public void Park(ParkedEntry entry)
    {
        _ = _sandboxes.Remove(entry.Sandbox);
        _parked[entry.Sandbox] = entry;
    }

    /// <summary>Leaves a sandbox parked.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="behind">What is parked: to be synced if it turns out to be published.</param>
    public void Park(ParkedEntry entry, DirtySandbox behind)
    {
        Park(entry);
        _behind[entry.Sandbox] = behind;
    }

    /// <summary>Adds what was published; then what was parked before it is published too.</summary>
    public void Add(DirtySandbox sandbox)
    {
        if (_parked.Remove(sandbox.Sandbox) && _behind.Remove(sandbox.Sandbox, out DirtySandbox? behind))
        {
            Add(behind);
        }

        if (!_sandboxes.TryGetValue(sandbox.Sandbox, out DirtySandbox? before))
        {
            _sandboxes.Add(sandbox.Sandbox, before = new DirtySandbox(sandbox.Sandbox));
        }

        before.Add(sandbox);
    }

    public void Release(Lsn segment, Lsn last)
    {
        _released.Add(segment);
        Last = last;
    }
}
