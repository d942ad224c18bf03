using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

/// <summary>A stamp, or none, as a pack has it.</summary>
internal static class StampBytes
{
    public static void Write(BinaryWriter writer, FileStamp? stamp)
    {
        writer.Write(stamp.HasValue);
        if (stamp is { } known)
        {
            writer.Write(known.Device);
            writer.Write(known.Inode);
            writer.Write(known.Size);
            writer.Write(known.Written);
            writer.Write(known.Changed);
        }
    }

    public static FileStamp? Read(BinaryReader reader) => !reader.ReadBoolean() ? null
        : new FileStamp(reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
}
