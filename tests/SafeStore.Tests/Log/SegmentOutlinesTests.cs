using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Log;
using Xunit;

namespace SafeStore.Tests.Log;

public sealed class SegmentOutlinesTests
{
    private readonly SegmentOutlines _outlines = new(segmentsMax: 8, segmentBytes: 4 * 1024 * 1024);

    [Fact]
    public void A_segment_that_was_filled_alone_is_known_with_all_its_records_in_their_order()
    {
        Add(5, from: 5, 100, 20_000, 0);
        Add(5, from: 8, 3);
        Assert.Equal([(5, 100), (6, 20_000), (7, 0), (8, 3)], Find(5, 8));
    }

    [Fact]
    public void A_segment_whose_last_record_is_another_process_s_is_not_known()
    {
        Add(5, from: 5, 1, 2, 3);
        Assert.NotNull(Find(5, 7));
        Assert.Null(Find(5, 8));
    }

    [Fact]
    public void A_segment_whose_first_record_is_another_process_s_is_not_known()
    {
        Add(5, from: 6, 1, 2);
        Assert.Null(Find(5, 7));
    }

    [Fact]
    public void A_segment_with_another_process_s_record_in_the_middle_is_not_known()
    {
        Add(5, from: 5, 1);
        Add(5, from: 7, 1, 2);
        Assert.Null(Find(5, 8));
    }

    [Fact]
    public void A_batch_counts_as_far_as_the_segment_has_taken_it()
    {
        PendingCommit[] batch = [new Outline(1) { Lsn = new Lsn(1) }, new Outline(2) { Lsn = new Lsn(2) }];
        _outlines.Add(new Lsn(1), batch, 1);
        _outlines.Add(new Lsn(2), [batch[1]], 1);
        Assert.Equal([(1, 1)], Find(1, 1));
        Assert.Equal([(2, 2)], Find(2, 2));
    }

    [Fact]
    public void A_segment_whose_outlines_take_more_than_an_eighth_of_it_is_not_known_whatever_is_appended_to_it_later()
    {
        Add(1, from: 1, 300_000);
        Assert.NotNull(Find(1, 1));
        Add(1, from: 2, 300_000);
        Assert.Null(Find(1, 2));
        Add(1, from: 3, 1);
        Assert.Null(Find(1, 3));
        Add(4, from: 4, 300_000);
        Assert.NotNull(Find(4, 4));
    }

    [Fact]
    public void Only_so_many_segments_are_known_the_newest()
    {
        for (int first = 1; first <= 9; first++)
        {
            Add(first, from: first, first);
        }

        Assert.Equal([false, true, true, true, true, true, true, true, true], Enumerable.Range(1, 9).Select(first => Find(first, first) is not null));
    }

    [Fact]
    public void Segments_that_the_log_has_dropped_are_forgotten()
    {
        Add(1, from: 1, 1, 1);
        Add(3, from: 3, 1);
        Add(4, from: 4, 1);
        _outlines.Forget(new Lsn(3));
        Assert.Null(Find(1, 2));
        Assert.Null(Find(3, 3));
        Assert.NotNull(Find(4, 4));
    }

    private void Add(long segment, long from, params int[] lengths) =>
        _outlines.Add(new Lsn(segment), [.. lengths.Select((length, i) => new Outline(length) { Lsn = new Lsn(from + i) })], lengths.Length);

    private List<(long Lsn, int Bytes)>? Find(long first, long last) =>
        _outlines.Find(new Lsn(first), new Lsn(last))?.Select(static found => (found.Lsn.Value, Checked(found.Outline.Span))).ToList();

    private static int Checked(ReadOnlySpan<byte> outline)
    {
        Assert.False(outline.ContainsAnyExcept((byte)outline.Length));
        return outline.Length;
    }

    private sealed class Outline(int length) : PendingCommit
    {
        public override int PayloadBytes => length;

        public override bool NeedsSync => true;

        public override void WritePayload(Span<byte> target) => target.Fill((byte)length);
    }
}
