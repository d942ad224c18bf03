using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Log;
using Xunit;

namespace SafeStore.Tests.Log;

public sealed class SegmentOutlinesTests
{
    private readonly SegmentOutlines _outlines = new();

    [Fact]
    public void A_segment_that_was_filled_alone_is_known_with_all_its_records_in_their_order()
    {
        Add(5, 100, 20_000, 0);
        Add(5, 3);
        Assert.Equal([(5, 100), (6, 20_000), (7, 0), (8, 3)], Find(5, 8));
    }

    [Theory]
    [InlineData(5, 8)] // another process has appended the fourth, the last
    [InlineData(5, 6)]
    [InlineData(4, 6)]
    [InlineData(6, 7)]
    public void A_segment_of_which_other_records_are_known_than_it_has_is_not_known(long first, long last)
    {
        Add(5, 1, 2, 3);
        Assert.NotNull(Find(5, 7));
        Assert.Null(Find(first, last));
    }

    [Fact]
    public void A_batch_counts_as_far_as_the_segment_has_taken_it()
    {
        PendingCommit[] batch = [new Outline(1), new Outline(2)];
        _outlines.Add(new Lsn(1), batch, 1);
        _outlines.Add(new Lsn(2), [batch[1]], 1);
        Assert.Equal([(1, 1)], Find(1, 1));
        Assert.Equal([(2, 2)], Find(2, 2));
    }

    [Fact]
    public void A_segment_whose_outlines_take_too_much_memory_is_not_known_whatever_is_appended_to_it_later()
    {
        Add(1, 300_000);
        Assert.NotNull(Find(1, 1));
        Add(1, 300_000);
        Assert.Null(Find(1, 2));
        Add(1, 1);
        Assert.Null(Find(1, 1));
        Assert.Null(Find(1, 3));
        Add(4, 300_000);
        Assert.NotNull(Find(4, 4));
    }

    [Fact]
    public void Only_the_newest_eight_segments_are_known()
    {
        for (int first = 1; first <= 9; first++)
        {
            Add(first, first);
        }

        Assert.Equal([false, true, true, true, true, true, true, true, true], Enumerable.Range(1, 9).Select(first => Find(first, first) is not null));
    }

    [Fact]
    public void Segments_that_the_log_has_dropped_are_forgotten()
    {
        Add(1, 1, 1);
        Add(3, 1);
        Add(4, 1);
        _outlines.Forget(new Lsn(3));
        Assert.Null(Find(1, 2));
        Assert.Null(Find(3, 3));
        Assert.NotNull(Find(4, 4));
    }

    private void Add(long segment, params int[] lengths) => _outlines.Add(new Lsn(segment), [.. lengths.Select(static length => new Outline(length))], lengths.Length);

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

        public override int OutlineBytes => length;

        public override bool NeedsSync => true;

        public override void WritePayload(Span<byte> target) => target.Fill((byte)length);

        public override void WriteOutline(Span<byte> target) => target.Fill((byte)length);
    }
}
