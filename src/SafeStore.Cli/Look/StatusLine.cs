using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary>What <c>status --json</c> writes.</summary>
internal sealed record StatusLine(StoreState State, int? Format, Guid? Store)
{
    public required IReadOnlyList<RootMember> Roots { get; init; }

    public required int Sandboxes { get; init; }

    public required int Containers { get; init; }

    public required int Documents { get; init; }

    public required long Bytes { get; init; }

    public required long? PendingTransactions { get; init; }

    public required long? Watermark { get; init; }

    public required LogMember? Log { get; init; }

    public required IReadOnlyList<ParkedMember> Parked { get; init; }

    public required IReadOnlyList<OverruledMember> Overruled { get; init; }

    public required ScratchMember Scratch { get; init; }

    public required IReadOnlyList<ProcessMember> Processes { get; init; }

    public required IReadOnlyList<ProblemMember> Problems { get; init; }

    public static StatusLine Of(StoreReport report) => new(report.Condition.State, report.Condition.Format, report.Condition.Store)
    {
        Roots = [.. report.Roots.Select(RootMember.Of)],
        Sandboxes = report.Sandboxes,
        Containers = report.Containers,
        Documents = report.Documents,
        Bytes = report.Bytes,
        PendingTransactions = report.Condition.PendingTransactions,
        Watermark = report.Condition.Watermark?.Value,
        Log = report.Log is { } log ? LogMember.Of(log) : null,
        Parked = [.. report.Condition.Parked.Select(static each => new ParkedMember(each.Sandbox, each.Lsn.Value))],
        Overruled = [.. report.Overruled.Select(static each => new OverruledMember(each.Root, each.Sandbox, each.Path))],
        Scratch = new ScratchMember(report.Scratch.Files, report.Scratch.Bytes),
        Processes = [.. report.Processes.Select(ProcessMember.Of)],
        Problems = ProblemMember.Of(report.Problems),
    };
}

/// <summary>A root.</summary>
internal sealed record RootMember(StoreRoot Root, string Path, string Metadata, Guid? Id, FilesystemMember? Filesystem)
{
    public static RootMember Of(RootReport root) => new(
        root.Root, root.Path, root.Metadata, root.Id, root.Filesystem is { } found ? FilesystemMember.Of(found) : null);
}

/// <summary>The filesystem of a root.</summary>
internal sealed record FilesystemMember(string Kind, bool Journal, bool Volatile, string? Mount, string? Source, string? Options)
{
    public static FilesystemMember Of(FilesystemReport found) =>
        new(found.Kind, found.IsJournaled, found.IsVolatile, found.Mount, found.Source, found.Options);
}

/// <summary>The log.</summary>
internal sealed record LogMember(
    string Path, int Segments, long Bytes, long SpareBytes, long? LastLsn, IReadOnlyList<HeldUpMember> HeldUpBy)
{
    public static LogMember Of(LogSummary log) => new(
        log.Path, log.Segments, log.Bytes, log.SpareBytes, log.LastLsn?.Value,
        [.. log.HeldUpBy.Select(static each =>
            new HeldUpMember(each.Sandbox, each.Lsn.Value, [.. each.Holders.Select(ProcessMember.Of)]))]);
}

/// <summary>A sandbox that keeps the log from being shortened.</summary>
internal sealed record HeldUpMember(string Sandbox, long Lsn, IReadOnlyList<ProcessMember> Holders);

/// <summary>A parked sandbox.</summary>
internal sealed record ParkedMember(string Sandbox, long Lsn);

/// <summary>A file that recovery has kept.</summary>
internal sealed record OverruledMember(StoreRoot Root, string Sandbox, string Path);

/// <summary>What is left in scratch directories.</summary>
internal sealed record ScratchMember(int Files, long Bytes);
