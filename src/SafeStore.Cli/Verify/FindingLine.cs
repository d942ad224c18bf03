using SafeStore.Operations;

namespace SafeStore.Cli.Verify;

/// <summary>What <c>verify --json</c> writes of a finding.</summary>
internal sealed record FindingLine(
    FindingLevel Level, string Code, StoreRoot? Root, string? Sandbox, string? Container, string? File, string Path)
{
    public required string Error { get; init; }

    public static FindingLine Of(Finding finding) => new(
        finding.Level, finding.Code, finding.Root, finding.Sandbox, finding.Document?.Container, finding.Document?.File, finding.Path)
    {
        Error = finding.Message,
    };
}
