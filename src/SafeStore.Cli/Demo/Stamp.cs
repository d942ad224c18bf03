using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SafeStore.Cli.Demo;

/// <summary>
/// The mark that a transaction of the demo leaves in every document that it writes, as a member of that document. All documents of a
/// sandbox that are called config.json or state.json carry the same one, or a transaction is torn.
/// </summary>
/// <param name="Writer">Which writer it was.</param>
/// <param name="N">The number of the transaction in this sandbox: one more than the one before.</param>
/// <param name="HasExtra">Whether the sandbox has the demo's own container after it.</param>
/// <param name="Partner">The other sandbox of the transaction; null if it had one only.</param>
/// <param name="PartnerN">The transaction's number in that one.</param>
internal sealed record Stamp(int Writer, long N, bool HasExtra, string? Partner, long PartnerN)
{
    /// <summary>The container that the demo creates and removes.</summary>
    public const string ExtraContainer = "demo-extra";

    private const string Member = "safestoreDemo";

    private static readonly JsonWriterOptions s_options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Stamp None { get; } = new(0, 0, HasExtra: false, null, 0);

    /// <summary>Whether a document is one of those that a transaction stamps.</summary>
    public static bool Concerns(DocumentId document) => document.File is "config.json" or "state.json";

    /// <summary>The stamp of a document; one without is as it was loaded.</summary>
    public static Stamp Of(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty(Member, out JsonElement stamp)
            ? new Stamp(
                stamp.GetProperty("writer").GetInt32(),
                stamp.GetProperty("n").GetInt64(),
                stamp.GetProperty("hasExtra").GetBoolean(),
                stamp.GetProperty("partner").GetString(),
                stamp.GetProperty("partnerN").GetInt64())
            : None;
    }

    /// <summary>A document with this stamp in the place of the one that it has.</summary>
    public byte[] PutInto(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var buffer = new ArrayBufferWriter<byte>(json.Length + 256);
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            writer.WriteStartObject();
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                if (!member.NameEquals(Member))
                {
                    member.WriteTo(writer);
                }
            }

            writer.WriteStartObject(Member);
            writer.WriteNumber("writer", Writer);
            writer.WriteNumber("n", N);
            writer.WriteBoolean("hasExtra", HasExtra);
            writer.WriteString("partner", Partner);
            writer.WriteNumber("partnerN", PartnerN);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
