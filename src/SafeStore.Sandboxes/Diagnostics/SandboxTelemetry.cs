using System.Diagnostics;
using SafeStore.Diagnostics;

namespace SafeStore.Sandboxes;

/// <summary>
/// The spans of the typed model, by the names of docs/observability.md. The engine's spans of the locks and commits that a call makes lie
/// in the call's own.
/// </summary>
internal static class SandboxTelemetry
{
    public const string Name = "SafeStore.Sandboxes";
    public const string CreateSpan = "safestore.sandbox.create";
    public const string RemoveSpan = "safestore.sandbox.remove";
    public const string ListSpan = "safestore.sandbox.list";
    public const string UndoSpan = "safestore.sandbox.undo";
    public const string UndoAllSpan = "safestore.sandbox.undo_all";
    public const string IntentKindTag = "safestore.intent.kind";

    private static readonly ActivitySource s_source = new(Name, typeof(SandboxTelemetry).Assembly.GetName().Version?.ToString(3));

    /// <summary>Begins a call; null without a listener.</summary>
    public static Observation? Create(StateStore store, string sandbox) => store.Telemetry.Trace(s_source, CreateSpan, sandbox);

    /// <inheritdoc cref="Create"/>
    public static Observation? Remove(StateStore store, string sandbox) => store.Telemetry.Trace(s_source, RemoveSpan, sandbox);

    /// <inheritdoc cref="Create"/>
    public static Observation? List(StateStore store) => store.Telemetry.Trace(s_source, ListSpan, null);

    /// <inheritdoc cref="Create"/>
    public static Observation? UndoAll(StateStore store) => store.Telemetry.Trace(s_source, UndoAllSpan, null);

    /// <summary>Begins to undo one intent; null without a listener. Its payload is not told.</summary>
    public static Observation? Undo(StateStore store, string sandbox, Intent intent) =>
        store.Telemetry.Trace(s_source, UndoSpan, sandbox)?.With(IntentKindTag, intent.Kind);
}
