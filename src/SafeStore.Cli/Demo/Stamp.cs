using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Demo;

/// <summary>
/// The mark that a transaction of the demo leaves in every configuration and state that it writes, as a member that the model does not know
/// and keeps. All those of a sandbox and its containers carry the same one, or a transaction is torn.
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

    public static Stamp None { get; } = new(0, 0, HasExtra: false, null, 0);

    /// <summary>The stamp of a document; one without is as it was loaded.</summary>
    /// <exception cref="JsonException">It has something else in the stamp's place.</exception>
    public static Stamp Of(StoredObject document) => document.Unknown?.TryGetValue(Member, out JsonElement stamp) == true
        ? stamp.Deserialize(DemoJson.Default.Stamp) ?? None
        : None;

    /// <summary>A document with this stamp in the place of the one that it has.</summary>
    public T PutInto<T>(T document)
        where T : StoredObject
    {
        var unknown = new Dictionary<string, JsonElement>(document.Unknown ?? new Dictionary<string, JsonElement>())
        {
            [Member] = JsonSerializer.SerializeToElement(this, DemoJson.Default.Stamp),
        };
        StoredObject stamped = document with { Unknown = unknown };
        return (T)stamped;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Stamp))]
internal sealed partial class DemoJson : JsonSerializerContext;
