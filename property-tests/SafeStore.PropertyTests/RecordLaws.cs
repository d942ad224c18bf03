using System;
using System.IO;
using FsCheck;
using FsCheck.Fluent;
using SafeStore.FileSystem;
using SafeStore.Log;
using SafeStore.Vocabulary;
using Xunit;

namespace SafeStore.PropertyTests;

public sealed class RecordLaws : IDisposable
{
    private const int SegmentBytes = 32 * 1024;

    private readonly TempDirectory _temp = new();
    private readonly PosixFileSystem _fs = new();
    private readonly DirectoryHandle _directory;
    private readonly FileHandle _file;

    public RecordLaws()
    {
        Assert.Equal(Errno.None, _fs.OpenRoot(_temp.Path, out DirectoryHandle? directory));
        _directory = directory!;
        Assert.Equal(
            Errno.None, _fs.CreateFile(_directory, "segment", UnixFileMode.UserRead | UnixFileMode.UserWrite, out FileHandle? file));
        _file = file!;
        Write(new byte[SegmentBytes], 0);
    }

    private static Gen<Sample> Samples { get; } =
        from payload in Gens.Bytes(0, 9000)
        from header in Gens.Long.ArrayOf(4)
        select new Sample(payload, (ulong)header[0], new Lsn(header[1] >> 4), new Lsn(header[2] >> 4), (ulong)header[3]);

    public void Dispose()
    {
        _file.Dispose();
        _directory.Dispose();
        _temp.Dispose();
    }

    [Fact]
    public void Every_record_that_encodes_decodes_to_itself_and_no_proper_prefix_decodes() => Laws.Check(
        Samples.Zip(Gen.Choose(0, 1_000_000)), 400, both =>
        {
            (Sample sample, int cut) = both;
            byte[] record = sample.Encode(out ulong checksum);
            CommitRecord? read = Read(sample, record, out LogPosition next);
            Assert.NotNull(read);
            Assert.Equal((sample.Lsn, sample.Durable, checksum), (read.Lsn, read.DurableLsn, read.Checksum));
            Assert.Equal(sample.Payload, read.Payload.ToArray());
            Assert.Equal(new LogPosition(SegmentHeader.Bytes + record.Length, sample.Lsn.Next, checksum), next);

            // What a prefix lacks reads as zeros, so it is a prefix only if something else was there.
            int end = RecordFormat.HeaderBytes + sample.Payload.Length;
            int length = cut % end;
            if (record.AsSpan(length).IndexOfAnyExcept((byte)0) >= 0)
            {
                byte[] prefix = new byte[record.Length];
                record.AsSpan(0, length).CopyTo(prefix);
                Assert.Null(Read(sample, prefix, out _));
            }

            Assert.False(RecordFormat.TryReadHeader(record.AsSpan(0, Math.Min(length, RecordFormat.HeaderBytes - 1)), sample.Salt, out _));
        });

    [Fact]
    public void Any_damaged_byte_of_any_record_is_noticed() => Laws.Check(
        from sample in Samples
        from position in Gen.Frequency((1, Gen.Choose(0, 63)), (1, Gen.Choose(0, 1_000_000)))
        from xor in Gen.Choose(1, 255)
        select (sample, position, xor),
        1000,
        damage =>
        {
            byte[] record = damage.sample.Encode(out _);
            record[damage.position % (RecordFormat.HeaderBytes + damage.sample.Payload.Length)] ^= (byte)damage.xor;
            Assert.Null(Read(damage.sample, record, out _));
        });

    [Fact]
    public void Arbitrary_bytes_are_no_record_and_never_crash_the_reader() => Laws.Check(
        from sample in Samples
        from noise in Gens.Bytes(64, 9000)
        from kept in Gen.Choose(0, 64)
        from length in Gen.OneOf(Gen.Choose(int.MinValue, int.MaxValue), Gen.Choose(0, 40_000), Gen.Constant(1 << 30))
        select (sample, noise, kept, length),
        1000,
        mix =>
        {
            // The start of a true header, for the reader to get deep; then a length out of thin air; then noise.
            byte[] bytes = [.. mix.noise];
            mix.sample.Encode(out _).AsSpan(0, mix.kept).CopyTo(bytes);
            BitConverter.TryWriteBytes(bytes.AsSpan(48), mix.length);
            bytes.AsSpan(52, 12).Clear();
            using SegmentReader reader = Reader(mix.sample, bytes);
            LogPosition start = mix.sample.Before;
            Assert.Null(reader.TryReadNext(start, out _));
            Assert.False(reader.IsClaimedDurable(start with { Next = new Lsn(1) }, out _));
            _ = reader.HasTracesAfter(start);
        });

    [Fact]
    public void A_record_of_another_segment_lsn_or_predecessor_is_never_accepted() => Laws.Check(
        Samples.Zip(Gen.Choose(0, 2)), 200, both =>
        {
            (Sample sample, int kind) = both;
            byte[] record = sample.Encode(out _);
            Sample other = kind switch
            {
                0 => sample with { Salt = sample.Salt ^ 1 },
                1 => sample with { Lsn = sample.Lsn.Next },
                _ => sample with { Previous = sample.Previous ^ 1 },
            };
            Assert.Null(Read(other, record, out _));
        });

    private CommitRecord? Read(Sample sample, byte[] bytes, out LogPosition next)
    {
        using SegmentReader reader = Reader(sample, bytes);
        return reader.TryReadNext(sample.Before, out next);
    }

    private SegmentReader Reader(Sample sample, byte[] bytes)
    {
        Write(bytes, SegmentHeader.Bytes);
        Write(new byte[64], SegmentHeader.Bytes + bytes.Length);
        Assert.Equal(Errno.None, _fs.OpenFile(_directory, "segment", FileUse.Read, out FileHandle? file));
        return new SegmentReader(
            _fs, file!, new SegmentHeader(
            sample.Salt, sample.Lsn, sample.Lsn.Previous, sample.Previous, SegmentBytes, new StoreIdentity(default, default, default)));
    }

    private void Write(byte[] bytes, long offset)
    {
        Assert.Equal(Errno.None, _fs.Write(_file, bytes, offset, out int count));
        Assert.Equal(bytes.Length, count);
    }

    private sealed record Sample(byte[] Payload, ulong Salt, Lsn Lsn, Lsn Durable, ulong Previous)
    {
        public LogPosition Before => new(SegmentHeader.Bytes, Lsn, Previous);

        public byte[] Encode(out ulong checksum)
        {
            byte[] record = new byte[RecordFormat.SizeOf(Payload.Length)];
            Payload.CopyTo(record, RecordFormat.HeaderBytes);
            checksum = RecordFormat.Seal(record, new RecordHeader(Salt, Lsn, Durable, Previous, Payload.Length));
            return record;
        }

        public override string ToString() => $"record LSN {Lsn}, durable {Durable}, payload {Gens.Show(Payload)}";
    }
}
