using SafeStore.Operations;

namespace SafeStore.Cli.Verify;

/// <summary>What <c>verify --accept --json</c> writes of a document.</summary>
internal sealed record AcceptLine(StoreRoot Root, string Sandbox, string? Container, string File)
{
    public required StampCondition Before { get; init; }

    public required long? Lsn { get; init; }

    public required bool DryRun { get; init; }

    public static AcceptLine Of(AcceptedDocument accepted, bool isDryRun)
    {
        DocumentId document = accepted.Document;
        return new AcceptLine(document.Root, document.Sandbox, document.Container, document.File)
        {
            Before = accepted.Before,
            Lsn = accepted.Lsn?.Value,
            DryRun = isDryRun,
        };
    }
}
