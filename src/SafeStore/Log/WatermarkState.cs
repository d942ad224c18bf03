using System;
using System.Collections.Immutable;

namespace SafeStore.Log;

/// <summary>What the watermark of a root says.</summary>
/// <param name="Lsn">
/// The highest LSN whose effects are durable in the documents themselves, are written again by a later record, or are parked.
/// </param>
/// <param name="Life">The life of the store that this root has taken part in last.</param>
/// <param name="PendingLife">
/// Of the run root only: the life that is being begun. The config root says it already, unless the opener died before that.
/// </param>
/// <param name="Parked">Of the config root only: the sandboxes whose last transactions could not be applied.</param>
internal sealed record WatermarkState(Lsn Lsn, LifeId Life, LifeId? PendingLife, ImmutableArray<ParkedEntry> Parked)
{
    /// <summary>Whether the files hold so many parked entries.</summary>
    public bool Fits => WatermarkFormat.SizeOf(this) <= Watermark.FileBytes;

    public bool Equals(WatermarkState? other) => other is not null && Lsn == other.Lsn && Life == other.Life
        && PendingLife == other.PendingLife && Parked.AsSpan().SequenceEqual(other.Parked.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Lsn, Life, PendingLife, Parked.Length);
}

/// <summary>
/// A life of a store: from an opening that found no other process until all have closed. Roots of one store whose lives differ are copies
/// of different times.
/// </summary>
/// <param name="Number">How many there have been: tells which root is older.</param>
/// <param name="Id">Random: two copies of a store that have gone on separately have lives of the same number.</param>
internal readonly record struct LifeId(long Number, Guid Id);

/// <summary>A sandbox with transactions that the log no longer has: they are in its parked file.</summary>
/// <param name="Sandbox">The sandbox.</param>
/// <param name="Last">The LSN of the last of them.</param>
/// <param name="Checksum">Of the parked file.</param>
internal sealed record ParkedEntry(string Sandbox, Lsn Last, ulong Checksum);
