using System;
using System.Globalization;

namespace SafeStore;

/// <summary>
/// A log sequence number: 1, 2, 3, ... for the transactions of a whole store, never reused. A sandbox's version is the LSN of its last
/// transaction (or, when its lock file had to be made anew, a later one); 0 is before the first.
/// </summary>
/// <param name="Value">The number, 0 or above.</param>
public readonly record struct Lsn(long Value) : IComparable<Lsn>
{
    /// <summary>The LSN after this one.</summary>
    public Lsn Next => new(Value + 1);

    /// <summary>The LSN before this one.</summary>
    public Lsn Previous => new(Value - 1);

    /// <summary>The later of two.</summary>
    /// <param name="one">One.</param>
    /// <param name="other">The other.</param>
    public static Lsn Max(Lsn one, Lsn other) => one > other ? one : other;

    /// <inheritdoc/>
    public int CompareTo(Lsn other) => Value.CompareTo(other.Value);

    /// <summary>The number in decimal digits.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether one is earlier than the other.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(Lsn left, Lsn right) => left.Value < right.Value;

    /// <summary>Whether one is later than the other.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(Lsn left, Lsn right) => left.Value > right.Value;

    /// <summary>Whether one is not later than the other.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(Lsn left, Lsn right) => left.Value <= right.Value;

    /// <summary>Whether one is not earlier than the other.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(Lsn left, Lsn right) => left.Value >= right.Value;
}
