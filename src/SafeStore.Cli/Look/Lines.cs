using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary>What <c>ls --json</c> writes of a sandbox.</summary>
internal sealed record NameLine(string Sandbox);

/// <summary>What <c>ls --long --json</c> writes of a sandbox.</summary>
internal sealed record SandboxLine(
    string Sandbox, int Containers, int Documents, long Bytes, long? Version, LockWordCondition Word, IReadOnlyList<ProblemMember> Problems)
{
    public static SandboxLine Of(SandboxEntry sandbox) => new(
        sandbox.Sandbox, sandbox.Containers.Count, sandbox.Documents.Count, sandbox.Bytes, sandbox.Version?.Value, sandbox.Word,
        ProblemMember.Of(sandbox.Problems));
}

/// <summary>What <c>tree --json</c> writes of a sandbox.</summary>
internal sealed record TreeLine(
    string Sandbox, long Bytes, IReadOnlyList<string> Containers, IReadOnlyList<SizedMember> Documents,
    IReadOnlyList<ProblemMember> Problems)
{
    public static TreeLine Of(SandboxEntry sandbox) => new(
        sandbox.Sandbox, sandbox.Bytes, sandbox.Containers, [.. sandbox.Documents.Select(SizedMember.Of)],
        ProblemMember.Of(sandbox.Problems));
}

/// <summary>What <c>cat --json</c> writes.</summary>
internal sealed record DocumentLine(string Sandbox, string? Container, StoreRoot Root, string File)
{
    public required long Bytes { get; init; }

    public required string Pointer { get; init; }

    /// <summary>Null if the document is damaged.</summary>
    public required JsonElement? Value { get; init; }

    public required string? Error { get; init; }
}

/// <summary>What <c>locks --json</c> writes of a lock.</summary>
internal sealed record LockLine(
    LockKind Lock, string? Sandbox, int? Number, IReadOnlyList<ProcessMember> Holders, IReadOnlyList<ProcessMember> Waiters)
{
    public static LockLine Of(LockEntry entry) => new(
        entry.Kind, entry.Sandbox, entry.Number, [.. entry.Holders.Select(ProcessMember.Of)], [.. entry.Waiters.Select(ProcessMember.Of)]);
}

/// <summary>What <c>log --json</c> writes of a transaction.</summary>
internal sealed record LogLine(long Lsn, string Segment, DateTimeOffset? Written, long Bytes, IReadOnlyList<LoggedMember> Sandboxes)
{
    public static LogLine Of(LoggedTransaction transaction) => new(
        transaction.Lsn.Value, transaction.Segment, transaction.SegmentWritten, transaction.Bytes,
        [.. transaction.Sandboxes.Select(LoggedMember.Of)]);
}

/// <summary>What a transaction does to one sandbox.</summary>
internal sealed record LoggedMember(
    string Sandbox, LoggedKind Kind, IReadOnlyList<string> CreatedContainers, IReadOnlyList<string> RemovedContainers,
    IReadOnlyList<SizedMember> Puts, IReadOnlyList<DocumentMember> Deletes)
{
    public static LoggedMember Of(LoggedSandbox sandbox) => new(
        sandbox.Sandbox, sandbox.Kind, sandbox.CreatedContainers, sandbox.RemovedContainers, [.. sandbox.Puts.Select(SizedMember.Of)],
        [.. sandbox.Deletes.Select(static each => new DocumentMember(each.Container, each.Root, each.File))]);
}

/// <summary>What <c>watch --json</c> writes of a transaction.</summary>
internal sealed record WatchLine(long Lsn, IReadOnlyList<ChangedMember> Sandboxes)
{
    public static WatchLine Of(StoreChange change) => new(change.Lsn.Value, [.. change.Sandboxes.Select(ChangedMember.Of)]);
}

/// <summary>What a committed transaction does to one sandbox.</summary>
internal sealed record ChangedMember(
    string Sandbox, LoggedKind Kind, bool HeldUp, IReadOnlyList<string> CreatedContainers, IReadOnlyList<string> RemovedContainers,
    IReadOnlyList<WrittenMember> Puts, IReadOnlyList<DocumentMember> Deletes)
{
    public static ChangedMember Of(ChangedSandbox sandbox) => new(
        sandbox.Sandbox, sandbox.Kind, sandbox.IsHeldUp, sandbox.CreatedContainers, sandbox.RemovedContainers,
        [.. sandbox.Puts.Select(WrittenMember.Of)],
        [.. sandbox.Deletes.Select(static each => new DocumentMember(each.Container, each.Root, each.File))]);
}

/// <summary>A document with its new value.</summary>
internal sealed record WrittenMember(string? Container, StoreRoot Root, string File, JsonElement Value)
{
    public static WrittenMember Of(WrittenDocument put) => new(
        put.Document.Container, put.Document.Root, put.Document.File, JsonElement.Parse(put.Content.Span));
}

/// <summary>A document of a sandbox.</summary>
internal sealed record DocumentMember(string? Container, StoreRoot Root, string File);

/// <summary>A document of a sandbox with its size.</summary>
internal sealed record SizedMember(string? Container, StoreRoot Root, string File, long Bytes)
{
    public static SizedMember Of(DocumentEntry entry) =>
        new(entry.Document.Container, entry.Document.Root, entry.Document.File, entry.Bytes);
}

/// <summary>A process that holds a lock or waits for it.</summary>
internal sealed record ProcessMember(int? Pid, string Command, string Mode, DateTimeOffset? Started)
{
    public static ProcessMember Of(LockProcess process) =>
        new(process.ProcessId, process.Command, process.IsExclusive ? "exclusive" : "shared", process.Started);
}

/// <summary>What is wrong.</summary>
internal sealed record ProblemMember(string Code, string Error)
{
    public static IReadOnlyList<ProblemMember> Of(IEnumerable<StoreProblem> problems) =>
        [.. problems.Select(static each => new ProblemMember(each.Code, each.Message))];
}
