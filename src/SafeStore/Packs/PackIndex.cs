using System;
using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

// Classes, not structs: lists and searches of structs are compiled anew in each process, which would take longer than what they save.

/// <summary>Where a sandbox lies in a pack; zero bytes: it was there, and could not be packed.</summary>
internal sealed record PackEntry(string Sandbox, long Offset, int Bytes, ulong Checksum);

/// <summary>What a pack ends with: the roots' stamps, and every sandbox that there was, sorted.</summary>
/// <param name="ConfigRoot">The stamp of the config root, if it had settled: while it is the same, no sandbox has come or gone.</param>
/// <param name="RunRoot">The same of the run root.</param>
/// <param name="Entries">The sandboxes.</param>
internal sealed record PackIndex(FileStamp? ConfigRoot, FileStamp? RunRoot, PackEntry[] Entries)
{
    public void WriteTo(BinaryWriter writer)
    {
        StampBytes.Write(writer, ConfigRoot);
        StampBytes.Write(writer, RunRoot);
        writer.Write(Entries.Length);
        foreach (PackEntry entry in Entries)
        {
            writer.Write(entry.Sandbox);
            writer.Write(entry.Offset);
            writer.Write(entry.Bytes);
            writer.Write(entry.Checksum);
        }
    }

    /// <summary>Reads what was written; its checksum was right.</summary>
    public static PackIndex ReadFrom(BinaryReader reader)
    {
        (FileStamp? config, FileStamp? run) = (StampBytes.Read(reader), StampBytes.Read(reader));
        var entries = new PackEntry[reader.ReadInt32()];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new PackEntry(reader.ReadString(), reader.ReadInt64(), reader.ReadInt32(), reader.ReadUInt64());
        }

        return new PackIndex(config, run, entries);
    }

    /// <summary>The ids of all sandboxes, sorted.</summary>
    public string[] ListSandboxes() => Array.ConvertAll(Entries, static entry => entry.Sandbox);

    public PackEntry? Find(string sandbox)
    {
        int index = Array.BinarySearch(Entries, new PackEntry(sandbox, 0, 0, 0), ByName.Instance);
        return index < 0 ? null : Entries[index];
    }

    private sealed class ByName : IComparer<PackEntry>
    {
        public static readonly ByName Instance = new();

        public int Compare(PackEntry? x, PackEntry? y) => string.CompareOrdinal(x?.Sandbox, y?.Sandbox);
    }
}
