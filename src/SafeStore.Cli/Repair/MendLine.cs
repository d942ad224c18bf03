using SafeStore.Operations.Repair;

namespace SafeStore.Cli.Repair;

/// <summary>What <c>repair --json</c> writes of a document that it was told to mend.</summary>
internal sealed record MendLine(StoreRoot Root, string Sandbox, string? Container, string File)
{
    public required MendedKind Kind { get; init; }

    public required string Message { get; init; }

    public required long? Source { get; init; }

    public required long? Lsn { get; init; }

    public required string? Quarantine { get; init; }

    public required bool DryRun { get; init; }

    public static MendLine Of(MendedDocument mended, bool isDryRun)
    {
        DocumentId document = mended.Document;
        return new MendLine(document.Root, document.Sandbox, document.Container, document.File)
        {
            Kind = mended.Kind,
            Message = mended.Message,
            Source = mended.Source?.Value,
            Lsn = mended.Lsn?.Value,
            Quarantine = mended.Quarantine,
            DryRun = isDryRun,
        };
    }
}
