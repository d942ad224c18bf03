using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Cli.Look;

namespace SafeStore.Cli.Change;

/// <summary>What a command that changes a store did, or in a dry run would do.</summary>
/// <param name="Operation">put, delete, removeContainer, removeSandbox, checkpoint or forgetIntents.</param>
/// <param name="Sandbox">The sandbox; null for a checkpoint.</param>
internal sealed record ChangeLine(string Operation, string? Sandbox)
{
    public string? Container { get; init; }

    public StoreRoot? Root { get; init; }

    public string? File { get; init; }

    /// <summary>The size of the document that is written.</summary>
    public long? Bytes { get; init; }

    /// <summary>The documents that a removal would take with it; in a dry run only.</summary>
    public IReadOnlyList<SizedMember>? Documents { get; init; }

    /// <summary>The numbers of the intents that are forgotten.</summary>
    public IReadOnlyList<long>? Intents { get; init; }

    /// <summary>The transaction; of a checkpoint, the watermark. Null in a dry run.</summary>
    public long? Lsn { get; init; }

    public bool DryRun { get; init; }

    /// <summary>The paths of what a removal would take with it that is not the store's; in a dry run only.</summary>
    public IReadOnlyList<string>? Foreign { get; init; }

    /// <summary>The quarantines that have copies of that.</summary>
    public IReadOnlyList<string>? Quarantines { get; init; }
}

[JsonSerializable(typeof(ChangeLine))]
internal sealed partial class ChangeJson : JsonSerializerContext;

/// <summary>Tells what was done: as JSON, as text, or not at all.</summary>
internal sealed class ChangeOutput(Stream output, Ending ending, bool isJson, bool isTold, bool isDryRun)
{
    private static readonly ChangeJson s_types = new(new JsonSerializerOptions(JsonOutput.Types.Options) { TypeInfoResolver = null });

    public bool IsDryRun => isDryRun;

    public async Task WriteAsync(ChangeLine line, params string[] text)
    {
        ending.Change = line.Lsn is { } lsn ? $"The change is made, with LSN {lsn}." : null;
        if (isJson)
        {
            await JsonOutput.WriteAsync(output, [line with { DryRun = isDryRun }], s_types.ChangeLine);
        }
        else if (isTold)
        {
            string lines = string.Concat(text.Select(static each => TextOutput.Harmless(each) + "\n"));
            await output.WriteAsync(Encoding.UTF8.GetBytes(lines), CancellationToken.None);
            await output.FlushAsync(CancellationToken.None);
        }
    }
}
