using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Testing.Disks;

/// <summary>
/// What a power loss may leave of one file's unsynced changes: which of its sizes, and of each sector that was written, which version.
/// </summary>
internal sealed class FileQuestions
{
    private const int Garbage = -1;

    private readonly PersistenceProfile _profile;
    private readonly FileInode _file;
    private readonly DataChange[] _changes;

    // The file after each change; the first is the durable one.
    private readonly FileContent[] _states;

    public FileQuestions(FileInode file, PersistenceProfile profile)
    {
        _profile = profile;
        _file = file;
        _changes = [.. file.Pending];
        _states = new FileContent[_changes.Length + 1];
        _states[0] = file.Durable;
        for (int i = 0; i < _changes.Length; i++)
        {
            _states[i + 1] = _changes[i].ApplyTo(_states[i]);
        }

        Sizes = [0, .. Enumerable.Range(1, _changes.Length).Where(state => _states[state].Size != _states[state - 1].Size)];
        Sectors = [.. SectorsWritten().Select(sector => new Sector(sector.Key, ChoicesOf(sector.Key, sector.Value), sector.Value))];
    }

    /// <summary>The states whose size may be found: the durable one and those that differ in size from the one before.</summary>
    public int[] Sizes { get; }

    public IReadOnlyList<Sector> Sectors { get; }

    /// <summary>The atom that chooses the size; below zero if there is no choice.</summary>
    public int SizeAtom { get; set; } = -1;

    public long SizeOf(int option) => _states[Sizes[option]].Size;

    /// <summary>How many of the file's changes have been written because a rename that put it over another has persisted.</summary>
    public int WrittenUpTo(long change) => change == 0 ? 0 : Array.FindLastIndex(_changes, each => each.At <= change) + 1;

    /// <summary>The file after the power loss.</summary>
    /// <param name="choice">The options of all atoms.</param>
    /// <param name="written">How many of its changes are written in any case.</param>
    /// <param name="garbage">Decides what garbage looks like.</param>
    public FileContent Answer(ReadOnlySpan<int> choice, int written, ulong garbage)
    {
        int size = Math.Max(
            SizeAtom < 0 ? 0
            : Sizes[choice[SizeAtom]], Sizes.Last(state => state == 0 || (state <= written && !_changes[state - 1].IsLost)));
        FileContent content = _changes.Take(size).Aggregate(_file.Durable, static (content, change) => change.ApplySizeTo(content));
        byte[] buffer = new byte[_profile.SectorBytes];
        foreach (Sector sector in Sectors)
        {
            long start = sector.Number * _profile.SectorBytes;
            if (start >= content.Size)
            {
                continue;
            }

            Span<byte> bytes = buffer.AsSpan(0, (int)Math.Min(_profile.SectorBytes, content.Size - start));
            int version = sector.Choices[sector.Atom < 0 ? 0 : choice[sector.Atom]];
            int least = LeastVersion(sector, size, written);
            if (version == Garbage && least == 0 && MayBeGarbage(start, size))
            {
                Testing.Garbage.Fill(bytes, garbage, _file.Number, sector.Number);
            }
            else
            {
                Read(Math.Max(version, least), size, start, bytes);
            }

            content = content.Write(bytes, start);
        }

        return content;
    }

    /// <summary>A version of a sector, without what a change of size since then has cut off.</summary>
    private void Read(int version, int size, long start, Span<byte> bytes)
    {
        bytes.Clear();
        _ = _states[version].Read(bytes, start);
        for (int i = version; i < size; i++)
        {
            if (_changes[i].IsResize && _changes[i].Offset < start + bytes.Length)
            {
                bytes[(int)Math.Max(0, _changes[i].Offset - start)..].Clear();
            }
        }
    }

    /// <summary>
    /// The version that a sector has at least: that of the rename, and where data go before sizes, that of a size which reaches into it.
    /// </summary>
    private int LeastVersion(Sector sector, int size, int written)
    {
        bool isCovered = _profile.IsDataBeforeSize && size > 0 && !_changes[size - 1].IsResize
            && (sector.Number + 1) * _profile.SectorBytes > _file.Durable.Size;
        int upTo = isCovered ? Math.Max(size, written) : written;
        return sector.Versions.FindLast(version => version <= upTo && !_changes[version - 1].IsLost);
    }

    /// <summary>Only what was beyond the end of the file when it was allocated, and so has never been written, may be garbage.</summary>
    private bool MayBeGarbage(long start, int size)
    {
        for (int state = 0; state <= size; state++)
        {
            if (start >= _states[state].Size)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The versions that a sector may have: first the durable one, last the newest.</summary>
    private int[] ChoicesOf(long sector, List<int> versions)
    {
        long start = sector * _profile.SectorBytes;
        if (_profile.IsDataBeforeSize && start >= _file.Durable.Size
            && !Array.Exists(_changes, static change => change.IsLost || change.IsResize))
        {
            return [.. versions]; // it comes with the size, hence written
        }

        return _profile.HasGarbage && MayBeGarbage(start, versions[^1] - 1) ? [0, Garbage, .. versions] : [0, .. versions];
    }

    /// <summary>The sectors that pending writes touch, each with the states in which it has new content.</summary>
    private SortedDictionary<long, List<int>> SectorsWritten()
    {
        var sectors = new SortedDictionary<long, List<int>>();
        for (int i = 0; i < _changes.Length; i++)
        {
            if (_changes[i].IsResize)
            {
                continue;
            }

            for (long sector = _changes[i].Offset / _profile.SectorBytes; sector * _profile.SectorBytes < _changes[i].End; sector++)
            {
                if (!sectors.TryGetValue(sector, out List<int>? versions))
                {
                    sectors.Add(sector, versions = []);
                }

                versions.Add(i + 1);
            }
        }

        return sectors;
    }

    /// <summary>What the device writes at once.</summary>
    /// <param name="Number">Its place in the file.</param>
    /// <param name="Choices">The versions that it may have.</param>
    /// <param name="Versions">The states in which it has new content.</param>
    internal sealed record Sector(long Number, int[] Choices, List<int> Versions)
    {
        /// <summary>The atom that chooses; below zero if there is no choice.</summary>
        public int Atom { get; set; } = -1;

        public string Describe(int option) => Choices[option] switch
        {
            0 => "as it was synced",
            Garbage => "garbage",
            int version when version == Versions[^1] => "written",
            _ => "written, but not last",
        };
    }
}
