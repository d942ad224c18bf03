using System;
using System.Collections.Generic;
using System.Text;

namespace SafeStore.Commit;

/// <summary>The names in a stretch of the log, one string for each: the same few come in every record.</summary>
internal sealed class NamePool
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public NamePool() => _lookup = _names.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The name that these ASCII characters spell, at most 255.</summary>
    public string NameOf(ReadOnlySpan<byte> text)
    {
        Span<char> characters = stackalloc char[byte.MaxValue];
        characters = characters[..Encoding.ASCII.GetChars(text, characters)];
        if (!_lookup.TryGetValue(characters, out string? name))
        {
            name = characters.ToString();
            _ = _names.Add(name);
        }

        return name;
    }
}
