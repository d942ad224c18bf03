using System;
using System.Collections.Generic;

namespace SafeStore.Commit;

/// <summary>
/// The last operation on each document that a transaction touches, in the order of the first ones. Most transactions touch a few: they are
/// looked for one by one; an index is made once there are many. An edit that was forgotten leaves an empty place.
/// </summary>
internal sealed class DocumentEdits
{
    private const int IndexFrom = 16;

    private (DocumentKey Key, ReadOnlyMemory<byte>? Content)[] _edits = [];
    private int _count;
    private Dictionary<DocumentKey, int>? _index;
    private Dictionary<string, List<int>>? _places; // of a container's edits; with the index

    public DocumentPut[] Puts
    {
        get
        {
            int puts = 0;
            foreach ((_, ReadOnlyMemory<byte>? content) in Edits)
            {
                puts += content is null ? 0 : 1;
            }

            var found = new DocumentPut[puts];
            foreach ((DocumentKey key, ReadOnlyMemory<byte>? content) in Edits[..(puts == 0 ? 0 : _count)])
            {
                if (content is { } bytes)
                {
                    found[^puts--] = new DocumentPut(key, bytes);
                }
            }

            return found;
        }
    }

    public DocumentKey[] Deletes
    {
        get
        {
            List<DocumentKey>? found = null;
            foreach ((DocumentKey key, ReadOnlyMemory<byte>? content) in Edits)
            {
                if (content is null && key != default)
                {
                    (found ??= []).Add(key);
                }
            }

            return found?.ToArray() ?? [];
        }
    }

    private ReadOnlySpan<(DocumentKey Key, ReadOnlyMemory<byte>? Content)> Edits => _edits.AsSpan(0, _count);

    /// <summary>Sets a document's content; null deletes it.</summary>
    public void Set(DocumentKey key, ReadOnlyMemory<byte>? content)
    {
        int place = Find(key);
        if (place < 0)
        {
            place = _count++;
            Grow();
            Index(key, place);
        }

        _edits[place] = (key, content);
    }

    /// <summary>Forgets the documents of a container.</summary>
    public void RemoveContainer(string container)
    {
        if (_index is not null)
        {
            List<int> forgotten = _places!.Remove(container, out List<int>? places) ? places : [];
            foreach (int place in forgotten)
            {
                _ = _index.Remove(_edits[place].Key);
                _edits[place] = default;
            }

            return;
        }

        (DocumentKey Key, ReadOnlyMemory<byte>? Content)[] kept = Array.FindAll(_edits[.._count], edit => edit.Key.Container != container);
        Clear();
        foreach ((DocumentKey key, ReadOnlyMemory<byte>? content) in kept)
        {
            Set(key, content);
        }
    }

    public void Clear() => (_edits, _count, _index, _places) = ([], 0, null, null);

    private int Find(DocumentKey key)
    {
        if (_index is not null)
        {
            return _index.TryGetValue(key, out int found) ? found : -1;
        }

        for (int place = 0; place < _count; place++)
        {
            if (_edits[place].Key == key)
            {
                return place;
            }
        }

        return -1;
    }

    private void Grow()
    {
        if (_count > _edits.Length)
        {
            Array.Resize(ref _edits, 2 * _count - 1);
        }

        if (_count > IndexFrom && _index is null)
        {
            (_index, _places) = ([], new Dictionary<string, List<int>>(StringComparer.Ordinal));
            for (int place = 0; place + 1 < _count; place++)
            {
                Index(_edits[place].Key, place);
            }
        }
    }

    private void Index(DocumentKey key, int place)
    {
        _index?.Add(key, place);
        if (_places is not null && key.Container is { } container)
        {
            if (!_places.TryGetValue(container, out List<int>? places))
            {
                _places.Add(container, places = []);
            }

            places.Add(place);
        }
    }
}
