using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Disks;

/// <summary>
/// One filesystem: its inodes, each with what programs see and what is durable, and the changes between the two in their order. It knows
/// nothing of processes, handles and paths.
/// </summary>
internal sealed partial class Disk
{
    private readonly Dictionary<long, Inode> _inodes;
    private long _nextInode;
    private long _changes;
    private long _committed;
    private bool _logsNames;

    public Disk(ulong device, PersistenceProfile profile, DateTimeOffset now)
        : this(device, profile, [], RootNumber + 1, 0)
    {
        const UnixFileMode mode = (UnixFileMode)0x1ED; // 0755
        _inodes.Add(RootNumber,
            new DirectoryInode(RootNumber, new Metadata(mode)) { Links = 1, Created = now, Accessed = now, Written = now, Changed = now });
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

    /// <summary>How large a file may be: much, but not too much for memory.</summary>
    public const long FileBytesMax = 1L << 33;

    public ulong Device { get; }

    public PersistenceProfile Profile { get; }

    public DirectoryInode Root => (DirectoryInode)_inodes[RootNumber];

    public bool IsReadOnly { get; set; }

    /// <summary>The time by which changes are dated.</summary>
    public Func<DateTimeOffset> Clock { get; set; } = static () => default;

    /// <summary>The space in bytes; files take whole blocks of 4 KiB.</summary>
    public long BytesMax { get; set; } = long.MaxValue;

    public long InodesMax { get; set; } = long.MaxValue;

    /// <summary>What the disk has when it is not filled.</summary>
    private (long Bytes, long Inodes)? _emptied;

    public Inode this[long number] => _inodes[number];

    public bool Has(long number) => _inodes.ContainsKey(number);

    /// <summary>Another program takes all space but this.</summary>
    public void Fill(long bytesLeft, long inodesLeft)
    {
        Free();
        _emptied = (BytesMax, InodesMax);
        BytesMax = Math.Min(BytesMax, BytesUsed() + bytesLeft);
        InodesMax = inodesLeft == long.MaxValue ? InodesMax : Math.Min(InodesMax, InodesUsed() + inodesLeft);
    }

    /// <summary>Gives the space back.</summary>
    public void Free()
    {
        if (_emptied is { } emptied)
        {
            (BytesMax, InodesMax) = emptied;
            _emptied = null;
        }
    }

    public Inode? Find(DirectoryInode directory, string name) =>
        directory.Names.TryGetValue(NameText.Canonical(name), out long number) ? _inodes[number] : null;

    public FileInode NewFile(FilePermissions permissions, DateTimeOffset now) =>
        Register(new FileInode(_nextInode++, new Metadata(permissions)) { Created = now, Accessed = now, Written = now, Changed = now });

    public DirectoryInode NewDirectory(FilePermissions permissions, DateTimeOffset now) =>
        Register(new DirectoryInode(
            _nextInode++, new Metadata(permissions))
        { Created = now, Accessed = now, Written = now, Changed = now });

    public LinkInode NewLink(string target, DateTimeOffset now) =>
        Register(new LinkInode(_nextInode++, target) { Created = now, Accessed = now, Written = now, Changed = now });

    /// <summary>The cache is written out page by page: a long write is as many changes.</summary>
    public void Write(FileInode file, ReadOnlySpan<byte> bytes, long offset)
    {
        bool grows = offset + bytes.Length > file.Content.Size;
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(bytes.Length, FileContent.PageBytes - (int)(offset % FileContent.PageBytes));
            file.Change(new DataChange(++_changes, offset, bytes[..length].ToArray()));
            bytes = bytes[length..];
            offset += length;
        }

        file.Changed = Clock();
        if (grows)
        {
            file.LastChange = _changes;
        }
    }

    public void Resize(FileInode file, long size)
    {
        file.Change(new DataChange(++_changes, size, null));
        file.LastChange = _changes;
        file.Changed = Clock();
    }

    public void SetMetadata(Inode inode, Metadata metadata)
    {
        inode.Change(metadata);
        inode.LastChange = ++_changes;
        inode.Changed = Clock();
    }

    /// <summary>The bytes that the files take, in whole blocks.</summary>
    public long BytesUsed()
    {
        long bytes = 0;
        foreach (Inode inode in _inodes.Values)
        {
            bytes += inode is FileInode { IsInUse: true } file ? BlocksOf(file.Content.Size) : 0;
        }

        return bytes;
    }

    public static long BlocksOf(long size) => (size + 4095) / 4096 * 4096;

    public int InodesUsed() => _inodes.Values.Count(static inode => inode.IsInUse);

    /// <summary>fsync, or fdatasync if the metadata is left out.</summary>
    public void SyncFile(FileInode file, bool withMetadata)
    {
        file.Persist();
        if (withMetadata)
        {
            file.SyncMetadata();
        }

        CommitNames(file);
        if (Profile.DoesFileSyncPersistName)
        {
            PersistNamesOf(file);
        }
    }

    /// <summary>fsync of a directory.</summary>
    public void SyncDirectory(DirectoryInode directory)
    {
        _logsNames = !Profile.IsDirectorySyncReliable;
        Commit(directory);
        _logsNames = false;
    }

    /// <summary>syncfs.</summary>
    public void SyncAll()
    {
        CommitAll();
        foreach (DirectoryInode directory in _inodes.Values.OfType<DirectoryInode>())
        {
            directory.Logged.Clear();
        }
    }

    private void Commit(DirectoryInode directory)
    {
        directory.SyncMetadata();
        CommitNames(directory);
        foreach (PendingName pending in directory.Pending.Where(static pending => !pending.IsLost).ToList())
        {
            MakeDurable(directory, pending.Part.Name, pending.Change.At);
        }
    }

    private void CommitAll()
    {
        foreach (Inode inode in _inodes.Values.ToList())
        {
            switch (inode)
            {
                case FileInode file:
                    file.Persist();
                    file.SyncMetadata();
                    break;
                case DirectoryInode directory:
                    Commit(directory);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>
    /// The write-back of a file has failed: the changes count as written, whether they were or not. A sync of the whole tells that there
    /// was something; whether the sync of the file does depends.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="isUntold">Whether it was no sync of the file that failed, so that its next one tells through whatever handle.</param>
    public void LosePending(FileInode file, bool isUntold)
    {
        file.Errors.Add(isUntold);
        Errors.Add(isUntold: true);
        file.Lose();
    }

    /// <summary>The same of the changes of a directory's names.</summary>
    public static void LosePending(DirectoryInode directory)
    {
        for (int i = 0; i < directory.Pending.Count; i++)
        {
            directory.Pending[i] = directory.Pending[i] with { IsLost = true };
        }
    }

    /// <summary>
    /// The write-back of everything has failed. Names stay to be written, since a journal that cannot be written forgets none.
    /// </summary>
    /// <param name="isTold">Whether the next sync of each file tells.</param>
    public void LosePendingData(bool isTold = true)
    {
        foreach (FileInode file in _inodes.Values.OfType<FileInode>()
            .Where(static file => file.Pending.Exists(static change => !change.IsLost)))
        {
            if (isTold)
            {
                LosePending(file, isUntold: true);
            }
            else
            {
                file.Lose();
            }
        }
    }

    /// <summary>The failed write-backs of all its files (s_wb_err, Linux 5.8).</summary>
    public ErrorSequence Errors { get; } = new();

    /// <summary>
    /// Nothing clean is cached any more: data that a failed sync has lost are seen as they are on the device. Names stay in memory.
    /// </summary>
    public void DropCaches()
    {
        foreach (FileInode file in _inodes.Values.OfType<FileInode>())
        {
            file.DropCache();
        }
    }

    /// <summary>A copy of all that some name leads to, on the device or in memory: what a kill of all processes leaves.</summary>
    public Disk Clone()
    {
        var clones = new Dictionary<long, Inode>();
        foreach (long number in Reachable(AllNames, []))
        {
            clones.Add(number, _inodes[number].Clone());
        }

        return new Disk(Device, Profile, clones, _nextInode, _changes)
        {
            _committed = _committed,
            _emptied = _emptied,
            IsReadOnly = IsReadOnly,
            BytesMax = BytesMax,
            InodesMax = InodesMax,
        };
    }

    /// <summary>Gives up the inodes that neither a name nor a handle leads to.</summary>
    public void Prune()
    {
        HashSet<long> kept =
            Reachable(AllNames, _inodes.Values.Where(static inode => inode.Handles > 0).Select(static inode => inode.Number));
        foreach (long number in _inodes.Keys.Where(number => !kept.Contains(number)).ToList())
        {
            _inodes.Remove(number);
        }
    }

    public IEnumerable<Inode> Inodes => _inodes.Values;

    /// <summary>The inodes that a name may lead to after a power loss, in the order of their numbers.</summary>
    public IEnumerable<Inode> Survivors() => Reachable(PossibleNames, []).Order().Select(number => _inodes[number]);

    /// <summary>A filesystem of these inodes, all that is there being durable; counts links and sets parents.</summary>
    public Disk After(Dictionary<long, Inode> inodes)
    {
        var disk = new Disk(Device, Profile, inodes, _nextInode, _changes)
        {
            _committed = _changes,
            _emptied = _emptied,
            BytesMax = BytesMax,
            InodesMax = InodesMax,
        };
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

    private HashSet<long> Reachable(Func<DirectoryInode, IEnumerable<long>> names, IEnumerable<long> open)
    {
        HashSet<long> reached = [RootNumber, .. open];
        var ways = new Stack<long>(reached);
        while (ways.TryPop(out long next))
        {
            if (_inodes[next] is DirectoryInode directory)
            {
                foreach (long number in names(directory))
                {
                    if (reached.Add(number))
                    {
                        ways.Push(number);
                    }
                }
            }
        }

        return reached;
    }

    /// <summary>All that it has to do with, the directory above it included: a removed one still has it.</summary>
    private static IEnumerable<long> AllNames(DirectoryInode directory) =>
        directory.Names.Values.Concat(directory.Durable.Values).Concat(directory.Logged.Values.OfType<long>())
            .Concat(directory.Pending.SelectMany(Ends)).Append(directory.Parent);

    private static IEnumerable<long> PossibleNames(DirectoryInode directory) =>
        directory.Durable.Values.Concat(directory.Logged.Values.OfType<long>())
            .Concat(directory.Pending.Select(static pending => pending.Part.After ?? RootNumber));

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
