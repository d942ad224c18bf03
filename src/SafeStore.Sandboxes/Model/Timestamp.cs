using System;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>
/// A point in time with nanoseconds and its zone, as RFC 3339 text. The text is kept as it stands in the file; two are equal if their
/// texts are. The default is the seed's zero time, <c>0001-01-01T00:00:00Z</c>.
/// </summary>
[JsonConverter(typeof(TimestampConverter))]
public readonly record struct Timestamp
{
    private const string Zero = "0001-01-01T00:00:00Z";
    private const int SecondsLength = 19; // yyyy-MM-ddTHH:mm:ss

    private readonly string? _text;

    private Timestamp(string text) => _text = text;

    /// <summary>The nanoseconds of the second, 0 to 999,999,999; further digits are cut.</summary>
    public int Nanoseconds
    {
        get
        {
            ReadOnlySpan<char> fraction = FractionOf(ToString());
            int nanoseconds = 0;
            for (int i = 0; i < 9; i++)
            {
                nanoseconds = (nanoseconds * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
            }

            return nanoseconds;
        }
    }

    /// <summary>A time given by .NET's type, in its zone and with its 100 ns.</summary>
    /// <param name="time">The time. Its offset is cut to the minute, as it is always in .NET.</param>
    public static Timestamp From(DateTimeOffset time)
    {
        string seconds = time.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        string fraction = (time.Ticks % TimeSpan.TicksPerSecond).ToString("D7", CultureInfo.InvariantCulture).TrimEnd('0');
        string zone = time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture);
        return new Timestamp(fraction.Length == 0 ? seconds + zone : $"{seconds}.{fraction}{zone}");
    }

    /// <summary>
    /// Reads RFC 3339 text: date, <c>T</c>, time, any number of digits of a second, <c>Z</c> or an offset of hours and minutes.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="time">The time, the default unless the result is true.</param>
    public static bool TryParse(string text, out Timestamp time)
    {
        time = default;
        if (text is null || text.Length < SecondsLength + 1)
        {
            return false;
        }

        ReadOnlySpan<char> fraction = FractionOf(text);
        ReadOnlySpan<char> zone = text.AsSpan(SecondsLength + (text[SecondsLength] == '.' ? 1 + fraction.Length : 0));
        if ((text[SecondsLength] == '.' && fraction.IsEmpty) || !IsZone(zone)
            || !DateTime.TryParseExact(
                text.AsSpan(0, SecondsLength), "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            return false;
        }

        time = new Timestamp(text);
        return true;
    }

    /// <summary>The same time as .NET's type, its nanoseconds cut to 100 ns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// It is before the year 1 or after the year 9999 in UTC, or its offset is over 14 hours.
    /// </exception>
    public DateTimeOffset ToDateTimeOffset()
    {
        string text = ToString();
        var seconds = DateTime.ParseExact(text.AsSpan(0, SecondsLength), "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        TimeSpan offset = text.EndsWith('Z') ? TimeSpan.Zero : OffsetOf(text.AsSpan(text.Length - 6));
        return new DateTimeOffset(seconds, offset).AddTicks(Nanoseconds / 100);
    }

    /// <summary>The text.</summary>
    public override string ToString() => _text ?? Zero;

    private static ReadOnlySpan<char> FractionOf(string text)
    {
        if (text[SecondsLength] != '.')
        {
            return [];
        }

        ReadOnlySpan<char> rest = text.AsSpan(SecondsLength + 1);
        int length = rest.IndexOfAnyExceptInRange('0', '9');
        return length < 0 ? rest : rest[..length];
    }

    private static bool IsZone(ReadOnlySpan<char> zone) => zone is "Z"
        || (zone.Length == 6 && zone[0] is '+' or '-' && zone[3] == ':' && IsNumber(zone[1..3], 23) && IsNumber(zone[4..], 59));

    private static bool IsNumber(ReadOnlySpan<char> digits, int max) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= max;

    private static TimeSpan OffsetOf(ReadOnlySpan<char> zone)
    {
        var offset = TimeSpan.ParseExact(zone[1..], "hh\\:mm", CultureInfo.InvariantCulture);
        return zone[0] == '-' ? -offset : offset;
    }
}

/// <summary>Reads and writes the text as it is.</summary>
internal sealed class TimestampConverter : JsonConverter<Timestamp>
{
    public override Timestamp Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return text is not null && Timestamp.TryParse(text, out Timestamp time) ? time
            : throw new JsonException("A time must be RFC 3339 text, 2006-01-02T15:04:05.999999999Z for instance");
    }

    public override void Write(Utf8JsonWriter writer, Timestamp value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
