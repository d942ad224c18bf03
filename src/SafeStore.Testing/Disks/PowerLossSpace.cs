using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace SafeStore.Testing.Disks;

/// <summary>
/// All that a power loss may leave of a disk. Each atom is one independent question ("which version of this sector?", "which file has this
/// name?"); its option 0 is what is durable already, or less where a sync of a directory is not reliable, its last option what programs saw
/// last. A choice answers all of them.
/// </summary>
internal sealed class PowerLossSpace
{
    private readonly Disk _disk;
    private readonly PersistenceProfile _profile;
    private readonly List<Atom> _atoms = [];
    private readonly Dictionary<long, FileQuestions> _files = [];
    private readonly Dictionary<long, int> _metadata = [];
    private readonly List<NameSlot> _slots = [];
    private readonly List<Bond> _bonds = [];
    private readonly List<LoggedName> _logged = [];
    private readonly int _forgotten = -1;
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

        List<Inode> inodes = [.. disk.Survivors()];
        if (_profile.AreNamesOrdered)
        {
            _cuts = [0, .. inodes.OfType<DirectoryInode>().SelectMany(static directory => directory.Pending)
                .Select(static pending => pending.Change.At).Distinct().Order()];
            AddAtom(_cuts.Length, option => $"names as after change {option} of {_cuts.Length - 1}");
        }

        foreach (Inode inode in inodes)
        {
            AddMetadata(inode);
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

        foreach (DirectoryInode directory in inodes.OfType<DirectoryInode>())
        {
            _logged.AddRange(directory.Logged.Where(logged => logged.Value != DurableOf(directory, logged.Key))
                .Select(logged => new LoggedName(directory.Number, logged.Key, logged.Value)));
        }

        _forgotten = AddAtom(_logged.Count + 1, DescribeForgotten);
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

        long cut = _cuts.Length > 1 ? _cuts[choice[0]] : 0;
        int[] names = NameVersions(choice, cut);
        var open = new Queue<long>([Disk.RootNumber]);
        while (open.TryDequeue(out long number))
        {
            if (inodes.ContainsKey(number))
            {
                continue;
            }

            Inode inode = _disk[number];
            Metadata metadata = _metadata.TryGetValue(number, out int atom) && choice[atom] > 0 ? inode.PendingMetadata[choice[atom] - 1]
                : inode.DurableMetadata;
            switch (inode)
            {
                case FileInode file:
                    inodes.Add(number, FileInode.Of(file, _files.TryGetValue(number, out FileQuestions? questions)
                        ? questions.Answer(choice, questions.WrittenUpTo(LastReplacement(number, cut)), garbage)
                        : file.Durable, metadata));
                    break;
                case DirectoryInode directory:
                    LoggedName? forgotten = _forgotten >= 0 && choice[_forgotten] < _logged.Count ? _logged[choice[_forgotten]] : null;
                    DirectoryInode restored = Restore(directory, metadata, names, forgotten);
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

    private int AddAtom(int options, Func<int, string> describe)
    {
        if (options < 2)
        {
            return -1;
        }

        _atoms.Add(new Atom(options, describe));
        return _atoms.Count - 1;
    }

    private void AddMetadata(Inode inode)
    {
        int versions = inode.PendingMetadata.Count;
        int atom = AddAtom(
            versions + 1, option =>
            $"mode and attributes of {PathOf(inode.Number)}: {(option == 0 ? "as they were synced" : $"change {option} of {versions}")}");
        if (atom >= 0)
        {
            _metadata.Add(inode.Number, atom);
        }
    }

    private void AddFile(FileInode file)
    {
        var questions = new FileQuestions(file, _profile);
        questions.SizeAtom =
            AddAtom(questions.Sizes.Length,
            option => $"size of {PathOf(file.Number)}: {questions.SizeOf(option).ToString(CultureInfo.InvariantCulture)}");
        foreach (FileQuestions.Sector sector in questions.Sectors)
        {
            sector.Atom =
                AddAtom(sector.Choices.Length, option => $"sector {sector.Number} of {PathOf(file.Number)}: {sector.Describe(option)}");
        }

        _files.Add(file.Number, questions);
    }

    private void AddNames(DirectoryInode directory)
    {
        foreach (IGrouping<string, PendingName> group in directory.Pending.GroupBy(
            static pending => pending.Part.Name, StringComparer.Ordinal))
        {
            NameVersion[] versions = [.. group.SelectMany(VersionsOf)];
            int atom = _profile.AreNamesOrdered
                ? -1
                : AddAtom(versions.Length + 1,
                    option => $"name {PathOf(directory.Number)}/{group.Key}: "
                    + $"{(option == 0 ? "as it was synced" : Target(versions[option - 1].After))}");
            _slots.Add(new NameSlot(directory.Number, group.Key, atom, versions));
        }
    }

    /// <summary>Where a rename is no single step, what it replaces may be gone before the new file is there.</summary>
    private IEnumerable<NameVersion> VersionsOf(PendingName pending)
    {
        if (!_profile.IsRenameAtomic && Disk.Replacement(pending) is not null)
        {
            yield return new NameVersion(pending, null);
        }

        yield return new NameVersion(pending, pending.Part.After);
    }

    private static string Target(long? inode) => inode is { } after ? $"inode {after}" : "gone";

    /// <summary>Where the source of a rename is gone, its target must be there; the sides of an exchange go together.</summary>
    private void BindRenames()
    {
        var places = new Dictionary<(NameChange, int), (int Slot, int Version)>();
        for (int slot = 0; slot < _slots.Count; slot++)
        {
            for (int i = 0; i < _slots[slot].Versions.Length; i++)
            {
                PendingName pending = _slots[slot].Versions[i].Pending;
                places.Add((pending.Change, pending.Index), (slot, i + 1));
            }
        }

        foreach (((NameChange change, int index), (int slot, int version)) in places)
        {
            if ((change.Kind == NameChangeKind.Exchange || (change.Kind == NameChangeKind.Rename && index == 1))
                && places.TryGetValue((change, 1 - index), out (int Slot, int Version) other))
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
            versions[slot] = names.Atom >= 0 ? choice[names.Atom] : names.Versions.Count(version => version.Pending.Change.At <= cut);
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

    private static long? DurableOf(DirectoryInode directory, string name) =>
        directory.Durable.TryGetValue(name, out long number) ? number : null;

    private string DescribeForgotten(int option) => option == _logged.Count
        ? "all names as their directories were synced"
        : $"name {PathOf(_logged[option].Directory)}/{_logged[option].Name}: {Target(_logged[option].Before)}, as before its directory "
            + $"was synced";

    private DirectoryInode Restore(DirectoryInode directory, Metadata metadata, int[] versions, LoggedName? forgotten)
    {
        var restored =
            new DirectoryInode(
            directory.Number, metadata)
            {
                Created = directory.Created,
                Accessed = directory.Accessed,
                Written = directory.Written,
                Changed =
            directory.Changed
            };
        foreach ((string name, long number) in directory.Durable)
        {
            restored.Names.Add(name, number);
        }

        if (forgotten is { } logged && logged.Directory == directory.Number)
        {
            Set(restored, logged.Name, logged.Before);
        }

        for (int slot = 0; slot < versions.Length; slot++)
        {
            NameSlot names = _slots[slot];
            if (names.Directory != directory.Number || versions[slot] == 0)
            {
                continue;
            }

            Set(restored, names.Name, names.Versions[versions[slot] - 1].After);
        }

        foreach ((string name, long number) in restored.Names)
        {
            restored.Durable.Add(name, number);
        }

        return restored;
    }

    private static void Set(DirectoryInode directory, string name, long? inode)
    {
        if (inode is { } number)
        {
            directory.Names[name] = number;
        }
        else
        {
            directory.Names.Remove(name);
        }
    }

    /// <summary>
    /// The last persisted change that put a file over another and so, where the profile has it, wrote the file's data; 0 if there is none.
    /// </summary>
    private long LastReplacement(long file, long cut)
    {
        long last = 0;
        foreach (NameVersion version in _profile.DoesReplacingWriteData ? _slots.SelectMany(static slot => slot.Versions) : [])
        {
            if (version.Pending.Change.At <= cut && Disk.Replacement(version.Pending) == file)
            {
                last = Math.Max(last, version.Pending.Change.At);
            }
        }

        return last;
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
    private sealed record NameSlot(long Directory, string Name, int Atom, NameVersion[] Versions);

    /// <summary>A name that a sync of its directory may have failed to make durable, and what it stood for before.</summary>
    private readonly record struct LoggedName(long Directory, string Name, long? Before);

    /// <summary>What a name stands for, and since which change.</summary>
    private readonly record struct NameVersion(PendingName Pending, long? After);

    /// <summary>If one slot has at least this version, the other has at least that one.</summary>
    private readonly record struct Bond(int Slot, int Version, int OtherSlot, int OtherVersion);

    private sealed record Atom(int Options, Func<int, string> Describe);
}
