using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Hashing;
using System.Text;
using System.Threading;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

/// <summary>
/// Copies the documents of all sandboxes into one file, the pack (docs/commit-protocol.md, "Pack"). Takes no locks: a sandbox in which something has changed just before is left out.
/// </summary>
internal sealed class PackWriter(IDurableFileSystem fs, RootSet roots, DocumentReader reader, int documentBytesMax, EngineEvents events)
{
    private readonly AtomicFile _atomic = new(fs) { Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite };

    /// <summary>Writes the pack anew. The old one stands until it is complete.</summary>
    public PackSummary Write(CancellationToken cancellation)
    {
        DirectoryHandle metadata = roots.Config.Metadata;
        string bootId = fs.BootId;
        if (bootId.Length is 0 or > PackHeader.BootIdBytesMax)
        {
            throw new StorageException("learn the machine's boot id for the pack", "/proc/sys/kernel/random/boot_id", Errno.NotImplemented);
        }

        SettledFiles config = SettledFiles.Of(fs, _atomic, roots.Config);
        SettledFiles run = SettledFiles.Of(fs, _atomic, roots.Run);
        using FileHandle file = _atomic.WriteTemp(metadata, PackHeader.FileName, new byte[PackHeader.Bytes], out string temp);
        try
        {
            long end = PackHeader.Bytes;
            PackIndex index = WriteSandboxes(file, config, run, ref end, cancellation);
            ReadOnlySpan<byte> bytes = Encode(index.WriteTo);
            Append(file, bytes, ref end);
            long start = 0;
            Append(file, new PackHeader(bootId, end - bytes.Length, bytes.Length, XxHash3.HashToUInt64(bytes)).Encode(), ref start);
            StorageException.ThrowIfFailed(fs.Rename(metadata, temp, metadata, PackHeader.FileName), "rename the pack", metadata, PackHeader.FileName);
            int packed = Array.FindAll(index.Entries, static entry => entry.Bytes > 0).Length;
            return new PackSummary(packed, index.Entries.Length - packed, end);
        }
        catch
        {
            _ = fs.Unlink(metadata, temp); // what cannot be removed the next recovery removes
            throw;
        }
    }

    private PackIndex WriteSandboxes(FileHandle file, SettledFiles config, SettledFiles run, ref long end, CancellationToken cancellation)
    {
        // Before the list, which they stand for.
        FileStamp? configRoot = StampOf(roots.Config, config);
        FileStamp? runRoot = StampOf(roots.Run, run);
        List<string> sandboxes = reader.ListSandboxes();
        var copier = new SandboxCopier(fs, roots, config, run, documentBytesMax, events);
        var entries = new PackEntry[sandboxes.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            entries[i] = copier.TryCopy(sandboxes[i]) is { } copy ? Write(file, sandboxes[i], copy, ref end) : new PackEntry(sandboxes[i], 0, 0, 0);
        }

        return new PackIndex(configRoot, runRoot, entries);
    }

    private PackEntry Write(FileHandle file, string sandbox, PackedSandbox copy, ref long end)
    {
        ReadOnlySpan<byte> bytes = Encode(copy.WriteTo);
        var entry = new PackEntry(sandbox, end, bytes.Length, XxHash3.HashToUInt64(bytes));
        Append(file, bytes, ref end);
        return entry;
    }

    private FileStamp? StampOf(RootDirectory root, SettledFiles settled)
    {
        StorageException.ThrowIfFailed(fs.Stamp(root.Directory, out FileStamp stamp), "look at the times of", root.Directory);
        return settled.Has(stamp) ? stamp : null;
    }

    private static ReadOnlySpan<byte> Encode(Action<BinaryWriter> write)
    {
        var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        write(writer);
        return buffer.GetBuffer().AsSpan(0, (int)buffer.Length);
    }

    private void Append(FileHandle file, ReadOnlySpan<byte> bytes, ref long offset)
    {
        while (!bytes.IsEmpty)
        {
            Errno errno = fs.Write(file, bytes, offset, out int count);
            StorageException.ThrowIfFailed(errno == Errno.None && count == 0 ? Errno.InputOutput : errno, "write the pack", file);
            bytes = bytes[count..];
            offset += count;
        }
    }
}
