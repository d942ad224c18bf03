using System.CommandLine;

namespace SafeStore.Cli;

/// <summary>The option <c>--document-bytes</c>: how large a document may be.</summary>
internal sealed class DocumentLimit
{
    private const int BytesMax = 64 * 1024 * 1024;

    /// <summary>For looking: a document of any store is read.</summary>
    public static StoreOptions Largest { get; } = new() { DocumentBytesMax = BytesMax };

    private readonly Option<int> _bytes = WholeNumber.Option(
        "--document-bytes", "The largest document in bytes, up to 67108864 (64 MiB).", preset: new StoreOptions().DocumentBytesMax,
        max: BytesMax);

    public DocumentLimit(Command command) => command.Add(_bytes);

    public StoreOptions OptionsOf(ParseResult arguments) => new() { DocumentBytesMax = arguments.GetValue(_bytes) };
}
