using System;
using System.Buffers;
using System.IO;
using System.IO.Hashing;
using System.Text;
using System.Threading;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

/// <summary>
/// Reads a pack, and believes of it what the files' stamps confirm (docs/commit-protocol.md, "Pack"). Whatever is wrong with it is no error: the files are there. All members may be used from any thread.
/// </summary>
internal sealed class PackReader : IDisposable
{
    private readonly IDurableFileSystem _fs;
    private readonly Stamps _stamps;
    private readonly FileHandle _file;
    private readonly PackIndex _index;
    private readonly EngineEvents _events;
    private readonly int _documentBytesMax;
    private bool _isTold;

    private PackReader(IDurableFileSystem fs, Stamps stamps, FileHandle file, PackIndex index, int documentBytesMax, EngineEvents events) =>
        (_fs, _stamps, _file, _index, _documentBytesMax, _events) = (fs, stamps, file, index, documentBytesMax, events);

    /// <summary>Opens the pack; null if there is none of this run of the machine that can be read.</summary>
    public static PackReader? TryOpen(IDurableFileSystem fs, RootSet roots, int documentBytesMax, EngineEvents events)
    {
        DirectoryHandle metadata = roots.Config.Metadata;
        Errno errno = fs.OpenFile(metadata, PackHeader.FileName, FileUse.Read, out FileHandle? file);
        if (errno != Errno.None)
        {
            if (errno != Errno.NotFound)
            {
                events.PackUnusable($"{metadata.Path}/{PackHeader.FileName}", $"it cannot be opened: {errno} (errno {(int)errno})");
            }

            return null;
        }

        PackIndex? index = null;
        try
        {
            index = ReadIndex(fs, file!, events);
            return index is null ? null : new PackReader(fs, new Stamps(fs, roots), file!, index, documentBytesMax, events);
        }
        finally
        {
            if (index is null)
            {
                file!.Dispose();
            }
        }
    }

    /// <summary>The ids of all sandboxes, sorted; null if some may have come or gone since.</summary>
    public string[]? ListSandboxes() => _stamps.AreListedAs(_index.ConfigRoot, _index.RunRoot) ? _index.ListSandboxes() : null;

    /// <summary>The documents of a sandbox; null if they may have changed since, or are not here.</summary>
    public PackedSandbox? TryRead(string sandbox)
    {
        if (_index.Find(sandbox) is not { Bytes: > 0 } entry)
        {
            return null;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(entry.Bytes);
        try
        {
            if (WhyUnread(_fs, _file, rented.AsSpan(0, entry.Bytes), entry.Offset, entry.Checksum) is { } reason)
            {
                if (!Interlocked.Exchange(ref _isTold, true))
                {
                    _events.PackUnusable(_file.Path, $"the part of sandbox {sandbox} {reason}");
                }

                return null;
            }

            using var reader = new BinaryReader(new MemoryStream(rented, 0, entry.Bytes), Encoding.UTF8);
            var packed = PackedSandbox.ReadFrom(reader, sandbox);
            return packed.IsWithin(_documentBytesMax) && _stamps.AreOf(sandbox, packed) ? packed : null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public void Dispose() => _file.Dispose();

    private static PackIndex? ReadIndex(IDurableFileSystem fs, FileHandle file, EngineEvents events)
    {
        byte[] bytes = new byte[PackHeader.Bytes];
        Errno errno = WholeFile.Fill(fs, file, bytes, 0, out _);
        if (errno == Errno.None && bytes.AsSpan().ContainsAnyExcept((byte)0) is false)
        {
            return null; // what a power loss leaves of a file that was never synced
        }

        if (errno != Errno.None || PackHeader.TryDecode(bytes) is not { } header)
        {
            events.PackUnusable(file.Path, errno == Errno.None ? "it is damaged, or of another version" : $"it cannot be read: {errno} (errno {(int)errno})");
            return null;
        }

        if (header.BootId != fs.BootId || header.BootId.Length == 0)
        {
            return null; // after a power loss a file may be older than its stamp says
        }

        bytes = new byte[header.IndexBytes];
        if (WhyUnread(fs, file, bytes, header.IndexOffset, header.IndexChecksum) is { } reason)
        {
            events.PackUnusable(file.Path, $"its index {reason}");
            return null;
        }

        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        return PackIndex.ReadFrom(reader);
    }

    private static string? WhyUnread(IDurableFileSystem fs, FileHandle file, Span<byte> bytes, long offset, ulong checksum)
    {
        Errno errno = WholeFile.Fill(fs, file, bytes, offset, out int count);
        return errno != Errno.None ? $"cannot be read: {errno} (errno {(int)errno})"
            : count < bytes.Length || XxHash3.HashToUInt64(bytes) != checksum ? "is damaged"
            : null;
    }
}
