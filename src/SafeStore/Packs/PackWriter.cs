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
internal sealed class PackWriter(IDurableFileSystem fs, RootSet roots, DocumentReader reader)
{
    public const string FileName = "pack";

    /// <summary>
    /// How long, in nanoseconds, a file must have been as it is: longer than a tick of any filesystem's clock (a second at most), so that every later change leaves another stamp, and than a write(2) takes from the
    /// time that it sets to the bytes that it copies, which a reader may see in between.
    /// </summary>
    private const long SettledAfter = 2_000_000_000;

    private readonly Stamps _stamps = new(fs, roots);
    private readonly AtomicFile _atomic = new(fs) { Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
    private readonly Dictionary<StoreRoot, long> _clocks = [];

    /// <summary>Writes the pack anew. The old one stands until it is complete.</summary>
    public PackSummary Write(CancellationToken cancellation)
    {
        DirectoryHandle metadata = roots.Config.Metadata;
        string bootId = fs.BootId;
        if (bootId.Length is 0 or > PackHeader.BootIdBytesMax)
        {
            throw new StorageException("learn the id of the machine's present run, for the pack,", "/proc/sys/kernel/random/boot_id", Errno.NotImplemented);
        }

        using FileHandle file = _atomic.WriteTemp(metadata, FileName, new byte[PackHeader.Bytes], out string temp);
        try
        {
            _clocks[StoreRoot.Config] = ClockOf(metadata, temp);
            _clocks[StoreRoot.Run] = ClockOf(roots.Run.Metadata);
            long end = PackHeader.Bytes;
            PackIndex index = WriteSandboxes(file, ref end, cancellation);
            byte[] bytes = Encode(index.WriteTo);
            Append(file, bytes, ref end);
            long start = 0;
            Append(file, new PackHeader(bootId, end - bytes.Length, bytes.Length, XxHash3.HashToUInt64(bytes)).Encode(), ref start);
            StorageException.ThrowIfFailed(fs.Rename(metadata, temp, metadata, FileName), "rename the pack", metadata, FileName);
            int packed = Array.FindAll(index.Entries, static entry => entry.Bytes > 0).Length;
            return new PackSummary(packed, index.Entries.Length - packed, end);
        }
        catch
        {
            _ = fs.Unlink(metadata, temp); // what cannot be removed the next recovery removes
            throw;
        }
    }

    private PackIndex WriteSandboxes(FileHandle file, ref long end, CancellationToken cancellation)
    {
        (FileStamp? config, FileStamp? run) = (_stamps.OfRoot(StoreRoot.Config), _stamps.OfRoot(StoreRoot.Run));
        List<string> sandboxes = reader.ListSandboxes();
        var entries = new PackEntry[sandboxes.Count];
        for (int i = 0; i < entries.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            entries[i] = new PackEntry(sandboxes[i], 0, 0, 0);
            if (TryTake(sandboxes[i]) is { } taken)
            {
                byte[] bytes = Encode(taken.WriteTo);
                entries[i] = new PackEntry(sandboxes[i], end, bytes.Length, XxHash3.HashToUInt64(bytes));
                Append(file, bytes, ref end);
            }
        }

        return IsSettled(StoreRoot.Config, config) && IsSettled(StoreRoot.Run, run) ? new PackIndex(config, run, entries) : new PackIndex(null, null, entries);
    }

    /// <summary>
    /// A sandbox as its files show it; null if one of them is not settled, or cannot be read: then each reader has to look himself. Each stamp is taken before what it stands for is read, so what changes meanwhile is not as it was to
    /// any reader.
    /// </summary>
    private PackedSandbox? TryTake(string sandbox)
    {
        var taken = new PackedSandbox([], []);
        try
        {
            if (!TryAdd(taken, sandbox, null) || !reader.ListContainers(sandbox).TrueForAll(container => TryAdd(taken, sandbox, container)))
            {
                return null;
            }

            foreach (DocumentId id in reader.ListDocuments(sandbox))
            {
                if (_stamps.Of(id) is not { } stamp || !IsSettled(id.Root, stamp) || reader.ReadJson(id.Address) is not { } content)
                {
                    return null;
                }

                taken.Documents.Add(new PackedDocument(id, stamp, content));
            }
        }
        catch (SafeStoreException)
        {
            return null; // whoever reads it meets the same error, and is told
        }

        return taken;
    }

    private bool TryAdd(PackedSandbox taken, string sandbox, string? container)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            if (!_stamps.TryOf(root.Root, sandbox, container, out FileStamp? stamp) || (stamp is not null && !IsSettled(root.Root, stamp)))
            {
                return false;
            }

            taken.Directories.Add(new PackedDirectory(root.Root, container, stamp));
        }

        return true;
    }

    private bool IsSettled(StoreRoot root, FileStamp? stamp) => stamp is { } known && known.Changed < _clocks[root] - SettledAfter;

    /// <summary>What the clock of a root's filesystem shows: the one that stamps files, which need not be ours.</summary>
    private long ClockOf(DirectoryHandle metadata)
    {
        using FileHandle probe = _atomic.WriteTemp(metadata, FileName, default, out string temp);
        try
        {
            return ClockOf(metadata, temp);
        }
        finally
        {
            _ = fs.Unlink(metadata, temp);
        }
    }

    private long ClockOf(DirectoryHandle metadata, string temp)
    {
        StorageException.ThrowIfFailed(fs.Stamp(metadata, temp, out FileStamp stamp), "look at the time of the filesystem", metadata, temp);
        return stamp.Changed;
    }

    private static byte[] Encode(Action<BinaryWriter> write)
    {
        var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        write(writer);
        return buffer.ToArray();
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
