using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using FsCheck;
using FsCheck.Fluent;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Vocabulary;
using Xunit;

namespace SafeStore.PropertyTests;

public sealed class LogLaws
{
    private const int SegmentBytes = 16 * 1024;

    private static Gen<int[][]> Batches { get; } =
        Gen.Frequency((6, Gen.Choose(0, 300)), (2, Gen.Choose(3000, 5000)), (1, Gen.Choose(14_000, 20_000)))
        .ArrayOf(1, 4)
        .ArrayOf(1, 12);

    [Fact]
    public void Every_log_reads_back_as_it_was_written_whoever_wrote_each_batch() => Laws.Check(
        Batches.Zip(Gen.Choose(0, 1).ArrayOf(12)), 40, both =>
        {
            using var world = new World(both.Item1, both.Item2);
            Assert.Equal(world.Written, Show(world.Scan()));
        });

    [Fact]
    public void Damage_anywhere_in_a_log_is_reported_or_leaves_the_prefix_before_it_which_has_all_that_was_claimed_durable() => Laws.Check(
        from batches in Batches
        from writers in Gen.Choose(0, 1).ArrayOf(12)
        from place in Gen.Choose(0, int.MaxValue)
        from nearRecord in Gen.Elements(true, true, true, false)
        from noise in Gen.OneOf(Gens.Bytes(1, 1), Gens.Bytes(8, 8), Gens.Bytes(512, 512))
        select (batches, writers, place, nearRecord, noise),
        150,
        item =>
        {
            using var world = new World(item.batches, item.writers);
            CheckDamage(world, item.place, item.nearRecord, item.noise);
        });

    [Fact]
    public void Files_of_any_bytes_in_the_place_of_segments_are_reported_or_leave_a_prefix_and_never_crash_the_reader() => Laws.Check(
        from batches in Batches
        from writers in Gen.Choose(0, 1).ArrayOf(12)
        from kind in Gen.Choose(0, 4)
        from place in Gen.Choose(0, int.MaxValue)
        from noise in Gen.OneOf(Gens.Bytes(0, 200), Gens.Bytes(4000, 5000), Gens.Bytes(16_384, 16_384))
        select (batches, writers, kind, place, noise),
        100,
        static item =>
        {
            using var world = new World(item.batches, item.writers);
            Spoil(world, item.kind, item.place, item.noise);
            List<CommitRecord> found;
            try
            {
                found = world.Scan();
            }
            catch (LogCorruptException)
            {
                return;
            }

            Assert.Equal(world.Written[..found.Count], Show(found));
        });

    private static void Spoil(World world, int kind, int place, byte[] noise)
    {
        List<Lsn> segments = world.Directory.List();
        string path = world.PathOf(segments[place % segments.Count]);
        byte[] before = File.ReadAllBytes(path);
        switch (kind)
        {
            case 0: // only noise
                File.WriteAllBytes(path, noise);
                break;
            case 1: // a true header, then noise
                File.WriteAllBytes(path, [.. before[..(int)SegmentHeader.Bytes], .. noise]);
                break;
            case 2: // cut off
                File.WriteAllBytes(path, before[..(place % before.Length)]);
                break;
            case 3: // noise under the name that comes next, or under any
                File.WriteAllBytes(world.PathOf(place % 2 == 0 ? new Lsn(world.Written.Length + 1) : new Lsn(1 + (place % 100))), noise);
                break;
            default: // one segment under the name of another
                File.WriteAllBytes(world.PathOf(segments[place / 7 % segments.Count]), before);
                break;
        }
    }

    private static void CheckDamage(World world, int place, bool nearRecord, byte[] noise)
    {
        List<Lsn> segments = world.Directory.List();
        Lsn[] firsts = [.. segments];
        Extent target = world.Records[place % world.Records.Count];
        Lsn segment = nearRecord ? target.Segment : firsts[place % firsts.Length];
        string path = world.PathOf(segment);
        byte[] before = File.ReadAllBytes(path);
        byte[] after = [.. before];
        long offset = nearRecord ? target.Start + (place / 7 % (target.End - target.Start)) : place % before.Length;
        noise.AsSpan(0, (int)Math.Min(noise.Length, after.Length - offset)).CopyTo(after.AsSpan((int)offset));
        File.WriteAllBytes(path, after);

        Extent? first = world.Records.Find(record => record.Segment == segment
            && !before.AsSpan((int)record.Start, (int)(record.End - record.Start))
                .SequenceEqual(after.AsSpan((int)record.Start, (int)(record.End - record.Start))));
        bool isHeaderDamaged = !before.AsSpan(0, 120).SequenceEqual(after.AsSpan(0, 120)); // its checksum and the 112 bytes that it is of
        bool mustReport = isHeaderDamaged || (first is not null && (segment != firsts[^1] || world.Records.Exists(later =>
            later.StartsBatch && later.Lsn > first.Lsn && later.Durable >= first.Lsn && IsWhole(later, before, after, segment))));
        List<CommitRecord> found;
        try
        {
            found = world.Scan();
        }
        catch (LogCorruptException)
        {
            Assert.True(isHeaderDamaged || first is not null, "harmless damage was reported");
            Assert.True(mustReport || first is not null);
            return;
        }

        Assert.False(mustReport, $"record {first} in {segment} was claimed durable, and its loss went unnoticed");
        Assert.Equal(first is null ? world.Written : world.Written[..(int)(first.Lsn.Value - 1)], Show(found));
    }

    private static bool IsWhole(Extent record, byte[] before, byte[] after, Lsn segment) => record.Segment != segment
        || before.AsSpan((int)record.Start, (int)(record.End - record.Start))
            .SequenceEqual(after.AsSpan((int)record.Start, (int)(record.End - record.Start)));

    private static string[] Show(IEnumerable<CommitRecord> records) =>
        [.. records.Select(static record => $"{record.Lsn} {Gens.Show(record.Payload.Span)}")];

    private sealed record Extent(Lsn Lsn, Lsn Durable, Lsn Segment, long Start, long End, bool StartsBatch);

    private sealed class Commit(byte[] payload) : PendingCommit
    {
        public byte[] Payload => payload;

        public override int PayloadBytes => payload.Length;

        public override bool NeedsSync => true;

        public override void WritePayload(Span<byte> target) => payload.CopyTo(target);
    }

    /// <summary>A log that two processes, as far as it can tell, have written in turns.</summary>
    private sealed class World : IDisposable
    {
        private readonly TempDirectory _temp = new();
        private readonly PosixFileSystem _fs = new();
        private readonly DirectoryHandle _directory;

        public World(int[][] batches, int[] writers)
        {
            Assert.Equal(Errno.None, _fs.OpenRoot(_temp.Path, out DirectoryHandle? directory));
            _directory = directory!;
            Directory = new LogDirectory(_fs, _directory, SegmentBytes, logBytesMax: 0);
            var identity = new StoreIdentity(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
            Directory.Start(
                new SegmentHeader(1, new Lsn(1), default, 0, SegmentBytes, identity))
                .Dispose();
            using SharedState one = Share();
            using SharedState two = Share();
            using CommitLog first = Log(one, identity);
            using CommitLog second = Log(two, identity);
            byte fill = 0;
            var written = new List<string>();
            for (int i = 0; i < batches.Length; i++)
            {
                List<Commit> batch = [.. batches[i].Select(size => new Commit(Enumerable.Repeat(++fill, size).ToArray()))];
                Append(writers[i] == 0 ? first : second, batch);
                written.AddRange(batch.Select(static commit => $"{commit.Lsn} {Gens.Show(commit.Payload)}"));
            }

            Written = [.. written];
            Records = [.. Directory.List().SelectMany(Locate)];
        }

        public LogDirectory Directory { get; }

        public string[] Written { get; }

        public List<Extent> Records { get; }

        public string PathOf(Lsn segment) => Path.Combine(_temp.Path, $"{segment.Value:x16}.log");

        public List<CommitRecord> Scan() => LogReader.ReadToTail(Directory, default).Records;

        public void Dispose()
        {
            _directory.Dispose();
            _temp.Dispose();
        }

        private static void Append(CommitLog log, List<Commit> batch)
        {
            using LogLock.Hold hold = log.LockAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            for (int done = 0; done < batch.Count;)
            {
                done += log.Append(batch[done..], hold);
            }

            hold.LetOthersAppend();
            log.Sync(batch[^1].Lsn, hold);
        }

        private SharedState Share()
        {
            FileHandle file = FileLock.OpenOrCreate(_fs, _directory, "words", AtomicFile.DefaultMode);
            SharedState.EnsureLength(_fs, file);
            return new SharedState(_fs, file);
        }

        private CommitLog Log(SharedState shared, StoreIdentity identity)
        {
            var waiting = new LockWaiting(TimeProvider.System, TimeSpan.FromSeconds(10));
            FileHandle file = FileLock.OpenOrCreate(_fs, _directory, "store.json", AtomicFile.DefaultMode);
            var anchor = new StoreAnchor(_fs, file, FileLock.OpenOrCreate(_fs, _directory, "words", AtomicFile.DefaultMode), waiting);
            return new CommitLog(
                Directory,
                new LogLock(new SharedLock(anchor.LockOf(StoreLock.Log), shared, SharedWord.LogLockWaiting)),
                new SharedSync(new SharedLock(anchor.LockOf(StoreLock.Sync), shared, SharedWord.SyncLockWaiting), shared),
                shared,
                anchor,
                identity);
        }

        private IEnumerable<Extent> Locate(Lsn segment)
        {
            using SegmentReader reader = Directory.Open(segment, FileUse.Read);
            LogPosition position = LogPosition.StartOf(reader.Header);
            while (reader.TryReadNext(position, out LogPosition next) is { } record)
            {
                long start = next.Offset - RecordFormat.SizeOf(record.Payload.Length);
                yield return new Extent(
                    record.Lsn, record.DurableLsn, segment, start, start + RecordFormat.HeaderBytes + record.Payload.Length,
                    start % RecordFormat.BlockBytes == 0);
                position = next;
            }
        }
    }
}
