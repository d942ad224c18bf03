using System;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO.Hashing;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Recovery;

/// <summary>
/// What the log has of a sandbox and cannot be applied, because of what is in its way there, kept in a file of its own,
/// <c>(metadata of the config root)/parked/(sandbox)</c>: so one sandbox neither closes the store nor holds up the log.
/// </summary>
/// <remarks>
/// Invariants. The watermark's entries are the truth: a file that none names does not count, one that is missing or damaged is an error of
/// its sandbox. A file is durable before the watermark that names it, and removed after one that does not. An entry names the last record
/// by LSN and checksum, and each checksum covers the one before: a file that has grown since counts up to that record.
/// </remarks>
internal sealed class ParkedRecords(RootSet roots, Watermarks watermarks, long bytesMax)
{
    public const string DirectoryName = "parked";

    private const ulong Magic = 0x314B_5250_4F54_5353; // "SSTOPRK1"
    private const int HeaderBytes = 72;

    private readonly IDurableFileSystem _fs = roots.FileSystem;
    private readonly DirectoryHandle _metadata = roots.Config.Metadata;
    private readonly ConcurrentDictionary<string, bool> _atOpening = new(StringComparer.Ordinal);

    /// <summary>The watermarks, whose entries these are.</summary>
    public Watermarks Watermarks => watermarks;

    /// <summary>
    /// Whether an error is one of a single sandbox, and lasts until what is in its way is gone. The others are the disk's, or pass.
    /// </summary>
    public static bool IsLasting(Errno errno) => errno is not (Errno.None or Errno.InputOutput or Errno.ReadOnly or Errno.Damaged
        or Errno.ProcessFileLimit or Errno.SystemFileLimit or Errno.NoMemory);

    /// <summary>
    /// Notes what an opening has left: of these sandboxes a lock word may be missing, or older than it should be.
    /// </summary>
    public void NoteOpening()
    {
        foreach (ParkedEntry entry in watermarks.Config.Read()?.Parked ?? [])
        {
            _atOpening[entry.Sandbox] = true;
        }
    }

    /// <summary>Whether a sandbox that does not exist may have parked records; one look at a name.</summary>
    public bool MayHave(string sandbox) =>
        _atOpening.ContainsKey(sandbox) || _fs.Stat(_metadata, PathOf(sandbox), out _) != Errno.NotFound;

    /// <summary>Whether a sandbox whose word says "idle" has parked records above that version all the same.</summary>
    public bool HasAbove(string sandbox, Lsn version)
    {
        if (_atOpening.IsEmpty || !_atOpening.ContainsKey(sandbox))
        {
            return false;
        }

        if (Find(sandbox) is { } entry && entry.Last > version)
        {
            return true;
        }

        _ = _atOpening.TryRemove(sandbox, out _); // its next transaction is in the log
        return false;
    }

    /// <summary>Whether an error tells of damage in a sandbox's file, and not in the log.</summary>
    public bool IsDamageOf(string sandbox, SafeStoreException failure) =>
        failure is LogCorruptException damage && damage.Path == FullPathOf(sandbox);

    /// <summary>A sandbox's lock word; null if there is none, or something is in its way.</summary>
    public LockWord? TryReadWord(string sandbox)
    {
        try
        {
            return LockWord.TryRead(_fs, roots.Run.Directory, SandboxHandles.LockPathOf(sandbox));
        }
        catch (StorageException failure) when (IsLasting(failure.Errno))
        {
            return null;
        }
    }

    /// <summary>The watermark's entry of a sandbox; null if nothing of it is parked.</summary>
    public ParkedEntry? Find(string sandbox) => watermarks.Config.Read()?.Parked.FirstOrDefault(entry => entry.Sandbox == sandbox);

    /// <summary>What is parked of a sandbox, and what the log has of it after that, in order.</summary>
    /// <param name="entry">The watermark's entry.</param>
    /// <param name="log">The sandbox's transactions in the log.</param>
    /// <exception cref="LogCorruptException">
    /// The file is missing or damaged, and no later creation or removal makes that good.
    /// </exception>
    public List<(SandboxPlan Plan, CommitRecord Record)> Join(
        ParkedEntry entry, IEnumerable<(SandboxPlan Plan, CommitRecord Record)> log)
    {
        List<(SandboxPlan Plan, CommitRecord Record)> later = [.. log.Where(transaction => transaction.Record.Lsn > entry.Last)];
        try
        {
            return [.. Read(entry), .. later];
        }
        catch (LogCorruptException) when (later.Exists(static transaction => transaction.Plan.Kind != PlanKind.Update))
        {
            return later;
        }
    }

    /// <summary>Writes a sandbox's file; durable on return. It counts once the watermark has the entry.</summary>
    /// <exception cref="StorageException">It could not be written.</exception>
    /// <exception cref="NotDurableException">Its directory could not be synced.</exception>
    public ParkedEntry Write(string sandbox, IReadOnlyList<(SandboxPlan Plan, CommitRecord Record)> transactions)
    {
        long size = transactions.Sum(static transaction => HeaderBytes + (long)PlanCodec.SizeOf([transaction.Plan]));
        StorageException.ThrowIfFailed(
            size > bytesMax ? Errno.FileTooLarge : Errno.None, "park the transactions of a sandbox", FullPathOf(sandbox));
        byte[] bytes = new byte[size];
        Span<byte> rest = bytes;
        ulong checksum = 0;
        foreach ((SandboxPlan plan, CommitRecord record) in transactions)
        {
            int payload = PlanCodec.SizeOf([plan]);
            PlanCodec.Write([plan], rest.Slice(HeaderBytes, payload));
            BinaryPrimitives.WriteUInt64LittleEndian(rest[8..], Magic);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[16..], checksum);
            BinaryPrimitives.WriteInt64LittleEndian(rest[24..], record.Lsn.Value);
            _ = record.Segment.Identity.ConfigRoot.TryWriteBytes(rest[32..], bigEndian: true, out _);
            _ = record.Segment.Identity.RunRoot.TryWriteBytes(rest[48..], bigEndian: true, out _);
            BinaryPrimitives.WriteInt32LittleEndian(rest[64..], payload);
            BinaryPrimitives.WriteInt32LittleEndian(rest[68..], plan.IsOfSeveral ? 1 : 0);
            checksum = XxHash3.HashToUInt64(rest[8..(HeaderBytes + payload)]);
            BinaryPrimitives.WriteUInt64LittleEndian(rest, checksum);
            rest = rest[(HeaderBytes + payload)..];
        }

        using DirectoryHandle directory = RootDirectory.OpenOrMake(_fs, _metadata, DirectoryName, roots.Config.DirectoryPermissions);
        new AtomicFile(_fs) { Permissions = roots.Config.FilePermissions }.Write(directory, sandbox, bytes);
        return new ParkedEntry(sandbox, transactions[^1].Record.Lsn, checksum);
    }

    /// <summary>
    /// Removes the files that the durable watermark does not name. The caller holds the log lock, or is alone: no process reads one.
    /// </summary>
    public void Trim(ImmutableArray<ParkedEntry> named)
    {
        var entries = new List<DirectoryEntry>();
        if (_fs.OpenDirectory(_metadata, DirectoryName, out DirectoryHandle? directory) != Errno.None)
        {
            return;
        }

        using (directory)
        {
            _ = _fs.List(directory!, entries); // what stays does not count
            foreach (DirectoryEntry entry in entries.Where(found => !named.Any(kept => kept.Sandbox == found.Name)))
            {
                _ = _fs.Unlink(directory!, entry.Name);
            }
        }
    }

    private static string PathOf(string sandbox) => $"{DirectoryName}/{sandbox}";

    private string FullPathOf(string sandbox) => $"{_metadata.Path}/{PathOf(sandbox)}";

    private List<(SandboxPlan Plan, CommitRecord Record)> Read(ParkedEntry entry)
    {
        var transactions = new List<(SandboxPlan Plan, CommitRecord Record)>();
        ReadOnlyMemory<byte> rest = ReadFile(entry);
        ulong checksum = 0;
        while (TryTake(ref rest, ref checksum) is { } transaction)
        {
            transactions.Add(transaction);
            if (transaction.Record.Lsn == entry.Last && checksum == entry.Checksum)
            {
                return transactions;
            }
        }

        throw new LogCorruptException(
            FullPathOf(entry.Sandbox), 0, entry.Last,
            $"the transactions of sandbox '{entry.Sandbox}' that are parked there are missing or damaged; restore the file, or remove the "
            + $"sandbox");
    }

    private byte[] ReadFile(ParkedEntry entry)
    {
        Errno errno = _fs.Stat(_metadata, PathOf(entry.Sandbox), out FileStatus status);
        byte[] bytes = new byte[errno == Errno.None && status.Size <= bytesMax ? status.Size + 1 : 0];
        int count = 0;
        errno = errno == Errno.None ? _fs.ReadWhole(_metadata, PathOf(entry.Sandbox), bytes, out count) : errno;
        bool passes = errno is Errno.ProcessFileLimit or Errno.SystemFileLimit or Errno.NoMemory;
        StorageException.ThrowIfFailed(passes ? errno : Errno.None, "read", FullPathOf(entry.Sandbox));
        return bytes[..count];
    }

    private static (SandboxPlan Plan, CommitRecord Record)? TryTake(ref ReadOnlyMemory<byte> rest, ref ulong checksum)
    {
        ReadOnlySpan<byte> span = rest.Span;
        int payload = span.Length < HeaderBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(span[64..]);
        if (payload < 0 || payload > span.Length - HeaderBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(span[8..]) != Magic
            || BinaryPrimitives.ReadUInt64LittleEndian(span[16..]) != checksum
            || BinaryPrimitives.ReadUInt64LittleEndian(span) != XxHash3.HashToUInt64(span[8..(HeaderBytes + payload)]))
        {
            return null;
        }

        checksum = BinaryPrimitives.ReadUInt64LittleEndian(span);
        var lsn = new Lsn(BinaryPrimitives.ReadInt64LittleEndian(span[24..]));
        var roots = new StoreIdentity(Store: default, new Guid(span[32..48], bigEndian: true), new Guid(span[48..64], bigEndian: true));
        var segment = new SegmentHeader(Salt: 0, lsn, lsn.Previous, PreviousChecksum: 0, SegmentBytes: 0, roots);
        var record = new CommitRecord(segment, lsn, DurableLsn: default, checksum, rest.Slice(HeaderBytes, payload));
        bool isOfSeveral = BinaryPrimitives.ReadInt32LittleEndian(span[68..]) == 1;
        rest = rest[(HeaderBytes + payload)..];
        return PlanCodec.TryRead(record.Payload) is [var plan] ? (plan with { IsOfSeveral = isOfSeveral }, record) : null;
    }
}
