using System.Collections.Generic;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Cli.Gc;
using SafeStore.Cli.Repair;
using SafeStore.Cli.Verify;
using SafeStore.Operations;
using SafeStore.Operations.Repair;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Look;

[JsonSerializable(typeof(NameLine))]
[JsonSerializable(typeof(SandboxLine))]
[JsonSerializable(typeof(TreeLine))]
[JsonSerializable(typeof(DocumentLine))]
[JsonSerializable(typeof(StatusLine))]
[JsonSerializable(typeof(LockLine))]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(WatchLine))]
[JsonSerializable(typeof(DoctorLine))]
[JsonSerializable(typeof(FindingLine))]
[JsonSerializable(typeof(AcceptLine))]
[JsonSerializable(typeof(GcLine))]
[JsonSerializable(typeof(MendLine))]
[JsonSerializable(typeof(ParkedLine))]
[JsonSerializable(typeof(OwnerLine))]
internal sealed partial class LinesJson : JsonSerializerContext;

/// <summary>Writes one JSON object a line, as docs/cli-look.md tells its members.</summary>
internal static class JsonOutput
{
    public static LinesJson Types { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new JsonStringEnumConverter<StoreRoot>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<StoreState>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<LockWordCondition>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<LockKind>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<LoggedKind>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<FindingLevel>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<StampCondition>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<MendedKind>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<ProcessVerdict>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<Lifecycle>(JsonNamingPolicy.CamelCase),
        },
    });

    public static async Task WriteAsync<T>(Stream output, IEnumerable<T> lines, JsonTypeInfo<T> type)
    {
        foreach (T line in lines)
        {
            byte[] json = [.. JsonSerializer.SerializeToUtf8Bytes(line, type), (byte)'\n'];
            await output.WriteAsync(json, CancellationToken.None);
        }

        await output.FlushAsync(CancellationToken.None);
    }
}
