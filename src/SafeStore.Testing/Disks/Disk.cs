using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;

namespace SafeStore.Testing.Disks;

/// <summary>
/// One filesystem: its inodes, each with what programs see and what is durable, and the changes between the two in their order. It knows nothing of
/// processes, handles and paths.
/// </summary>
internal sealed class Disk
{
    private readonly Dictionary<long, Inode> _inodes;
    private long _nextInode;
    private long _changes;
    private long _committed;

    public Disk(ulong device, PersistenceProfile profile, DateTimeOffset now)
        : this(device, profile, [], RootNumber + 1, 0)
    {
        const UnixFileMode mode = (UnixFileMode)0x1ED; // 0755
        _inodes.Add(RootNumber, new DirectoryInode(RootNumber, new Metadata(mode, Metadata.NoAttributes)) { Links = 1, Created = now, Accessed = now, Written = now });
    }

    private Disk(ulong device, PersistenceProfile profile, Dictionary<long, Inode> inodes, long nextInode, long changes)
    {
        Device = device;
        Profile = profile;
        _inodes = inodes;
        _nextInode = nextInode;
        _changes = changes;
    }

    public const long RootNumber = 2;

    public ulong Device { get; }

    public PersistenceProfile Profile { get; }

    public DirectoryInode Root => (DirectoryInode)_inodes[RootNumber];

    public bool IsReadOnly { get; set; }

    /// <summary>The space in bytes; files take whole blocks of 4 KiB.</summary>
    public long BytesMax { get; set; } = long.MaxValue;

    public long InodesMax { get; set; } = long.MaxValue;

    public Inode this[long number] => _inodes[number];

    public Inode? Find(DirectoryInode directory, string name) => directory.Names.TryGetValue(name, out long number) ? _inodes[number] : null;

    public FileInode NewFile(UnixFileMode mode, DateTimeOffset now) =>
        Register(new FileInode(_nextInode++, new Metadata(mode, Metadata.NoAttributes)) { Created = now, Accessed = now, Written = now });

    public DirectoryInode NewDirectory(UnixFileMode mode, DateTimeOffset now) =>
        Register(new DirectoryInode(_nextInode++, new Metadata(mode, Metadata.NoAttributes)) { Created = now, Accessed = now, Written = now });

    public LinkInode NewLink(string target, DateTimeOffset now) =>
        Register(new LinkInode(_nextInode++, target) { Created = now, Accessed = now, Written = now });

    public void Add(DirectoryInode directory, string name, Inode inode)
    {
        if (inode is DirectoryInode child)
        {
            child.Parent = directory.Number;
        }

        Apply(NameChangeKind.Add, [new NamePart(directory.Number, name, null, inode.Number)]);
    }

    public void Remove(DirectoryInode directory, string name) =>
        Apply(NameChangeKind.Remove, [new NamePart(directory.Number, name, directory.Names[name], null)]);

    public void Rename(DirectoryInode sourceDirectory, string source, DirectoryInode targetDirectory, string target)
    {
        long moved = sourceDirectory.Names[source];
        long? replaced = targetDirectory.Names.TryGetValue(target, out long old) ? old : null;
        if (_inodes[moved] is DirectoryInode directory)
        {
            directory.Parent = targetDirectory.Number;
        }

        Apply(NameChangeKind.Rename, [new NamePart(targetDirectory.Number, target, replaced, moved), new NamePart(sourceDirectory.Number, source, moved, null)]);
    }

    public void Exchange(DirectoryInode directory, string first, string second)
    {
        long one = directory.Names[first];
        long other = directory.Names[second];
        Apply(NameChangeKind.Exchange, [new NamePart(directory.Number, first, one, other), new NamePart(directory.Number, second, other, one)]);
    }

    public void Write(FileInode file, ReadOnlySpan<byte> bytes, long offset)
    {
        bool grows = offset + bytes.Length > file.Content.Size;
        file.Change(new DataChange(++_changes, offset, bytes.ToArray()));
        if (grows)
        {
            file.ChangedAt = _changes;
        }
    }

    public void Resize(FileInode file, long size)
    {
        file.Change(new DataChange(++_changes, size, null));
        file.ChangedAt = _changes;
    }

    public void SetMetadata(Inode inode, Metadata metadata)
    {
        inode.Metadata = metadata;
        inode.ChangedAt = ++_changes;
    }

    /// <summary>The bytes that the files take, in whole blocks.</summary>
    public long BytesUsed()
    {
        long bytes = 0;
        foreach (Inode inode in _inodes.Values)
        {
            bytes += inode is FileInode file ? BlocksOf(file.Content.Size) : 0;
        }

        return bytes;
    }

    public static long BlocksOf(long size) => (size + 4095) / 4096 * 4096;

    public int InodesUsed() => _inodes.Count;

    /// <summary>fsync and fdatasync: what they make durable differs only in the mode, which is durable here by both.</summary>
    public void SyncFile(FileInode file)
    {
        file.MakeDurable();
        CommitNames(file);
        if (Profile.DoesFileSyncPersistName)
        {
            foreach (DirectoryInode directory in _inodes.Values.OfType<DirectoryInode>())
            {
                foreach (PendingName pending in directory.Pending.Where(pending => pending.Part.After == file.Number).ToList())
                {
                    MakeDurable(directory, pending.Part.Name, pending.Change.At);
                }
            }
        }
    }

    public void SyncDirectory(DirectoryInode directory)
    {
        directory.DurableMetadata = directory.Metadata;
        CommitNames(directory);
        foreach (PendingName pending in directory.Pending.ToList())
        {
            MakeDurable(directory, pending.Part.Name, pending.Change.At);
        }
    }

    public void SyncAll()
    {
        foreach (Inode inode in _inodes.Values.ToList())
        {
            switch (inode)
            {
                case FileInode file:
                    file.MakeDurable();
                    break;
                case DirectoryInode directory:
                    SyncDirectory(directory);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>A write-back has failed: the changes count as written although they were not.</summary>
    public static void ForgetPending(Inode inode)
    {
        inode.WriteErrors++;
        switch (inode)
        {
            case FileInode file:
                file.LosePending();
                break;
            case DirectoryInode directory:
                directory.Pending.Clear();
                break;
            default:
                break;
        }
    }

    /// <summary>Nothing is cached any more: what no write-back is to bring to the device is seen as it is there.</summary>
    public void DropCaches()
    {
        foreach (FileInode file in _inodes.Values.OfType<FileInode>())
        {
            file.DropLost();
        }
    }

    /// <summary>A copy of all that some name leads to, on the device or in memory: what a kill of all processes leaves.</summary>
    public Disk Clone()
    {
        var clones = new Dictionary<long, Inode>();
        foreach (long number in Reachable())
        {
            clones.Add(number, _inodes[number].Clone());
        }

        return new Disk(Device, Profile, clones, _nextInode, _changes) { _committed = _committed, IsReadOnly = IsReadOnly, BytesMax = BytesMax, InodesMax = InodesMax };
    }

    /// <summary>Gives up the inodes that neither a name nor a handle leads to.</summary>
    public void Prune(IEnumerable<long> open)
    {
        HashSet<long> kept = Reachable();
        kept.UnionWith(open);
        foreach (long number in _inodes.Keys.Where(number => !kept.Contains(number)).ToList())
        {
            _inodes.Remove(number);
        }
    }

    public IEnumerable<Inode> Inodes => _inodes.Values;

    /// <summary>A filesystem of these inodes, all that is there being durable; counts links and sets parents.</summary>
    public Disk After(Dictionary<long, Inode> inodes)
    {
        var disk = new Disk(Device, Profile, inodes, _nextInode, _changes) { _committed = _changes, BytesMax = BytesMax, InodesMax = InodesMax };
        foreach (Inode inode in inodes.Values)
        {
            inode.Links = 0;
        }

        disk.Root.Links = 1;
        foreach (DirectoryInode directory in inodes.Values.OfType<DirectoryInode>())
        {
            foreach (long number in directory.Names.Values)
            {
                Inode child = inodes[number];
                child.Links++;
                if (child is DirectoryInode inner)
                {
                    inner.Parent = directory.Number;
                }
            }
        }

        return disk;
    }

    private T Register<T>(T inode)
        where T : Inode
    {
        _inodes.Add(inode.Number, inode);
        return inode;
    }

    private void Apply(NameChangeKind kind, ImmutableArray<NamePart> parts)
    {
        var change = new NameChange(++_changes, kind, parts);
        for (int i = 0; i < parts.Length; i++)
        {
            NamePart part = parts[i];
            var directory = (DirectoryInode)_inodes[part.Directory];
            directory.Pending.Add(new PendingName(change, i));
            directory.ChangedAt = _changes;
            if (part.Before is { } before)
            {
                _inodes[before].Links--;
                _inodes[before].ChangedAt = _changes;
            }

            if (part.After is { } after)
            {
                directory.Names[part.Name] = after;
                _inodes[after].Links++;
                _inodes[after].ChangedAt = _changes;
            }
            else
            {
                directory.Names.Remove(part.Name);
            }
        }
    }

    /// <summary>Where the profile has a journal: a sync of what the running journal transaction has changed commits the whole of it.</summary>
    private void CommitNames(Inode synced)
    {
        if (!Profile.DoesSyncCommitNames || synced.ChangedAt <= _committed)
        {
            return;
        }

        _committed = _changes;
        foreach (Inode inode in _inodes.Values.ToList())
        {
            if (inode is DirectoryInode directory)
            {
                foreach (PendingName pending in directory.Pending.ToList())
                {
                    MakeDurable(directory, pending.Part.Name, pending.Change.At);
                }
            }
            else if (inode is FileInode file)
            {
                CommitSizes(file);
            }
        }
    }

    /// <summary>Explicit sizes (ftruncate, fallocate) are metadata; the size that a write gives comes with its data.</summary>
    private static void CommitSizes(FileInode file)
    {
        int last = file.Pending.FindLastIndex(static change => change.Bytes is null);
        if (last >= 0)
        {
            file.Durable = file.Durable.Resize(file.Pending[last].Offset);
            file.Pending.RemoveAll(change => change.Bytes is null);
        }
    }

    /// <summary>
    /// Makes a name durable as it was after a change. The source of a rename is never gone without its target, so the target comes along; so does the other
    /// side of an exchange.
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
            if (pending.Part.After is { } after)
            {
                directory.Durable[name] = after;
            }
            else
            {
                directory.Durable.Remove(name);
            }

            NameChange change = pending.Change;
            if (Profile.IsRenameAtomic && (change.Kind == NameChangeKind.Exchange || (change.Kind == NameChangeKind.Rename && pending.Index == 1)))
            {
                NamePart other = change.Parts[1 - pending.Index];
                MakeDurable((DirectoryInode)_inodes[other.Directory], other.Name, change.At);
                i = 0; // the other side may have taken parts from this list
            }

            if (Profile.DoesReplacingWriteData && Replacement(pending) is { } replacement && _inodes[replacement] is FileInode file)
            {
                WriteOut(file, change.At);
            }
        }
    }

    /// <summary>The inode that a rename puts over another; null if this part is nothing of the kind.</summary>
    internal static long? Replacement(PendingName pending) =>
        pending is { Change.Kind: NameChangeKind.Rename, Index: 0, Part: { Before: not null, After: { } after } } ? after : null;

    private static void WriteOut(FileInode file, long upTo)
    {
        int count = file.Pending.FindLastIndex(change => change.At <= upTo) + 1;
        file.Durable = file.Pending.Take(count).Aggregate(file.Durable, static (content, change) => change.ApplyTo(content));
        file.Pending.RemoveRange(0, count);
    }

    private HashSet<long> Reachable()
    {
        var reached = new HashSet<long> { RootNumber };
        var open = new Stack<DirectoryInode>([Root]);
        while (open.TryPop(out DirectoryInode? directory))
        {
            foreach (long number in directory.Names.Values.Concat(directory.Durable.Values).Concat(directory.Pending.SelectMany(Ends)))
            {
                if (reached.Add(number) && _inodes[number] is DirectoryInode child)
                {
                    open.Push(child);
                }
            }
        }

        return reached;
    }

    private static IEnumerable<long> Ends(PendingName pending)
    {
        foreach (NamePart part in pending.Change.Parts)
        {
            yield return part.Directory;
            if (part.Before is { } before)
            {
                yield return before;
            }

            if (part.After is { } after)
            {
                yield return after;
            }
        }
    }
}
