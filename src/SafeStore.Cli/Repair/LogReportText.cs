using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using SafeStore.Log;

namespace SafeStore.Cli.Repair;

/// <summary>A report of the log for eyes and for scripts (docs/cli-status.md, "repair").</summary>
internal static class LogReportText
{
    /// <summary>Plain columns: this is looked at over serial lines and pasted into reports.</summary>
    public static byte[] ToTable(LogReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"log              {report.Path}\n");
        text.Append(CultureInfo.InvariantCulture, $"watermark        {Shown(report.Watermark)}\n");
        text.Append(CultureInfo.InvariantCulture, $"last valid LSN   {Shown(report.LastValid)}\n\n");
        text.Append("segment                first LSN   last LSN    records      bytes       used  state\n");
        foreach (SegmentReport segment in report.Segments)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{Path.GetFileName(segment.Path)} {segment.First,11} {Shown(segment.Last),10} {segment.Records,10} {segment.Bytes,10} "
                + $"{segment.End,10}  {segment.Fault ?? "ok"}\n");
        }

        text.Append('\n').Append(report.Damage is null ? "The log is whole." : report.Damage.Message).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public static void WriteMembers(Utf8JsonWriter writer, LogReport report)
    {
        writer.WriteString("log"u8, report.Path);
        WriteLsn(writer, "watermark", report.Watermark);
        WriteLsn(writer, "lastValid", report.LastValid);
        writer.WriteStartArray("segments"u8);
        foreach (SegmentReport segment in report.Segments)
        {
            WriteSegment(writer, segment);
        }

        writer.WriteEndArray();
        WriteDamage(writer, report.Damage);
    }

    private static void WriteSegment(Utf8JsonWriter writer, SegmentReport segment)
    {
        writer.WriteStartObject();
        writer.WriteString("file"u8, segment.Path);
        WriteLsn(writer, "first", segment.First);
        WriteLsn(writer, "last", segment.Last);
        writer.WriteNumber("records"u8, segment.Records);
        if (segment.Bytes is { } bytes)
        {
            writer.WriteNumber("bytes"u8, bytes);
        }

        writer.WriteNumber("used"u8, segment.End);
        writer.WriteString("fault"u8, segment.Fault);
        writer.WriteEndObject();
    }

    private static void WriteDamage(Utf8JsonWriter writer, LogCorruptException? damage)
    {
        if (damage is null)
        {
            writer.WriteNull("damage"u8);
            return;
        }

        writer.WriteStartObject("damage"u8);
        writer.WriteString("file"u8, damage.Path);
        writer.WriteNumber("position"u8, damage.Position);
        WriteLsn(writer, "expected", damage.ExpectedLsn);
        writer.WriteString("reason"u8, damage.Reason);
        writer.WriteString("message"u8, damage.Message);
        writer.WriteEndObject();
    }

    private static void WriteLsn(Utf8JsonWriter writer, string name, Lsn? lsn)
    {
        if (lsn is { } value)
        {
            writer.WriteNumber(name, value.Value);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static string Shown(Lsn? lsn) => lsn?.ToString() ?? "none";
}
