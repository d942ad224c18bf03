using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using SafeStore.PropertyTests.Store;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>
/// What a store may hold: one dictionary of sandboxes as long as all outcomes are known, several after an unknown one. What is seen
/// afterwards must fit at least one of them, and the others are ruled out: an outcome, once seen, is fixed.
/// </summary>
internal sealed class Worlds
{
    private List<ImmutableSortedDictionary<string, ModelSandbox>> _all = [ImmutableSortedDictionary<string, ModelSandbox>.Empty];

    public int Count => _all.Count;

    /// <summary>One of them; after an unknown outcome the one in which the transaction happened.</summary>
    public ImmutableSortedDictionary<string, ModelSandbox> Likeliest => _all[^1];

    public IEnumerable<string> Sandboxes => _all.SelectMany(static world => world.Keys).Distinct();

    public bool Any(Func<ImmutableSortedDictionary<string, ModelSandbox>, bool> condition) => _all.Exists(world => condition(world));

    /// <summary>In every world this happened; in none, if the function gives null, could it.</summary>
    public void Happened(
        Func<ImmutableSortedDictionary<string, ModelSandbox>, ImmutableSortedDictionary<string, ModelSandbox>?> change, string what) =>
        Set(_all.Select(change).OfType<ImmutableSortedDictionary<string, ModelSandbox>>(), what);

    /// <summary>This happened, or did not.</summary>
    public void MayHaveHappened(
        Func<ImmutableSortedDictionary<string, ModelSandbox>, ImmutableSortedDictionary<string, ModelSandbox>?> change, string what) =>
        Set(_all.Concat(_all.Select(change).OfType<ImmutableSortedDictionary<string, ModelSandbox>>()), what);

    /// <summary>Something was seen.</summary>
    public void Seen(Func<IReadOnlyDictionary<string, ModelSandbox>, bool> fits, string what) =>
        Set(_all.Where(world => fits(world)), what);

    /// <summary>A sandbox's content was seen; null if it does not exist.</summary>
    public void Seen(string sandbox, string? content) => Seen(
        world => Content(world, sandbox) == content,
        $"sandbox {sandbox} is {(content is null ? "missing" : $"\n{content}")}");

    public static string? Content(IReadOnlyDictionary<string, ModelSandbox> world, string sandbox) =>
        world.TryGetValue(sandbox, out ModelSandbox? found) ? Tree.Show(found) : null;

    public override string ToString() => string.Join("\nor\n", _all.Select(Show));

    private void Set(IEnumerable<ImmutableSortedDictionary<string, ModelSandbox>> worlds, string what)
    {
        List<ImmutableSortedDictionary<string, ModelSandbox>> left = [.. worlds.DistinctBy(Show)];
        if (left.Count == 0)
        {
            throw new InvalidOperationException($"{what}; allowed would be\n{this}");
        }

        _all = left;
    }

    private static string Show(ImmutableSortedDictionary<string, ModelSandbox> world) =>
        world.IsEmpty ? "(nothing)" : string.Concat(world.Select(static pair => $"{pair.Key}:\n{Tree.Show(pair.Value)}"));
}
