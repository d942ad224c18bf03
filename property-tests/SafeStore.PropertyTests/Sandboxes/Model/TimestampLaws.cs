using System;
using System.Globalization;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using SafeStore.Sandboxes;
using Xunit;

namespace SafeStore.PropertyTests.Sandboxes.Model;

public sealed class TimestampLaws
{
    private static Gen<string> Seconds { get; } =
        Gens.Long.Select(
            static ticks =>
            new DateTime(ticks % (DateTime.MaxValue.Ticks + 1)).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture))
            .Or(Gen.Elements("0001-01-01T00:00:00", "9999-12-31T23:59:59", "2024-02-29T23:59:59", "2000-02-29T00:00:00"));

    private static Gen<string> Digits { get; } =
        Gens.ArrayOf(Gen.Elements("0123456789".ToCharArray()), 0, 9).Select(static digits => new string(digits));

    private static Gen<string> Zone { get; } = Gen.Frequency(
        (1, Gen.Constant("Z")),
        (2, from sign in Gen.Elements('+', '-')
            from hours in Gen.Choose(0, 23)
            from minutes in Gen.Choose(
        0, 59)
            select $"{sign}{hours:00}:{minutes:00}"));

    private static Gen<Parts> Times { get; } =
        from seconds in Seconds from digits in Digits from zone in Zone select new Parts(seconds, digits, zone);

    private static Gen<DateTimeOffset> Offsets { get; } =
        from ticks in Gens.Long
        from minutes in Gen.Choose(-14 * 60, 14 * 60)
        select new DateTimeOffset(
            (ticks % (DateTime.MaxValue.Ticks - (2 * TimeSpan.TicksPerDay))) + TimeSpan.TicksPerDay, TimeSpan.FromMinutes(minutes));

    [Fact]
    public void Any_time_of_RFC_3339_stays_the_text_that_it_is() => Laws.Check(Times, 3000, static parts =>
    {
        Assert.True(Timestamp.TryParse(parts.Text, out Timestamp time));
        Assert.Equal(parts.Text, time.ToString());
        Assert.Equal(int.Parse(parts.Digits.PadRight(9, '0'), CultureInfo.InvariantCulture), time.Nanoseconds);
        Assert.True(Timestamp.TryParse(parts.Text, out Timestamp same) && time == same);

        string json = $$"""{"Token":"","Pid":0,"StartTime":"{{parts.Text}}"}""";
        Assert.Equal(
            json, JsonSerializer.Serialize(
            JsonSerializer.Deserialize(json, ModelTypes.Model.Process.Json)!, ModelTypes.Model.Process.Json));
    });

    [Fact]
    public void As_a_time_of_dotnet_it_is_the_same_moment_in_the_same_zone_cut_to_100_ns() => Laws.Check(Times, 3000, static parts =>
    {
        Timestamp time = Parse(parts.Text);
        string zone = parts.Zone == "Z" ? "+00:00" : parts.Zone;
        string cut = $"{parts.Seconds}.{parts.Digits.PadRight(9, '0')[..7]}{zone}";
        if (DateTimeOffset.TryParseExact(
            cut, "yyyy-MM-dd'T'HH:mm:ss.fffffffzzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset expected))
        {
            Assert.True(expected.EqualsExact(time.ToDateTimeOffset()));
            Assert.True(expected.EqualsExact(Timestamp.From(expected).ToDateTimeOffset()));
        }
        else
        {
            // over 14 hours, or not in the years 1 to 9999 of UTC
            Assert.Throws<ArgumentOutOfRangeException>(() => time.ToDateTimeOffset());
        }
    });

    [Fact]
    public void Any_time_of_dotnet_comes_back_from_its_text() => Laws.Check(Offsets, 3000, static time =>
    {
        var stored = Timestamp.From(time);
        Assert.True(time.EqualsExact(stored.ToDateTimeOffset()));
        Assert.Equal(stored, Parse(stored.ToString()));
        Assert.DoesNotMatch(@"\.\d*0[Z+-]", stored.ToString()); // the seed cuts zeros at the end
    });

    [Fact]
    public void What_is_not_a_time_of_RFC_3339_is_refused() => Laws.Check(
        from parts in Times
        from broken in Gen.Elements(Breakages)
        select broken(parts),
        5000,
        static text =>
        {
            Assert.False(Timestamp.TryParse(text, out Timestamp time), text);
            Assert.Equal(default, time);
            Assert.Throws<JsonException>(
                () => JsonSerializer.Deserialize($$"""{"StartTime":{{JsonSerializer.Serialize(text)}}}""", ModelTypes.Model.Process.Json));
        });

    private static Func<Parts, string>[] Breakages { get; } =
    [
        static parts => parts.Seconds + parts.Fraction,
        static parts => parts.Text.Replace('T', 't'),
        static parts => parts.Text.Replace('T', ' '),
        static parts => parts.Seconds + parts.Fraction + "z",
        static parts => parts.Seconds + "." + parts.Zone,
        static parts => parts.Seconds + "," + parts.Digits.PadRight(1, '5') + parts.Zone,
        static parts => parts.Seconds + parts.Fraction + "+24:00",
        static parts => parts.Seconds + parts.Fraction + "-00:60",
        static parts => parts.Seconds + parts.Fraction + "+0100",
        static parts => parts.Seconds + parts.Fraction + "+01",
        static parts => parts.Seconds + parts.Fraction + "UTC",
        static parts => parts.Seconds + parts.Fraction + parts.Zone + parts.Zone,
        static parts => parts.Seconds[..11] + "24:00:00" + parts.Zone,
        static parts => parts.Seconds[..11] + "12:60:00" + parts.Zone,
        static parts => parts.Seconds[..17] + "60" + parts.Fraction + parts.Zone,
        static parts => parts.Seconds[..16] + parts.Zone,
        static parts => parts.Seconds[..10] + parts.Zone,
        static parts => parts.Seconds[..5] + "00-01" + parts.Seconds[10..] + parts.Zone,
        static parts => parts.Seconds[..5] + "13-01" + parts.Seconds[10..] + parts.Zone,
        static parts => parts.Seconds[..5] + "02-30" + parts.Seconds[10..] + parts.Zone,
        static parts => "2023-02-29" + parts.Seconds[10..] + parts.Zone,
        static parts => "0000" + parts.Seconds[4..] + parts.Zone,
        static parts => "1" + parts.Text,
        static parts => "+" + parts.Text,
        static parts => " " + parts.Text,
        static parts => parts.Text + " ",
        static parts => parts.Text + "\n",
        static parts => parts.Text.Replace('0', '٠').Replace('1', '١').Replace('2', '２'),
        static _ => "",
    ];

    private static Timestamp Parse(string text) => Timestamp.TryParse(text, out Timestamp time) ? time : throw new FormatException(text);

    private sealed record Parts(string Seconds, string Digits, string Zone)
    {
        public string Fraction => Digits.Length == 0 ? "" : "." + Digits;

        public string Text => Seconds + Fraction + Zone;
    }
}
