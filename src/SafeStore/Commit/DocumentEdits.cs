using System;
using System.Collections.Generic;

namespace SafeStore.Commit;

/// <summary>
/// The last operation on each document that a transaction touches, in the order of the first ones. Most transactions touch a few: they are
/// looked for one by one; an index is made once there are many.
/// </summary>
internal sealed class DocumentEdits
{
    private const int IndexFrom = 16;

    private (DocumentKey Key, ReadOnlyMemory<byte>? Content)[] _edits = [];
    private int _count;
    private Dictionary<DocumentKey, int>? _index;

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
                if (content is null)
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
            _index?.Add(key, place);
        }

        _edits[place] = (key, content);
    }

    /// <summary>Forgets the documents of a container.</summary>
    public void RemoveContainer(string container)
    {
        (DocumentKey Key, ReadOnlyMemory<byte>? Content)[] kept = Array.FindAll(_edits[.._count], edit => edit.Key.Container != container);
        Clear();
        foreach ((DocumentKey key, ReadOnlyMemory<byte>? content) in kept)
        {
            Set(key, content);
        }
    }

    public void Clear() => (_edits, _count, _index) = ([], 0, null);

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
            _index = [];
            for (int place = 0; place + 1 < _count; place++)
            {
                _index.Add(_edits[place].Key, place);
            }
        }
    }
}
