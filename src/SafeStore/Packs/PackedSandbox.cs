using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

/// <summary>A directory of a sandbox when it was packed; without a stamp, it did not exist.</summary>
internal sealed record PackedDirectory(StoreRoot Root, string? Container, FileStamp? Stamp);

/// <summary>A document when it was packed.</summary>
internal sealed record PackedDocument(DocumentId Id, FileStamp Stamp, byte[] Content);

/// <summary>A sandbox in a pack: all its directories, and all its documents, sorted, each with the stamp that it had (docs/file-format.md, "Pack").</summary>
internal sealed record PackedSandbox(List<PackedDirectory> Directories, List<PackedDocument> Documents)
{
    /// <summary>Whether no document is larger than a store reads.</summary>
    public bool IsWithin(int documentBytesMax) => Documents.TrueForAll(document => document.Content.Length <= documentBytesMax);

    public void WriteTo(BinaryWriter writer)
    {
        writer.Write(Directories.Count);
        foreach (PackedDirectory directory in Directories)
        {
            writer.Write((byte)directory.Root);
            writer.Write(directory.Container ?? "");
            StampBytes.Write(writer, directory.Stamp);
        }

        writer.Write(Documents.Count);
        foreach (PackedDocument document in Documents)
        {
            writer.Write((byte)document.Id.Root);
            writer.Write(document.Id.Container ?? "");
            writer.Write(document.Id.File);
            StampBytes.Write(writer, document.Stamp);
            writer.Write(document.Content.Length);
            writer.Write(document.Content);
        }
    }

    /// <summary>Reads what was written; its checksum was right.</summary>
    public static PackedSandbox ReadFrom(BinaryReader reader, string sandbox)
    {
        int count = reader.ReadInt32();
        var directories = new List<PackedDirectory>(count);
        for (int i = 0; i < count; i++)
        {
            directories.Add(new PackedDirectory((StoreRoot)reader.ReadByte(), NameIn(reader), StampBytes.Read(reader)));
        }

        count = reader.ReadInt32();
        var documents = new List<PackedDocument>(count);
        for (int i = 0; i < count; i++)
        {
            var root = (StoreRoot)reader.ReadByte();
            string? container = NameIn(reader);
            var id = DocumentId.Trusted(sandbox, container, root, reader.ReadString());
            FileStamp stamp = StampBytes.Read(reader).GetValueOrDefault();
            documents.Add(new PackedDocument(id, stamp, reader.ReadBytes(reader.ReadInt32())));
        }

        return new PackedSandbox(directories, documents);
    }

    private static string? NameIn(BinaryReader reader) => reader.ReadString() is { Length: > 0 } name ? name : null;
}
