using System;
using System.Collections.Generic;
using System.Text.Json;

namespace SafeStore.Documents;

/// <summary>
/// The property names of the objects that a reader is in, to notice one that appears twice. Small objects are compared by their bytes,
/// without an allocation per name; large ones, and those that have a name with an escape, by a set: each name is decoded once.
/// </summary>
/// <param name="json">The text.</param>
/// <param name="names">Room for <see cref="NamesAtFirst"/> names, on the caller's stack.</param>
/// <param name="firsts">
/// Room for the first name of each of <see cref="JsonRules.DepthMax"/> objects, one in the other, on the caller's stack.
/// </param>
internal ref struct PropertyNames(ReadOnlySpan<byte> json, Span<PropertyNames.Name> names, Span<int> firsts)
{
    public const int NamesAtFirst = 48;

    private const int SmallMax = 32;

    private readonly ReadOnlySpan<byte> _json = json;
    private readonly Span<int> _firsts = firsts;
    private Span<Name> _names = names;
    private int _count;
    private int _depth;
    private HashSet<string>?[]? _large;

    public void Enter()
    {
        _firsts[_depth] = _count;
        _large?[_depth] = null;
        _depth++;
    }

    public void Leave() => _count = _firsts[--_depth];

    /// <summary>Adds a name to the object that was entered last; false if it has it already.</summary>
    public bool TryAdd(Name name)
    {
        int first = _firsts[_depth - 1];
        if (_large?[_depth - 1] is { } large)
        {
            return large.Add(Decode(name));
        }

        if (name.IsEscaped || _count - first == SmallMax)
        {
            large = ToSet(first);
            (_large ??= new HashSet<string>?[JsonRules.DepthMax])[_depth - 1] = large;
            return large.Add(Decode(name));
        }

        for (int i = first; i < _count; i++)
        {
            if (BytesOf(_names[i]).SequenceEqual(BytesOf(name)))
            {
                return false;
            }
        }

        Add(name);
        return true;
    }

    private void Add(Name name)
    {
        if (_count == _names.Length)
        {
            var more = new Name[2 * _names.Length];
            _names.CopyTo(more);
            _names = more;
        }

        _names[_count++] = name;
    }

    private readonly HashSet<string> ToSet(int first)
    {
        var set = new HashSet<string>(StringComparer.Ordinal);
        for (int i = first; i < _count; i++)
        {
            set.Add(Decode(_names[i]));
        }

        return set;
    }

    private readonly string Decode(Name name)
    {
        var reader = new Utf8JsonReader(_json.Slice(name.Start - 1, name.Length + 2)); // with its quotes
        reader.Read();
        return reader.GetString()!;
    }

    private readonly ReadOnlySpan<byte> BytesOf(Name name) => _json.Slice(name.Start, name.Length);

    /// <summary>Where a name is.</summary>
    internal readonly record struct Name(int Start, int Length, bool IsEscaped)
    {
        /// <summary>The one at which a reader stands.</summary>
        public static Name At(ref Utf8JsonReader reader) =>
            new((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length, reader.ValueIsEscaped);
    }
}
