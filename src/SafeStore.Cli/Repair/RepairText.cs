using System.Buffers;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SafeStore.Log;
using SafeStore.Operations.Repair;

namespace SafeStore.Cli.Repair;

/// <summary>What a repair finds and does, for eyes and for scripts (docs/repair.md).</summary>
internal static class RepairText
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] ToText(RepairPlan plan)
    {
        if (plan.Damages.Count == 0)
        {
            return "Nothing keeps the store from being opened.\n"u8.ToArray();
        }

        var text = new StringBuilder();
        foreach (StoreDamage damage in plan.Damages)
        {
            text.Append(CultureInfo.InvariantCulture, $"{NameOf(damage.Mend)}: {damage.Message}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"The last transaction that stays has LSN {plan.LastKept}.\n");
        foreach (RepairLoss loss in plan.Losses)
        {
            text.Append(CultureInfo.InvariantCulture, $"given up: LSN {loss.Lsn}, sandbox {loss.Sandbox}: {loss.Message}\n");
        }

        string flags = string.Join(' ', RepairRefusedException.NamesOf(plan.Needed));
        text.Append(plan.Quarantine is { } path
            ? $"Mended. What was changed lies in '{path}'. The next opening recovers the store.\n"
            : $"To mend it: back up both roots, then run 'safestore repair {flags}'.\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public static byte[] ToJson(RepairPlan plan, LogReport? log, RepairOffers offers)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            writer.WriteStartObject();
            if (log is not null)
            {
                LogReportText.WriteMembers(writer, log);
            }

            writer.WriteStartArray("damages"u8);
            foreach (StoreDamage damage in plan.Damages)
            {
                writer.WriteStartObject();
                writer.WriteString("action"u8, NameOf(damage.Mend)[2..]);
                writer.WriteString("message"u8, damage.Message);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteNumber("lastKept"u8, plan.LastKept.Value);
            writer.WriteStartArray("losses"u8);
            foreach (RepairLoss loss in plan.Losses)
            {
                writer.WriteStartObject();
                writer.WriteNumber("lsn"u8, loss.Lsn.Value);
                writer.WriteString("sandbox"u8, loss.Sandbox);
                writer.WriteString("message"u8, loss.Message);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("quarantine"u8, plan.Quarantine);
            if (log is not null || !ReferenceEquals(offers, RepairOffers.None))
            {
                offers.WriteMembers(writer);
            }

            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static string NameOf(RepairActions action) => RepairRefusedException.NamesOf(action).Single();
}
