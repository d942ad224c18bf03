using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace SafeStore.Testing.Disks;

/// <summary>
/// All that a power loss may leave of a disk. Each atom is one independent question ("which version of this block?", "which file has this name?"); its
/// option 0 is what is durable already, its last option what programs saw last. A choice answers all of them.
/// </summary>
internal sealed class PowerLossSpace
{
    private readonly Disk _disk;
    private readonly PersistenceProfile _profile;
    private readonly List<Atom> _atoms = [];
    private readonly Dictionary<long, FileAtoms> _files = [];
    private readonly List<NameSlot> _slots = [];
    private readonly List<Bond> _bonds = [];
    private readonly long[] _cuts = [];
    private Dictionary<long, string>? _paths;

    public PowerLossSpace(Disk disk)
    {
        _disk = disk;
        _profile = disk.Profile;
        if (_profile.IsVolatile)
        {
            return;
        }

        if (_profile.AreNamesOrdered)
        {
            _cuts = [0, .. disk.Inodes.OfType<DirectoryInode>().SelectMany(static directory => directory.Pending).Select(static pending => pending.Change.At).Distinct().Order()];
            AddAtom(_cuts.Length, option => $"names as after change {option} of {_cuts.Length - 1}");
        }

        foreach (Inode inode in disk.Inodes.OrderBy(static inode => inode.Number))
        {
            if (inode is FileInode { Pending.Count: > 0 } file)
            {
                AddFile(file);
            }
            else if (inode is DirectoryInode { Pending.Count: > 0 } directory)
            {
                AddNames(directory);
            }
        }

        if (_profile.IsRenameAtomic && !_profile.AreNamesOrdered)
        {
            BindRenames();
        }
    }

    /// <summary>How many options each atom has, two at least.</summary>
    public IEnumerable<int> Options => _atoms.Select(static atom => atom.Options);

    public int Count => _atoms.Count;

    /// <summary>What an option means, for people.</summary>
    public string Describe(int atom, int option)
    {
        _paths ??= Paths();
        return _atoms[atom].Describe(option);
    }

    /// <summary>The disk after the power loss: all that is there is durable.</summary>
    /// <param name="choice">An option for each atom.</param>
    /// <param name="garbage">Decides what garbage looks like.</param>
    public Disk Materialize(ReadOnlySpan<int> choice, ulong garbage)
    {
        var inodes = new Dictionary<long, Inode>();
        if (_profile.IsVolatile)
        {
            inodes.Add(Disk.RootNumber, new DirectoryInode(Disk.RootNumber, _disk.Root.DurableMetadata));
            return _disk.After(inodes);
        }

        long cut = _profile.AreNamesOrdered ? _cuts[CutOf(choice)] : 0;
        int[] names = NameVersions(choice, cut);
        var open = new Queue<long>([Disk.RootNumber]);
        while (open.TryDequeue(out long number))
        {
            if (inodes.ContainsKey(number))
            {
                continue;
            }

            Inode inode = _disk[number];
            switch (inode)
            {
                case FileInode file:
                    inodes.Add(number, Restore(file, choice, garbage, cut));
                    break;
                case DirectoryInode directory:
                    DirectoryInode restored = Restore(directory, names);
                    inodes.Add(number, restored);
                    foreach (long child in restored.Names.Values)
                    {
                        open.Enqueue(child);
                    }

                    break;
                default:
                    inodes.Add(number, inode.Clone());
                    break;
            }
        }

        return _disk.After(inodes);
    }

    private int CutOf(ReadOnlySpan<int> choice) => _cuts.Length > 1 ? choice[0] : 0;

    private int AddAtom(int options, Func<int, string> describe)
    {
        if (options < 2)
        {
            return -1;
        }

        _atoms.Add(new Atom(options, describe));
        return _atoms.Count - 1;
    }

    private void AddNames(DirectoryInode directory)
    {
        foreach (IGrouping<string, PendingName> group in directory.Pending.GroupBy(static pending => pending.Part.Name, StringComparer.Ordinal))
        {
            PendingName[] versions = [.. group];
            int atom = _profile.AreNamesOrdered
                ? -1
                : AddAtom(versions.Length + 1, option => $"name {PathOf(directory.Number)}/{group.Key}: {(option == 0 ? "as it was synced" : Target(versions[option - 1].Part))}");
            _slots.Add(new NameSlot(directory.Number, group.Key, atom, versions));
        }
    }

    private static string Target(NamePart part) => part.After is { } after ? $"inode {after}" : "gone";

    /// <summary>Where the source of a rename is gone, its target must be there; the sides of an exchange go together.</summary>
    private void BindRenames()
    {
        var places = new Dictionary<(NameChange, int), (int Slot, int Version)>();
        for (int slot = 0; slot < _slots.Count; slot++)
        {
            for (int i = 0; i < _slots[slot].Versions.Length; i++)
            {
                PendingName pending = _slots[slot].Versions[i];
                places.Add((pending.Change, pending.Index), (slot, i + 1));
            }
        }

        foreach (((NameChange change, int index), (int slot, int version)) in places)
        {
            if ((change.Kind == NameChangeKind.Exchange || (change.Kind == NameChangeKind.Rename && index == 1)) && places.TryGetValue((change, 1 - index), out (int Slot, int Version) other))
            {
                _bonds.Add(new Bond(slot, version, other.Slot, other.Version));
            }
        }
    }

    /// <summary>For each slot how many of its pending changes have persisted.</summary>
    private int[] NameVersions(ReadOnlySpan<int> choice, long cut)
    {
        int[] versions = new int[_slots.Count];
        for (int slot = 0; slot < versions.Length; slot++)
        {
            NameSlot names = _slots[slot];
            versions[slot] = names.Atom >= 0 ? choice[names.Atom] : names.Versions.Count(pending => pending.Change.At <= cut);
        }

        bool isChanged = _bonds.Count > 0;
        while (isChanged)
        {
            isChanged = false;
            foreach (Bond bond in _bonds)
            {
                if (versions[bond.Slot] >= bond.Version && versions[bond.OtherSlot] < bond.OtherVersion)
                {
                    versions[bond.OtherSlot] = bond.OtherVersion;
                    isChanged = true;
                }
            }
        }

        return versions;
    }

    private DirectoryInode Restore(DirectoryInode directory, int[] versions)
    {
        var restored = new DirectoryInode(directory.Number, directory.DurableMetadata) { Created = directory.Created, Accessed = directory.Accessed, Written = directory.Written };
        foreach ((string name, long number) in directory.Durable)
        {
            restored.Names.Add(name, number);
        }

        for (int slot = 0; slot < versions.Length; slot++)
        {
            NameSlot names = _slots[slot];
            if (names.Directory != directory.Number || versions[slot] == 0)
            {
                continue;
            }

            if (names.Versions[versions[slot] - 1].Part.After is { } after)
            {
                restored.Names[names.Name] = after;
            }
            else
            {
                restored.Names.Remove(names.Name);
            }
        }

        foreach ((string name, long number) in restored.Names)
        {
            restored.Durable.Add(name, number);
        }

        return restored;
    }

    private void AddFile(FileInode file)
    {
        var states = new List<FileContent> { file.Durable };
        states.AddRange(file.Pending.Select(change => change.ApplyTo(states[^1])));
        int[] sizes = [0, .. Enumerable.Range(1, file.Pending.Count).Where(i => states[i].Size != states[i - 1].Size)];
        var atoms = new FileAtoms(states, sizes)
        {
            Size = AddAtom(sizes.Length, option => $"size of {PathOf(file.Number)}: {states[sizes[option]].Size.ToString(CultureInfo.InvariantCulture)}"),
        };
        foreach ((long block, List<int> versions) in Blocks(file, states))
        {
            // A block beyond the durable size that comes only with its size is no question of its own.
            bool wasNeverWritten = block * _profile.SectorBytes >= file.Durable.Size;
            if (wasNeverWritten && _profile.IsDataBeforeSize)
            {
                continue;
            }

            bool hasGarbage = wasNeverWritten && _profile.HasGarbage;
            int options = versions.Count + 1 + (hasGarbage ? 1 : 0);
            int atom = AddAtom(options, option => $"sector {block} of {PathOf(file.Number)}: {(option == 0 ? "as it was synced" : hasGarbage && option == 1 ? "garbage" : "written")}");
            atoms.Blocks.Add(new BlockAtom(block, atom, hasGarbage, versions));
        }

        _files.Add(file.Number, atoms);
    }

    /// <summary>The sectors that pending changes touch, each with the numbers of the states in which it has new content.</summary>
    private SortedDictionary<long, List<int>> Blocks(FileInode file, List<FileContent> states)
    {
        var blocks = new SortedDictionary<long, List<int>>();
        for (int i = 0; i < file.Pending.Count; i++)
        {
            DataChange change = file.Pending[i];
            long start = change.Offset;
            long end = change.Bytes is null ? states[i].Size : change.Offset + change.Bytes.Length;
            for (long block = start / _profile.SectorBytes; block * _profile.SectorBytes < end; block++)
            {
                if (!blocks.TryGetValue(block, out List<int>? versions))
                {
                    blocks.Add(block, versions = []);
                }

                versions.Add(i + 1);
            }
        }

        return blocks;
    }

    private FileInode Restore(FileInode file, ReadOnlySpan<int> choice, ulong garbage, long cut)
    {
        var restored = new FileInode(file.Number, file.DurableMetadata)
        {
            Content = file.Durable,
            Created = file.Created,
            Accessed = file.Accessed,
            Written = file.Written,
        };
        if (_files.TryGetValue(file.Number, out FileAtoms? atoms))
        {
            int forced = _profile.DoesReplacingWriteData ? WrittenByRename(file, cut) : 0;
            int size = Math.Max(atoms.Size < 0 ? 0 : atoms.Sizes[choice[atoms.Size]], atoms.Sizes.Last(state => state <= forced));
            restored.Content = Compose(file, atoms, size, forced, choice, garbage);
        }

        restored.Durable = restored.Content;
        return restored;
    }

    private FileContent Compose(FileInode file, FileAtoms atoms, int size, int forced, ReadOnlySpan<int> choice, ulong garbage)
    {
        long bytes = atoms.States[size].Size;
        FileContent content = file.Durable.Resize(bytes);
        byte[] buffer = new byte[_profile.SectorBytes];
        if (_profile.IsDataBeforeSize && size > 0)
        {
            // What lies beyond the durable size is there with the size.
            int next = Array.Find(atoms.Sizes, state => state > size);
            content = Copy(atoms.States[next == 0 ? ^1 : next - 1], content, file.Durable.Size, bytes);
        }

        foreach (BlockAtom block in atoms.Blocks)
        {
            int option = block.Atom < 0 ? 0 : choice[block.Atom];
            int version = block.VersionOf(option);
            long start = block.Block * _profile.SectorBytes;
            if (start >= bytes)
            {
                continue;
            }

            Span<byte> sector = buffer.AsSpan(0, (int)Math.Min(_profile.SectorBytes, bytes - start));
            if (version < 0 && forced == 0)
            {
                Garbage.Fill(sector, garbage, file.Number, block.Block);
            }
            else
            {
                int state = Math.Max(version, forced);
                sector.Clear();
                _ = atoms.States[state].Read(sector, start);
            }

            content = content.Write(sector, start);
        }

        return content;
    }

    private static FileContent Copy(FileContent source, FileContent target, long from, long to)
    {
        if (from >= to)
        {
            return target;
        }

        byte[] bytes = new byte[to - from];
        _ = source.Read(bytes, from);
        return target.Write(bytes, from);
    }

    /// <summary>How many of a file's changes have been written because a rename that has persisted put it over another.</summary>
    private int WrittenByRename(FileInode file, long cut)
    {
        long last = 0;
        foreach (PendingName pending in _slots.SelectMany(static slot => slot.Versions))
        {
            if (pending.Change.At <= cut && Disk.Replacement(pending) == file.Number)
            {
                last = Math.Max(last, pending.Change.At);
            }
        }

        return last == 0 ? 0 : file.Pending.FindLastIndex(change => change.At <= last) + 1;
    }

    private string PathOf(long number) => _paths?.GetValueOrDefault(number) ?? $"inode {number}";

    private Dictionary<long, string> Paths()
    {
        var paths = new Dictionary<long, string> { [Disk.RootNumber] = "" };
        var open = new Queue<DirectoryInode>([_disk.Root]);
        while (open.TryDequeue(out DirectoryInode? directory))
        {
            foreach ((string name, long number) in directory.Names.Concat(directory.Durable))
            {
                if (paths.TryAdd(number, $"{paths[directory.Number]}/{name}") && _disk[number] is DirectoryInode child)
                {
                    open.Enqueue(child);
                }
            }
        }

        return paths;
    }

    /// <summary>A name in a directory, and what it has stood for since the directory was synced.</summary>
    private sealed record NameSlot(long Directory, string Name, int Atom, PendingName[] Versions);

    /// <summary>If one slot has at least this version, the other has at least that one.</summary>
    private readonly record struct Bond(int Slot, int Version, int OtherSlot, int OtherVersion);

    private sealed record Atom(int Options, Func<int, string> Describe);

    /// <summary>The versions of a file: all states since it was synced, the states at which its size changed, and its atoms.</summary>
    private sealed record FileAtoms(List<FileContent> States, int[] Sizes)
    {
        public int Size { get; init; } = -1;

        public List<BlockAtom> Blocks { get; } = [];
    }

    private sealed record BlockAtom(long Block, int Atom, bool HasGarbage, List<int> Versions)
    {
        /// <summary>The state whose content the sector has: 0 for the durable one, below zero for garbage.</summary>
        public int VersionOf(int option) => option == 0 ? 0 : HasGarbage && option == 1 ? -1 : Versions[option - (HasGarbage ? 2 : 1)];
    }
}
