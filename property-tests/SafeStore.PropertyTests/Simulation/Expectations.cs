using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using SafeStore.PropertyTests.Store;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>What a store on a machine may look like, whatever has happened to it, and the comparison with what it does.</summary>
internal sealed class Expectations(Setting setting)
{
    private readonly Worlds _worlds = new();
    private readonly HashSet<string> _unresolved = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Lsn> _versions = new(StringComparer.Ordinal);
    private bool _mayHaveTrash;
    private bool _needsRecovery;
    private Lsn _last;

    public int WorldCount => _worlds.Count;

    /// <summary>Changes of which nothing is refused, if the sandboxes are as in one of the worlds.</summary>
    public Change[] Fit(Change[] changes)
    {
        ImmutableSortedDictionary<string, ModelSandbox> world = _worlds.Likeliest;
        return [.. changes.Select(change =>
        {
            Change fitting = change with { IsNew = !world.ContainsKey(change.Sandbox), Steps = [] };
            foreach (Step step in change.Steps)
            {
                Change more = fitting with { Steps = [.. fitting.Steps, step] };
                fitting = more.Steps.All(new ModelChange(ModelSandbox.Empty, more.IsNew).TryApply)
                    && Outcome(world, [more]).Errors.Count == 0 ? more : fitting;
            }

            return fitting;
        })];
    }

    /// <summary>A transaction was acknowledged.</summary>
    public void Acknowledged(Change[] changes, Lsn version)
    {
        _worlds.Happened(
            world => Outcome(world, changes) is ({ Count: 0 }, var after) ? after : null, "a commit succeeded that should have failed");
        foreach (Change change in changes)
        {
            Resolved(change.Sandbox);
        }

        Change[] written =
            [.. changes.Where(static change => !Model(ImmutableSortedDictionary<string, ModelSandbox>.Empty, change).IsEmpty)];
        if (written.Length > 0)
        {
            Assert.True(version > _last, $"LSN {version} was given out after {_last}");
            _last = version;
        }

        foreach (Change change in written)
        {
            _versions[change.Sandbox] = version;
        }

        _mayHaveTrash |= changes.SelectMany(static change => change.Steps)
            .Any(static step => step is Step.RemoveContainer or Step.RemoveSandbox);
    }

    /// <summary>A transaction is durable, but not wholly visible.</summary>
    public void Durable(Change[] changes, Lsn version)
    {
        Acknowledged(changes, version);
        Touched(changes);
    }

    /// <summary>Nobody knows what has become of a transaction.</summary>
    public void Unknown(Change[] changes)
    {
        _worlds.MayHaveHappened(world => Outcome(world, changes) is ({ Count: 0 }, var after) ? after : null, "");
        Touched(changes);
    }

    /// <summary>A process may have left something half done in these sandboxes; whoever locks one next has it finished or undone.</summary>
    public void Touched(Change[] changes)
    {
        _unresolved.UnionWith(changes.Select(static change => change.Sandbox));
        _mayHaveTrash = true;
    }

    /// <summary>A process has died somewhere in its background work.</summary>
    public void MayHaveTrash() => _mayHaveTrash = true;

    /// <summary>Whether this is an error that a commit of these changes should give.</summary>
    public bool MayRefuse(Change[] changes, Exception failure) => _worlds.Any(
        world => IsRefusal(world, changes, failure) || IsRefusal(world.RemoveRange(NotLookedFor(changes)), changes, failure));

    /// <summary>A commit was refused.</summary>
    public void Refused(Change[] changes, SafeStoreException failure)
    {
        Assert.True(MayRefuse(changes, failure), $"the commit failed: {failure}");
        if (!NotLookedFor(changes).Any())
        {
            _worlds.Seen(world => IsRefusal(world, changes, failure), "");
        }
    }

    /// <summary>A lock was refused because of what exists.</summary>
    public void LockRefused(Change[] changes, SafeStoreException failure)
    {
        switch (failure)
        {
            case NotFoundException missing:
                Missing(missing.Id);
                Assert.Contains(changes, change => change.Sandbox == missing.Id && !change.IsNew);
                break;
            case AlreadyExistsException existing when !_needsRecovery && !_unresolved.Contains(existing.Id):
                _worlds.Seen(world => world.ContainsKey(existing.Id), $"sandbox {existing.Id} exists");
                Assert.Contains(changes, change => change.Sandbox == existing.Id && change.IsNew);
                break;
            case AlreadyExistsException:
                break; // a removal that nobody has finished yet
            default:
                throw new InvalidOperationException($"{string.Join<Change>(" & ", changes)} could not be locked: {failure}", failure);
        }
    }

    /// <summary>An existing sandbox was locked.</summary>
    public void Locked(string sandbox, Lsn version, Tree tree)
    {
        if (_needsRecovery)
        {
            return;
        }

        Resolved(sandbox);
        _worlds.Seen(sandbox, tree.Sandboxes.GetValueOrDefault(sandbox));
        Lsn before = _versions.GetValueOrDefault(sandbox);
        Assert.True(version >= before, $"sandbox {sandbox} went back from version {before} to {version}");
        _versions[sandbox] = version;
        _last = Lsn.Max(_last, version);
    }

    /// <summary>Nobody could lock a sandbox, since it does not exist.</summary>
    public void Missing(string sandbox)
    {
        if (!_needsRecovery)
        {
            Resolved(sandbox);
            _worlds.Seen(sandbox, null);
        }
    }

    /// <summary>The power was lost.</summary>
    public void PowerLost()
    {
        _needsRecovery = true;
        if (setting.IsVolatile)
        {
            _worlds.Happened(static world => world.Clear(), "");
            _versions.Clear();
            _last = default;
        }
        else if (setting.IsRunVolatile)
        {
            _worlds.Happened(
                static world => world.ToImmutableSortedDictionary(static pair => pair.Key, static pair => WithoutRun(pair.Value)), "");
        }
    }

    /// <summary>
    /// A sync failed, and the cache shows older files, names or lock words: until somebody recovers the store, which is faulted.
    /// </summary>
    public void CacheReverted() => _needsRecovery = true;

    /// <summary>
    /// A process opened the store alone: nothing half done is left, but what it could not read while calls failed stays for later.
    /// </summary>
    public void Recovered(Tree tree, bool hadFaults)
    {
        _unresolved.Clear();
        _mayHaveTrash = hadFaults;
        _needsRecovery = false;
        Check(tree);
    }

    /// <summary>Whatever nobody has left half done is as it should be.</summary>
    public void Check(Tree tree)
    {
        if (_needsRecovery)
        {
            return;
        }

        foreach (string sandbox in tree.Sandboxes.Keys.Union(_worlds.Sandboxes).Except(_unresolved).ToList())
        {
            _worlds.Seen(sandbox, tree.Sandboxes.GetValueOrDefault(sandbox));
        }

        Assert.All(tree.Strays, stray => Assert.True(_unresolved.Contains(stray.Sandbox), $"{stray.Path} is left"));
        Assert.True(_mayHaveTrash || tree.Trash.Count == 0, $"{string.Join(", ", tree.Trash)} is left");
    }

    public override string ToString() => $"{_worlds}\nunresolved: {string.Join(", ", _unresolved)}";

    private static (HashSet<Type> Errors, ImmutableSortedDictionary<string, ModelSandbox> After) Outcome(
        ImmutableSortedDictionary<string, ModelSandbox> world, Change[] changes)
    {
        var errors = new HashSet<Type>();
        ImmutableSortedDictionary<string, ModelSandbox> after = world;
        foreach (Change change in changes)
        {
            if (change.IsNew == world.ContainsKey(change.Sandbox))
            {
                errors.Add(change.IsNew ? typeof(AlreadyExistsException) : typeof(NotFoundException));
                continue;
            }

            ModelChange model = Model(world, change);
            errors.UnionWith(model.Errors());
            after = model.After(default) is { } left ? after.SetItem(change.Sandbox, left) : after.Remove(change.Sandbox);
        }

        return (errors, after);
    }

    private static bool IsRefusal(IReadOnlyDictionary<string, ModelSandbox> world, Change[] changes, Exception failure) =>
        Outcome((ImmutableSortedDictionary<string, ModelSandbox>)world, changes).Errors.Contains(failure.GetType());

    /// <summary>A transaction that creates one of these may be refused before anybody looks whether the sandbox exists.</summary>
    private IEnumerable<string> NotLookedFor(Change[] changes) =>
        changes.Where(change => change.IsNew && _unresolved.Contains(change.Sandbox)).Select(static change => change.Sandbox);

    private static ModelChange Model(ImmutableSortedDictionary<string, ModelSandbox> world, Change change)
    {
        var model = new ModelChange(world.GetValueOrDefault(change.Sandbox, ModelSandbox.Empty), change.IsNew);
        return change.Steps.All(model.TryApply) ? model : throw new InvalidOperationException($"{change} cannot be asked for.");
    }

    private static ModelSandbox WithoutRun(ModelSandbox sandbox) =>
        sandbox with { Documents = sandbox.Documents.Where(static document => document.Key.Root != StoreRoot.Run).ToDictionary() };

    private void Resolved(string sandbox) => _unresolved.Remove(sandbox);
}
