using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace SafeStore.Testing.Disks;

/// <summary>Changes of names, and how they become durable.</summary>
internal sealed partial class Disk
{
    public void Add(DirectoryInode directory, string name, Inode inode)
    {
        if (inode is DirectoryInode child)
        {
            child.Parent = directory.Number;
        }

        Apply(NameChangeKind.Add, [new NamePart(directory.Number, NameText.Canonical(name), null, inode.Number)]);
    }

    public void Remove(DirectoryInode directory, string name)
    {
        name = NameText.Canonical(name);
        Apply(NameChangeKind.Remove, [new NamePart(directory.Number, name, directory.Names[name], null)]);
    }

    public void Rename(DirectoryInode sourceDirectory, string source, DirectoryInode targetDirectory, string target)
    {
        (source, target) = (NameText.Canonical(source), NameText.Canonical(target));
        long moved = sourceDirectory.Names[source];
        long? replaced = targetDirectory.Names.TryGetValue(target, out long old) ? old : null;
        Move(moved, targetDirectory);
        var added = new NamePart(targetDirectory.Number, target, replaced, moved);
        Apply(NameChangeKind.Rename, [added, new NamePart(sourceDirectory.Number, source, moved, null)]);
    }

    public void Exchange(DirectoryInode firstDirectory, string first, DirectoryInode secondDirectory, string second)
    {
        (first, second) = (NameText.Canonical(first), NameText.Canonical(second));
        long one = firstDirectory.Names[first];
        long other = secondDirectory.Names[second];
        Move(one, secondDirectory);
        Move(other, firstDirectory);
        var atFirst = new NamePart(firstDirectory.Number, first, one, other);
        Apply(NameChangeKind.Exchange, [atFirst, new NamePart(secondDirectory.Number, second, other, one)]);
    }

    private void Move(long inode, DirectoryInode target)
    {
        if (_inodes[inode] is DirectoryInode directory)
        {
            directory.Parent = target.Number;
        }
    }

    private void Apply(NameChangeKind kind, ImmutableArray<NamePart> parts)
    {
        var change = new NameChange(++_changes, kind, parts);
        for (int i = 0; i < parts.Length; i++)
        {
            NamePart part = parts[i];
            var directory = (DirectoryInode)_inodes[part.Directory];
            directory.Pending.Add(new PendingName(change, i));
            (directory.LastChange, directory.Changed) = (_changes, Clock());
            if (part.Before is { } before)
            {
                _inodes[before].Links--;
                (_inodes[before].LastChange, _inodes[before].Changed) = (_changes, Clock());
            }

            if (part.After is { } after)
            {
                directory.Names[part.Name] = after;
                _inodes[after].Links++;
                (_inodes[after].LastChange, _inodes[after].Changed) = (_changes, Clock());
            }
            else
            {
                directory.Names.Remove(part.Name);
            }
        }
    }

    /// <summary>
    /// Where the profile has a journal: a sync of what the running journal transaction has changed commits the whole of it.
    /// </summary>
    private void CommitNames(Inode synced)
    {
        if (!Profile.DoesSyncCommitNames || synced.LastChange <= _committed)
        {
            return;
        }

        _committed = _changes;
        foreach (Inode inode in _inodes.Values.ToList())
        {
            if (inode is DirectoryInode directory)
            {
                foreach (PendingName pending in directory.Pending.Where(static pending => !pending.IsLost).ToList())
                {
                    MakeDurable(directory, pending.Part.Name, pending.Change.At);
                }
            }
            else if (inode is FileInode file)
            {
                file.PersistSizes();
            }
        }
    }

    /// <summary>A sync of a file brings its names forward, those of directories that have none yet included.</summary>
    private void PersistNamesOf(Inode inode)
    {
        foreach (DirectoryInode directory in _inodes.Values.OfType<DirectoryInode>())
        {
            List<PendingName> names = directory.Pending.FindAll(pending => !pending.IsLost && IsNameOf(pending, inode.Number));
            foreach (PendingName pending in names)
            {
                MakeDurable(directory, pending.Part.Name, pending.Change.At);
            }

            if (names.Count > 0)
            {
                PersistNamesOf(directory);
            }
        }
    }

    private static bool IsNameOf(PendingName pending, long inode) =>
        pending.Part.After == inode || (pending is { Change.Kind: NameChangeKind.Rename, Index: 1 } && pending.Part.Before == inode);

    /// <summary>
    /// Makes a name durable as it was after a change. The source of a rename is never gone without its target, so the target comes along;
    /// so does the other side of an exchange.
    /// </summary>
    private void MakeDurable(DirectoryInode directory, string name, long upTo)
    {
        for (int i = 0; i < directory.Pending.Count;)
        {
            PendingName pending = directory.Pending[i];
            if (pending.Change.At > upTo)
            {
                break;
            }

            if (pending.Part.Name != name)
            {
                i++;
                continue;
            }

            directory.Pending.RemoveAt(i);
            if (_logsNames)
            {
                _ = directory.Logged.TryAdd(name, directory.Durable.TryGetValue(name, out long before) ? before : null);
            }

            if (pending.Part.After is { } after)
            {
                directory.Durable[name] = after;
            }
            else
            {
                directory.Durable.Remove(name);
            }

            NameChange change = pending.Change;
            if (Profile.IsRenameAtomic
                && (change.Kind == NameChangeKind.Exchange || (change.Kind == NameChangeKind.Rename && pending.Index == 1)))
            {
                NamePart other = change.Parts[1 - pending.Index];
                MakeDurable((DirectoryInode)_inodes[other.Directory], other.Name, change.At);
                i = 0; // the other side may have taken parts from this list
            }

            if (Profile.DoesReplacingWriteData && Replacement(pending) is { } replacement && _inodes[replacement] is FileInode file)
            {
                file.Persist(change.At);
            }
        }
    }

    /// <summary>The inode that a rename puts over another; null if this part is nothing of the kind.</summary>
    internal static long? Replacement(PendingName pending) =>
        pending is { Change.Kind: NameChangeKind.Rename, Index: 0, Part: { Before: not null, After: { } after } } ? after : null;
}
