using System;
using System.Collections.Generic;

namespace SafeStore.Locking;

/// <summary>Documents that are known to be regular files: in most sandboxes a few, which are looked for one by one.</summary>
internal struct KnownFiles
{
    private const int SetFrom = 16;

    private (StoreRoot Root, string? Container, string File)[]? _few;
    private int _count;
    private HashSet<(StoreRoot Root, string? Container, string File)>? _many;

    public readonly bool Contains(StoreRoot root, string? container, string file) =>
        _many?.Contains((root, container, file)) ?? (Find(root, container, file) >= 0);

    public void Add(StoreRoot root, string? container, string file)
    {
        if (_many is not null)
        {
            _ = _many.Add((root, container, file));
        }
        else if (_count == SetFrom)
        {
            _many = [.. _few!, (root, container, file)];
            (_few, _count) = (null, 0);
        }
        else if (Find(root, container, file) < 0)
        {
            if (_few is null || _count == _few.Length)
            {
                Array.Resize(ref _few, Math.Min((2 * _count) + 1, SetFrom));
            }

            _few[_count++] = (root, container, file);
        }
    }

    public void Remove(StoreRoot root, string? container, string file)
    {
        _ = _many?.Remove((root, container, file));
        if (Find(root, container, file) is var place and >= 0)
        {
            _few![place] = _few[--_count];
            _few[_count] = default;
        }
    }

    /// <summary>The same without those of one directory.</summary>
    public readonly KnownFiles Without(StoreRoot root, string? container)
    {
        KnownFiles kept = default;
        IEnumerable<(StoreRoot Root, string? Container, string File)> all = (IEnumerable<(StoreRoot, string?, string)>?)_many ?? new ArraySegment<(StoreRoot, string?, string)>(_few ?? [], 0, _count);
        foreach ((StoreRoot Root, string? Container, string File) file in all)
        {
            if (file.Root != root || file.Container != container)
            {
                kept.Add(file.Root, file.Container, file.File);
            }
        }

        return kept;
    }

    private readonly int Find(StoreRoot root, string? container, string file)
    {
        for (int place = 0; place < _count; place++)
        {
            if (_few![place] == (root, container, file))
            {
                return place;
            }
        }

        return -1;
    }
}
