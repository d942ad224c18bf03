using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.Cli.Look;
using SafeStore.Operations;

namespace SafeStore.Cli.Backups;

[JsonSerializable(typeof(CreatedLine))]
[JsonSerializable(typeof(PlannedLine))]
[JsonSerializable(typeof(BackupLine))]
[JsonSerializable(typeof(RestoredLine))]
internal sealed partial class BackupLinesJson : JsonSerializerContext
{
    public static BackupLinesJson Types { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new JsonStringEnumConverter<StoreRoot>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<RestoredKind>(JsonNamingPolicy.CamelCase),
        },
    });
}

/// <summary>What <c>backup create --json</c> writes.</summary>
internal sealed record CreatedLine(BackupMember Backup, int Reused, IReadOnlyList<string> Removed, IReadOnlyList<ProblemMember> Problems)
{
    public static CreatedLine Of(BackupResult result) =>
        new(BackupMember.Of(result.Backup), result.Reused, result.Removed, ProblemMember.Of(result.Problems));
}

/// <summary>What <c>backup create --dry-run --json</c> writes.</summary>
internal sealed record PlannedLine(int Sandboxes, IReadOnlyList<string> Removed);

/// <summary>What <c>backup list --json</c> and <c>backup verify --json</c> write of a backup.</summary>
internal sealed record BackupLine(string Name, string Path, BackupMember? Backup, IReadOnlyList<ProblemMember> Problems)
{
    public static BackupLine Of(BackupReport report) => new(
        report.Name, report.Path, report.Backup is { } backup ? BackupMember.Of(backup) : null, ProblemMember.Of(report.Problems));
}

/// <summary>A backup.</summary>
internal sealed record BackupMember(string Name, string Path, Guid Store, long Cut, DateTimeOffset Time)
{
    public required bool IsWhole { get; init; }

    public required int Sandboxes { get; init; }

    public required int Documents { get; init; }

    public required long Bytes { get; init; }

    public static BackupMember Of(Backup backup) => new(backup.Name, backup.Path, backup.Store, backup.Cut.Value, backup.Time)
    {
        IsWhole = backup.IsWhole,
        Sandboxes = backup.Sandboxes,
        Documents = backup.Documents,
        Bytes = backup.Bytes,
    };
}

/// <summary>What <c>restore --json</c> writes of a sandbox.</summary>
internal sealed record RestoredLine(
    string Sandbox, RestoredKind Kind, long? Lsn, IReadOnlyList<RestoredContainer> Containers, IReadOnlyList<RestoredDocument> Documents,
    IReadOnlyList<string> Quarantines)
{
    public static RestoredLine Of(RestoredSandbox sandbox) => new(
        sandbox.Sandbox, sandbox.Kind, sandbox.Lsn?.Value,
        [.. sandbox.Containers.Select(static each => new RestoredContainer(each.Key, each.Value))],
        [.. sandbox.Documents.Select(static each => new RestoredDocument(each.Key.Container, each.Key.Root, each.Key.File, each.Value))],
        sandbox.Quarantines);
}

/// <summary>A container that is made or removed.</summary>
internal sealed record RestoredContainer(string Container, RestoredKind Kind);

/// <summary>A document that is not the same.</summary>
internal sealed record RestoredDocument(string? Container, StoreRoot Root, string File, RestoredKind Kind);
