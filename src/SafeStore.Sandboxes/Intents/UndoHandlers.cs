using System;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes;

/// <summary>
/// Undoes a side effect. It runs at least once for an intent that was not completed, under the sandbox's exclusive lock, and never after
/// the intent was cleared. It may find its side effect undone already, in part or wholly, or never made: it must be idempotent. An
/// exception means "not undone": it is tried again when the sandbox is locked next.
/// </summary>
/// <param name="request">What is to be undone.</param>
/// <param name="cancellationToken">The token of the call that locks the sandbox.</param>
public delegate Task UndoHandler(UndoRequest request, CancellationToken cancellationToken);

/// <summary>What is to be undone.</summary>
/// <param name="Sandbox">The sandbox's id.</param>
/// <param name="Intent">
/// The intent. Its <see cref="Intent.Attempts"/> count this run: 1 the first time, more after failures or crashes.
/// </param>
public sealed record UndoRequest(string Sandbox, Intent Intent);

/// <summary>
/// The undo handlers of a program, by kind of intent. Immutable: <see cref="With(string, UndoHandler)"/> gives a new set.
/// </summary>
/// <example><code>
/// var undo = UndoHandlers.None.With("netns", MyJson.Default.NetNs, (netns, request, ct) => netns.DeleteIfThereAsync(ct));
/// </code></example>
public sealed class UndoHandlers
{
    private readonly ImmutableDictionary<string, UndoHandler> _handlers;

    private UndoHandlers(ImmutableDictionary<string, UndoHandler> handlers) => _handlers = handlers;

    /// <summary>No handlers.</summary>
    public static UndoHandlers None { get; } = new(ImmutableDictionary<string, UndoHandler>.Empty);

    /// <summary>A set with one more handler.</summary>
    /// <param name="kind">The kind of intent; a kind that has a handler already gets this one.</param>
    /// <param name="handler">The handler.</param>
    /// <exception cref="ArgumentException">The kind is empty.</exception>
    public UndoHandlers With(string kind, UndoHandler handler)
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        ArgumentNullException.ThrowIfNull(handler);
        return new UndoHandlers(_handlers.SetItem(kind, handler));
    }

    /// <summary>
    /// A set with one more handler, whose payload is read as a type. A payload that is not of the type counts as a failure of the handler.
    /// </summary>
    /// <typeparam name="T">The payload's type.</typeparam>
    /// <param name="kind">The kind of intent; a kind that has a handler already gets this one.</param>
    /// <param name="json">How the payload is read; from a source-generated context.</param>
    /// <param name="handler">The handler; it is given the payload too.</param>
    /// <exception cref="ArgumentException">The kind is empty.</exception>
    public UndoHandlers With<T>(string kind, JsonTypeInfo<T> json, Func<T, UndoRequest, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(handler);
        return With(kind, (request, cancellation) => handler(
            request.Intent.Payload.Deserialize(json)
                ?? throw new JsonException($"The payload of an intent '{kind}' is null."), request, cancellation));
    }

    internal UndoHandler? Find(string kind) => _handlers.GetValueOrDefault(kind);
}
