using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Log;

/// <summary>
/// The files of the log: segments <c>(first LSN, 16 hex digits).log</c>, spares <c>spare-*.log</c> that are ready to become the next
/// segment, and <c>prepare-*.tmp</c> on their way there. Other files are not ours and are left alone. A file with more than one link, which
/// a copy of the store shares, never becomes a segment anew.
/// </summary>
/// <param name="fs">The filesystem.</param>
/// <param name="directory">The log's directory.</param>
/// <param name="segmentBytes">The size of an ordinary segment.</param>
/// <param name="logBytesMax">
/// How long the log may be before it is checkpointed: so many segments may be filled while the ones before them are.
/// </param>
internal sealed class LogDirectory(IDurableFileSystem fs, DirectoryHandle directory, long segmentBytes, long logBytesMax)
{
    public const string DirectoryName = "log";

    private const string SparePrefix = "spare-";
    private const string PreparePrefix = "prepare-";
    private const int ZeroBytes = 256 * 1024;

    /// <summary>
    /// How many of the segments that a checkpoint releases are kept: as many as may be needed until the next one is done, one for its own
    /// change of the segment among them. To write a new one takes long, and all who commit would wait for it.
    /// </summary>
    private readonly int _sparesMax = (int)Math.Clamp(logBytesMax / segmentBytes, 2, 8);

    /// <summary>How many bytes of the log, or of what is parked of one sandbox, are too many.</summary>
    public long BytesMax => 2 * Math.Max(logBytesMax, 2 * segmentBytes);

    public IDurableFileSystem FileSystem => fs;

    /// <summary>Of new segments.</summary>
    public FilePermissions Permissions { get; init; } = AtomicFile.DefaultMode;

    public string Path => directory.Path;

    /// <summary>The size of an ordinary segment.</summary>
    public long SegmentBytes => segmentBytes;

    /// <summary>The first LSNs of all segments, ascending.</summary>
    public List<Lsn> List()
    {
        var segments = new List<Lsn>();
        foreach (string name in Names())
        {
            if (name.Length == 20 && name.EndsWith(".log", StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long first)
                    && first > 0 && NameOf(new Lsn(first)) == name)
            {
                segments.Add(new Lsn(first));
            }
        }

        segments.Sort();
        return segments;
    }

    /// <summary>The size of all segments.</summary>
    public long MeasureBytes() =>
        List().Sum(first => fs.Stat(directory, NameOf(first), out FileStatus status) == Errno.None ? status.Size : 0);

    /// <summary>Opens a segment and checks its header and size.</summary>
    public SegmentReader Open(Lsn first, FileUse use)
    {
        SegmentReader segment = OpenPart(first, use, out LogCorruptException? cut);
        if (cut is not null)
        {
            segment.Dispose();
            throw cut;
        }

        return segment;
    }

    /// <summary>The same for a look or a repair: of a file that is cut off, what is left.</summary>
    /// <param name="first">The segment.</param>
    /// <param name="use">What for.</param>
    /// <param name="cut">That it is cut off; null if it is not.</param>
    public SegmentReader OpenPart(Lsn first, FileUse use, out LogCorruptException? cut)
    {
        string path = $"{Path}/{NameOf(first)}";
        StorageException.ThrowIfFailed(fs.OpenFile(directory, NameOf(first), use, out FileHandle? file), "open a log segment", path);
        try
        {
            byte[] bytes = new byte[SegmentHeader.Bytes];
            StorageException.ThrowIfFailed(fs.Read(file!, bytes, 0, out int count), "read the log", path);
            if (SegmentHeader.OtherVersionOf(bytes.AsSpan(0, count)) is { } version)
            {
                throw StoreFormatException.OfLog(path, version, SegmentHeader.FormatVersion); // no damage, which a repair would mend
            }

            SegmentHeader? header = SegmentHeader.TryDecode(bytes.AsSpan(0, count));
            if (header is null || header.FirstLsn != first)
            {
                throw new LogCorruptException(
                    path, 0, first, header is null ? "its header is damaged"
                    : $"it is a copy of the segment with first LSN {header.FirstLsn}");
            }

            StorageException.ThrowIfFailed(fs.Stat(file!, out FileStatus status), "look at a log segment", path);
            var segment = new SegmentReader(fs, file!, header) { Length = Math.Min(header.SegmentBytes, status.Size) };
            cut = segment.Length == header.SegmentBytes ? null : new LogCorruptException(
                path, segment.Length, segment.EndAfter(LogPosition.StartOf(header)).Next,
                $"the file is cut off: it should have {header.SegmentBytes} bytes");
            return segment;
        }
        catch
        {
            file!.Dispose();
            throw;
        }
    }

    public static bool IsSpare(string name) => name.StartsWith(SparePrefix, StringComparison.Ordinal);

    /// <summary>Whether a segment is no other directory's too: what a copy by hard links (cp -al) shares is not written in place.</summary>
    public bool IsOwn(Lsn first) => IsOwn(NameOf(first));

    /// <summary>Opens a segment for writes past the page cache; any error means that they must go through it.</summary>
    public Errno OpenDirect(Lsn first, out FileHandle? file) => fs.OpenFile(directory, NameOf(first), FileUse.Direct, out file);

    public bool HasSpare() => FindSpare(segmentBytes) is not null;

    /// <summary>Removes the spares: something else needs their space.</summary>
    public void GiveUpSpares()
    {
        foreach (string name in Names().Where(static name => name.StartsWith(SparePrefix, StringComparison.Ordinal)).ToList())
        {
            _ = fs.Unlink(directory, name); // one that stays gives no space, which its asker will see
        }

        SyncNames();
    }

    /// <summary>Makes a spare of the ordinary size; to be called without the log lock, since it writes a whole segment.</summary>
    public void PrepareSpare()
    {
        string name = Prepare(segmentBytes);
        Promote(name);
    }

    /// <summary>
    /// Turns a spare (or, if none is large enough, a new file) into the segment that this header describes, in the place of one of that
    /// name in which no record is valid, if there is one. Durable with its name on return.
    /// </summary>
    /// <param name="header">The header.</param>
    /// <param name="records">What it has from its start, if anything.</param>
    /// <exception cref="StorageException">
    /// Nothing has changed but for spare files; or the segment is there, and empty, and could not be opened: a process that looks at the
    /// directory again finds it.
    /// </exception>
    /// <exception cref="SyncFailedException">The segment's name exists and may not be durable.</exception>
    public SegmentReader Start(SegmentHeader header, ReadOnlySpan<byte> records = default)
    {
        string spare = FindSpare(header.SegmentBytes) ?? Prepare(header.SegmentBytes);
        Errno errno = fs.OpenFile(directory, spare, FileUse.ReadWrite, out FileHandle? file);
        if (errno is Errno.NotPermitted or Errno.AccessDenied)
        {
            spare = Prepare(header.SegmentBytes); // another program has forbidden the spare, which saves time only
            errno = fs.OpenFile(directory, spare, FileUse.ReadWrite, out file);
        }

        if (errno != Errno.None && spare.StartsWith(PreparePrefix, StringComparison.Ordinal))
        {
            _ = fs.Unlink(directory, spare); // a spare stays for the next try, but this one would never be found
        }

        StorageException.ThrowIfFailed(errno, "open a spare log segment", Path, spare);
        try
        {
            using (file)
            {
                WriteFully(file!, header.Encode(), 0, "write a log segment");
                WriteFully(file!, records, SegmentHeader.Bytes, "write a log segment");
                // Its size and blocks are durable since it was prepared: what a full fsync would add, a commit of the filesystem's journal,
                // all who commit would wait for.
                StorageException.ThrowIfFailed(fs.SyncData(file!), "sync the header of a log segment", file!);
            }

            StorageException.ThrowIfFailed(
                fs.Rename(directory, spare, directory, NameOf(header.FirstLsn), RenameKind.Replace),
                "name a log segment", Path, NameOf(header.FirstLsn));
        }
        catch
        {
            // A spare whose sync failed is not to be trusted again.
            _ = fs.Unlink(directory, spare);
            throw;
        }

        SyncNames();
        errno = fs.OpenFile(directory, NameOf(header.FirstLsn), FileUse.ReadWrite, out FileHandle? segment);
        StorageException.ThrowIfFailed(errno, "open a log segment", Path, NameOf(header.FirstLsn));
        return new SegmentReader(fs, segment!, header);
    }

    /// <summary>Gives a segment that is cut off its whole length again, in a file of its own. Its name is to be synced.</summary>
    public void Lengthen(Lsn first)
    {
        using SegmentReader part = OpenPart(first, FileUse.Read, out LogCorruptException? cut);
        if (cut is null)
        {
            return;
        }

        string name = Prepare(part.Header.SegmentBytes);
        StorageException.ThrowIfFailed(
            fs.OpenFile(directory, name, FileUse.ReadWrite, out FileHandle? file), "open a log segment", Path, name);
        using (file)
        {
            byte[] bytes = new byte[ZeroBytes];
            for (long offset = 0; offset < part.Length;)
            {
                StorageException.ThrowIfFailed(fs.Read(part.File, bytes, offset, out int count), "read the log", part.File);
                WriteFully(file!, bytes.AsSpan(0, count), offset, "write a log segment anew");
                offset = count == 0 ? part.Length : offset + count;
            }

            StorageException.ThrowIfFailed(fs.SyncFile(file!), "sync a log segment", file!);
        }

        StorageException.ThrowIfFailed(
            fs.Rename(directory, name, directory, NameOf(first), RenameKind.Replace), "name a log segment", Path, NameOf(first));
    }

    /// <summary>
    /// Takes segments out of the log, in LSN order. Everything in them is below a durable watermark. The caller holds the log lock, or is
    /// alone.
    /// </summary>
    /// <returns>Their new names, for <see cref="Release"/>.</returns>
    public List<string> Detach(IEnumerable<Lsn> segments)
    {
        var detached = new List<string>();
        foreach (Lsn first in segments)
        {
            string name = NewName(PreparePrefix, ".tmp");
            StorageException.ThrowIfFailed(
                fs.Rename(directory, NameOf(first), directory, name, RenameKind.NoReplace), "retire a log segment", Path, NameOf(first));
            detached.Add(name);
        }

        return detached;
    }

    /// <summary>
    /// Keeps of the detached segments as many as are wanted for spares, and removes the others. Needs no lock, and should have none: it
    /// syncs and frees space.
    /// </summary>
    /// <remarks>
    /// A file must have lost its old name durably before its header is written anew, or a power loss could bring back the old name
    /// with the new header. Hence the step in between, under a name that is swept at recovery.
    /// </remarks>
    /// <exception cref="SyncFailedException">The old names may not be gone.</exception>
    public void Release(List<string> detached)
    {
        SyncNames();
        int spares = Names().Count(static name => name.StartsWith(SparePrefix, StringComparison.Ordinal));
        foreach (string name in detached)
        {
            if (spares < _sparesMax && IsOrdinary(name))
            {
                Promote(name);
                spares++;
            }
            else
            {
                StorageException.ThrowIfFailed(fs.Unlink(directory, name), "remove a log segment", Path, name);
            }
        }
    }

    /// <summary>
    /// Removes what a dead process was preparing, and spares that have another name: a power loss may keep both names of a rename, and a
    /// copy of the store by hard links has its own. Only while no other process has the store open.
    /// </summary>
    public void SweepPrepared()
    {
        foreach (string name in Names())
        {
            if (name.StartsWith(PreparePrefix, StringComparison.Ordinal)
                || (name.StartsWith(SparePrefix, StringComparison.Ordinal) && !IsOwn(name)))
            {
                _ = fs.Unlink(directory, name); // what stays takes space only; the next opening tries again
            }
        }
    }

    /// <summary>Makes the segments' names durable.</summary>
    /// <exception cref="SyncFailedException">They may not be, and a second try would prove nothing.</exception>
    public void SyncNames()
    {
        Errno errno = fs.SyncDirectory(directory);
        if (errno != Errno.None)
        {
            throw new SyncFailedException(Path, errno);
        }
    }

    private static string NameOf(Lsn first) => first.Value.ToString("x16", CultureInfo.InvariantCulture) + ".log";

    private IEnumerable<string> Names()
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list the log", Path);
        foreach (DirectoryEntry entry in entries)
        {
            if (entry.Kind == FileKind.Regular)
            {
                yield return entry.Name;
            }
        }
    }

    private string? FindSpare(long size)
    {
        foreach (string name in Names())
        {
            if (size == segmentBytes && name.StartsWith(SparePrefix, StringComparison.Ordinal)
                && fs.Stat(directory, name, out FileStatus status) == Errno.None && status.Size == size && status.Links == 1)
            {
                return name;
            }
        }

        return null;
    }

    private string Prepare(long size)
    {
        string name = NewName(PreparePrefix, ".tmp");
        StorageException.ThrowIfFailed(
            fs.CreateFile(directory, name, Permissions, out FileHandle? file), "create a log segment", Path, name);
        try
        {
            using (file)
            {
                // Zeros are written, not only reserved: an fdatasync over unwritten extents would commit the journal each time.
                string operation = $"reserve {size} bytes for a log segment (StoreOptions.SegmentBytes is the size)";
                StorageException.ThrowIfFailed(fs.Allocate(file!, size), operation, file!);
                byte[] zeros = new byte[(int)Math.Min(ZeroBytes, size)];
                for (long offset = 0; offset < size; offset += zeros.Length)
                {
                    WriteFully(file!, zeros.AsSpan(0, (int)Math.Min(zeros.Length, size - offset)), offset, operation);
                }

                StorageException.ThrowIfFailed(fs.SyncFile(file!), "sync a log segment", file!);
            }

            return name;
        }
        catch
        {
            _ = fs.Unlink(directory, name);
            throw;
        }
    }

    private void Promote(string prepared)
    {
        string spare = NewName(SparePrefix, ".log");
        StorageException.ThrowIfFailed(
            fs.Rename(directory, prepared, directory, spare, RenameKind.NoReplace), "keep a spare log segment", Path, spare);
    }

    private bool IsOrdinary(string name) =>
        fs.Stat(directory, name, out FileStatus status) == Errno.None && status.Size == segmentBytes && status.Links == 1;

    private bool IsOwn(string name) => fs.Stat(directory, name, out FileStatus status) == Errno.None && status.Links == 1;

    private string NewName(string prefix, string suffix)
    {
        Span<byte> random = stackalloc byte[8];
        fs.FillRandom(random);
        return prefix + Convert.ToHexStringLower(random) + suffix;
    }

    private void WriteFully(FileHandle file, ReadOnlySpan<byte> bytes, long offset, string operation)
    {
        while (!bytes.IsEmpty)
        {
            Errno errno = fs.Write(file, bytes, offset, out int count);
            StorageException.ThrowIfFailed(errno == Errno.None && count == 0 ? Errno.NoSpace : errno, operation, file);
            bytes = bytes[count..];
            offset += count;
        }
    }
}
