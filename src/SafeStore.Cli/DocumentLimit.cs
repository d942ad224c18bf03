using System.CommandLine;

namespace SafeStore.Cli;

/// <summary>The option <c>--document-bytes</c>: how large a document may be.</summary>
internal sealed class DocumentLimit
{
    private readonly Option<int> _bytes = new("--document-bytes")
    {
        Description = "The largest document in bytes, up to 67108864 (64 MiB).",
        HelpName = "N",
        DefaultValueFactory = static _ => new StoreOptions().DocumentBytesMax,
    };

    public DocumentLimit(Command command)
    {
        _bytes.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 64 * 1024 * 1024)
            {
                result.AddError("--document-bytes must be from 1 to 67108864.");
            }
        });
        command.Add(_bytes);
    }

    public StoreOptions OptionsOf(ParseResult arguments) => new() { DocumentBytesMax = arguments.GetValue(_bytes) };
}
