using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes;

/// <summary>
/// The intents of a sandbox that is locked exclusively. Each step is a transaction of its own: an intent is durable before its side effect, a
/// handler's start before the handler runs, and the removal of an intent comes only after its handler has returned.
/// </summary>
internal sealed class IntentLedger(SandboxLock held, SandboxModel model, UndoHandlers handlers, bool isNew)
{
    private bool _isNew = isNew;

    /// <summary>What is recorded; null if there is nothing.</summary>
    public IntentDocument? Document { get; private set; } = isNew ? null : held.Read(model.Intents);

    public async ValueTask<Intent> AddAsync(string kind, JsonElement payload, CancellationToken cancellation)
    {
        IntentDocument document = Document ?? new IntentDocument { Creating = _isNew };
        var intent = new Intent { Number = document.Next, Kind = kind, Payload = payload };
        await CommitAsync(document with { Next = document.Next + 1, Intents = [.. document.Intents, intent] }, cancellation).ConfigureAwait(false);
        return intent;
    }

    /// <summary>Undoes everything, newest first; a sandbox that was only being made is removed with its last intent.</summary>
    /// <returns>Whether the sandbox is still there.</returns>
    public async ValueTask<bool> UndoAsync(CancellationToken cancellation)
    {
        while (Document is { } document)
        {
            if (document.Intents.Count > 0)
            {
                await UndoLastAsync(document, cancellation).ConfigureAwait(false);
            }

            // Newest first: what is older may be what this one stands on.
            IntentDocument rest = Document! with { Intents = [.. Document.Intents.SkipLast(1)] };
            if (rest.Intents.Count > 0)
            {
                await CommitAsync(rest, cancellation).ConfigureAwait(false);
            }
            else if (rest.Creating)
            {
                await held.Change().RemoveSandbox().CommitAsync(cancellation).ConfigureAwait(false);
                Committed(null, isRemoved: true);
                return false;
            }
            else
            {
                await held.Change().Delete(model.Intents).CommitAsync(cancellation).ConfigureAwait(false);
                Committed(null);
            }
        }

        return true;
    }

    /// <summary>What the document is to be when some intents, or all, are completed; null if it is to go.</summary>
    public IntentDocument? Without(IReadOnlySet<long>? completed)
    {
        if (Document is null || completed is null)
        {
            return null;
        }

        IntentDocument rest = Document with { Intents = [.. Document.Intents.Where(intent => !completed.Contains(intent.Number))] };
        return rest.Intents.Count > 0 ? rest : null;
    }

    /// <summary>A transaction of the sandbox was committed, and with it this.</summary>
    public void Committed(IntentDocument? document, bool isRemoved = false)
    {
        Document = document;
        _isNew = isRemoved;
    }

    private async ValueTask UndoLastAsync(IntentDocument document, CancellationToken cancellation)
    {
        Intent last = document.Intents[^1];
        UndoHandler handler = handlers.Find(last.Kind)
            ?? throw new UndoFailedException(held.Sandbox, last, $"this program has no undo handler for the kind '{last.Kind}'.");
        last = last with { Attempts = last.Attempts + 1 };
        await CommitAsync(Replacing(document, last), cancellation).ConfigureAwait(false);
        try
        {
            await handler(new UndoRequest(held.Sandbox, last), cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            last = last with { LastError = failure.Message };
            await CommitAsync(Replacing(Document!, last), CancellationToken.None).ConfigureAwait(false);
            throw new UndoFailedException(held.Sandbox, last, failure.Message, failure);
        }
    }

    private static IntentDocument Replacing(IntentDocument document, Intent last) => document with { Intents = [.. document.Intents.SkipLast(1), last] };

    private async ValueTask CommitAsync(IntentDocument document, CancellationToken cancellation)
    {
        try
        {
            await held.Change().Put(model.Intents, document).CommitAsync(cancellation).ConfigureAwait(false);
        }
        catch (CommitNotPublishedException)
        {
            Committed(document); // durable, and finished by the next change under this lock
            throw;
        }

        Committed(document);
    }
}
