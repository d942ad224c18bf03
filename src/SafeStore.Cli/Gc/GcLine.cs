using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Cli.Look;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Gc;

/// <summary>What <c>gc --json</c> writes of a sandbox; removed is the LSN of its removal, null if it is still there.</summary>
internal sealed record GcLine(
    string Sandbox, ProcessVerdict Verdict, Lifecycle State, IReadOnlyList<RecordedMember> Processes, IReadOnlyList<IntentMember> Intents,
    IReadOnlyList<ProblemMember> Errors, long? Removed)
{
    /// <summary>Where copies of what is not the store's lie.</summary>
    public required IReadOnlyList<string> Quarantines { get; init; }

    public static GcLine Of(SandboxProcesses found, IReadOnlyList<string> quarantines) => new(
        found.Sandbox, found.Verdict, found.Lifecycle,
        [.. found.Processes.Select(static each => new RecordedMember(each.Container, each.File, each.Pid, each.Verdict))],
        [.. found.Intents.Select(static each => new IntentMember(each.Number, each.Kind, each.Payload))],
        [.. found.Errors.Select(static each => new ProblemMember(each.Code, each.Message))],
        found.Removed?.Value)
    {
        Quarantines = quarantines,
    };

    public static string PathOf(RecordedProcess process) =>
        process.Container is { } container ? $"{container}/{process.File}" : process.File;
}

/// <summary>A process that a document names.</summary>
internal sealed record RecordedMember(string? Container, string File, long Pid, ProcessVerdict Verdict);

/// <summary>What is still to be undone.</summary>
internal sealed record IntentMember(long Number, string Kind, JsonElement Payload);
