using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.Hashing;
using SafeStore.FileSystem;

namespace SafeStore.Documents;

/// <summary>
/// What a document's file says of its content, in the attribute <see cref="StampAttribute.Name"/> (docs/file-format.md): a rename takes it
/// along, a copy that keeps attributes too.
/// </summary>
/// <param name="Lsn">The transaction that wrote the content.</param>
/// <param name="Size">How many bytes it had.</param>
/// <param name="Time">When it was stamped: after it was written.</param>
/// <param name="Checksum">Of the content and of all of the above.</param>
internal readonly record struct DocumentStamp(Lsn Lsn, int Size, DateTimeOffset Time, ulong Checksum)
{
    public const int Bytes = 32;

    private const byte Version = 1;
    private const int ChecksumAt = 24;

    /// <summary>The stamp of a content.</summary>
    /// <param name="lsn">The transaction that writes it.</param>
    /// <param name="time">Now.</param>
    /// <param name="content">The document's bytes.</param>
    public static DocumentStamp Of(Lsn lsn, DateTimeOffset time, ReadOnlySpan<byte> content)
    {
        var stamp = new DocumentStamp(lsn, content.Length, time.ToUniversalTime(), 0);
        return stamp with { Checksum = stamp.ChecksumOf(content) };
    }

    /// <summary>Reads a file's stamp.</summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="file">The document.</param>
    /// <param name="stamp">The stamp; null if there is none, or none that this version can read.</param>
    /// <param name="isThere">Whether there is one, be it unknown.</param>
    /// <returns>What kept it from being read; <see cref="Errno.None"/> also if there is none.</returns>
    public static Errno Read(IDurableFileSystem fs, FileHandle file, out DocumentStamp? stamp, out bool isThere)
    {
        Errno errno = fs.GetAttribute(file, StampAttribute.Name, out byte[] value);
        isThere = errno == Errno.None;
        stamp = isThere && value.Length == Bytes && value[0] == Version && value.AsSpan(1, 3).IndexOfAnyExcept((byte)0) < 0
            ? Parse(value) : null;
        return errno is Errno.NoData or Errno.NotSupported ? Errno.None : errno;
    }

    /// <summary>What a file's stamp says of its content.</summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="file">The document.</param>
    /// <param name="content">All of its bytes, read from this handle.</param>
    /// <param name="stamp">The stamp, if there is one that can be read.</param>
    /// <param name="state">The answer.</param>
    /// <returns>What kept it from being read.</returns>
    public static Errno Look(
        IDurableFileSystem fs, FileHandle file, ReadOnlySpan<byte> content, out DocumentStamp? stamp, out StampState state)
    {
        Errno errno = Read(fs, file, out stamp, out bool isThere);
        state = !isThere ? StampState.None
            : stamp is not { } found ? StampState.Unknown
            : found.Holds(content) ? StampState.Holds
            : found.IsEdited(content, TimeOf(fs, file)) ? StampState.Edited : StampState.Damaged;
        return errno;
    }

    /// <summary>When the file was written last; a time that tells of no edit if it is gone, or not to be reached by its path.</summary>
    public static DateTime TimeOf(IDurableFileSystem fs, FileHandle file)
    {
        try
        {
            return fs.Files.File.GetLastWriteTimeUtc(file.Path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return DateTime.MinValue;
        }
    }

    /// <summary>Whether a content is the one that was stamped.</summary>
    public bool Holds(ReadOnlySpan<byte> content) => content.Length == Size && ChecksumOf(content) == Checksum;

    public void Write(Span<byte> value)
    {
        value[..ChecksumAt].Clear();
        value[0] = Version;
        BinaryPrimitives.WriteInt32LittleEndian(value[4..], Size);
        BinaryPrimitives.WriteInt64LittleEndian(value[8..], Lsn.Value);
        BinaryPrimitives.WriteInt64LittleEndian(value[16..], Time.UtcTicks);
        BinaryPrimitives.WriteUInt64LittleEndian(value[ChecksumAt..], Checksum);
    }

    private static DocumentStamp? Parse(ReadOnlySpan<byte> value)
    {
        long ticks = BinaryPrimitives.ReadInt64LittleEndian(value[16..]);
        return ticks < 0 || ticks > DateTimeOffset.MaxValue.UtcTicks ? null : new DocumentStamp(
            new Lsn(BinaryPrimitives.ReadInt64LittleEndian(value[8..])),
            BinaryPrimitives.ReadInt32LittleEndian(value[4..]),
            new DateTimeOffset(ticks, TimeSpan.Zero),
            BinaryPrimitives.ReadUInt64LittleEndian(value[ChecksumAt..]));
    }

    /// <summary>
    /// A stamp is made after its document was written, so whatever was written later is another program's. (Within one tick of the kernel's
    /// clock, at most 10 ms, an edit is not told from damage.) Empty or zeros is what a power loss leaves, whatever its size.
    /// </summary>
    private bool IsEdited(ReadOnlySpan<byte> content, DateTime written) =>
        written > Time.UtcDateTime || (content.Length != Size && content.IndexOfAnyExcept((byte)0) >= 0);

    /// <summary>What comes before the checksum is its seed, so that damage of a stamp is noticed as well.</summary>
    private ulong ChecksumOf(ReadOnlySpan<byte> content)
    {
        Span<byte> value = stackalloc byte[Bytes];
        Write(value);
        return XxHash3.HashToUInt64(content, unchecked((long)XxHash3.HashToUInt64(value[..ChecksumAt])));
    }
}
