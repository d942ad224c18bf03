using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;

namespace SafeStore.Sandboxes;

/// <summary>
/// The intents of a sandbox that is locked exclusively. Each step is a transaction of its own: an intent is durable before its side effect,
/// a handler's start before the handler runs, and the removal of an intent comes only after its handler has returned.
/// </summary>
internal sealed class IntentLedger
{
    /// <summary>How much of a failure's text is recorded. Each intent is recorded with room for it, so that it can be undone too.</summary>
    private const int ErrorRunesMax = 256;

    // The longest form of a recorded failure: as many runes, each as two escapes, and a number of attempts.
    private static readonly string s_roomForFailure = new(' ', (ErrorRunesMax * 12) + 16);

    private readonly SandboxLock _held;
    private readonly SandboxModel _model;
    private readonly UndoHandlers _handlers;
    private IntentDocument? _document;
    private SafeStoreException? _damage;
    private bool _isNew;

    private IntentLedger(SandboxLock held, SandboxModel model, UndoHandlers handlers, TimeProvider time)
    {
        Time = time;
        _held = held;
        _model = model;
        _handlers = handlers;
    }

    public TimeProvider Time { get; }

    /// <summary>What is recorded; null if there is nothing.</summary>
    /// <exception cref="SafeStoreException">The record cannot be read.</exception>
    public IntentDocument? Document
    {
        get
        {
            ThrowIfDamaged();
            return _document;
        }
    }

    /// <summary>Whether something is recorded that is to be undone. A record that cannot be read names nothing that could be.</summary>
    public bool HasIntents => _document is { Intents.Count: > 0 };

    /// <summary>Whether the record cannot be read.</summary>
    public bool IsDamaged => _damage is not null;

    /// <summary>Whether there is a record, readable or not.</summary>
    public bool IsRecorded => _document is not null || _damage is not null;

    /// <summary>The ledger of a sandbox that is to be made.</summary>
    public static IntentLedger OfNew(SandboxLock held, SandboxModel model, UndoHandlers handlers, TimeProvider time) =>
        new(held, model, handlers, time) { _isNew = true };

    /// <summary>The ledger of a sandbox that exists. Damage of the record is an error of those calls only that need the record.</summary>
    public static IntentLedger OfExisting(SandboxLock held, SandboxModel model, UndoHandlers handlers, TimeProvider time)
    {
        var ledger = new IntentLedger(held, model, handlers, time);
        try
        {
            ledger._document = held.Read(model.Intents);
        }
        catch (SafeStoreException damage)
        {
            ledger._damage = damage;
        }

        return ledger;
    }

    public async ValueTask<Intent> AddAsync(string kind, JsonElement payload, CancellationToken cancellation)
    {
        IntentDocument document = Document ?? new IntentDocument { Creating = _isNew };
        var intent = new Intent { Number = document.NextNumber, Kind = kind, Payload = payload };
        ThrowUnlessItFits(document.With(intent with { LastError = s_roomForFailure }));
        await CommitAsync(document.With(intent), cancellation).ConfigureAwait(false);
        return intent;
    }

    /// <summary>Undoes everything, newest first; a sandbox that was only being made is removed with its last intent.</summary>
    /// <returns>The LSN of that removal; null if the sandbox is still there.</returns>
    public async ValueTask<Lsn?> UndoAsync(CancellationToken cancellation)
    {
        while (Document is { } document && (document.Intents.Count > 0 || !document.IsNeeded))
        {
            if (document.Intents.Count > 0)
            {
                await UndoLastAsync(document, cancellation).ConfigureAwait(false);
            }

            // Newest first: what is older may be what this one stands on.
            IntentDocument rest = Document! with { Intents = [.. Document.Intents.SkipLast(1)] };
            if (rest.IsNeeded)
            {
                await CommitAsync(rest, cancellation).ConfigureAwait(false);
            }
            else if (rest.Creating)
            {
                Lsn removal = await _held.Change().ForgetIntents().RemoveSandbox().CommitAsync(cancellation).ConfigureAwait(false);
                Committed(null, isRemoved: true);
                return removal;
            }
            else
            {
                await _held.Change().Remove(_model.Intents).CommitAsync(cancellation).ConfigureAwait(false);
                Committed(null);
            }
        }

        return null;
    }

    /// <summary>
    /// What the document is to be when some intents are completed or forgotten; null if it is to go. That of a sandbox that is being made
    /// stays: the next lock removes that sandbox when it has no intents left.
    /// </summary>
    public IntentDocument? Without(IReadOnlySet<long> numbers, IReadOnlyCollection<ForgottenIntent> forgotten) =>
        Document?.Without(numbers, forgotten) is { } rest && (rest.IsNeeded || rest.Creating) ? rest : null;

    /// <summary>What the document is to be when everything is completed; null if it is to go. One that is damaged goes.</summary>
    public IntentDocument? WithoutAll() =>
        _document is { Forgotten.Count: > 0 } document ? document with { Creating = false, Intents = [] } : null;

    /// <summary>A transaction of the sandbox was committed, and with it this.</summary>
    public void Committed(IntentDocument? document, bool isRemoved = false)
    {
        _document = document;
        _damage = null;
        _isNew = isRemoved;
    }

    /// <summary>A transaction of the sandbox was committed that left the record as it was.</summary>
    public void CommittedWithoutIntents() => _isNew = false;

    private void ThrowIfDamaged()
    {
        if (_damage is not null)
        {
            ExceptionDispatchInfo.Throw(_damage);
        }
    }

    private async ValueTask UndoLastAsync(IntentDocument document, CancellationToken cancellation)
    {
        Intent last = document.Intents[^1];
        using Observation? undoing = SandboxTelemetry.Undo(_held.Store, _held.Sandbox, last);
        try
        {
            await UndoAsync(document, last, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            undoing?.Fail(failure);
            throw;
        }
    }

    private async ValueTask UndoAsync(IntentDocument document, Intent last, CancellationToken cancellation)
    {
        UndoHandler handler = _handlers.Find(last.Kind)
            ?? throw new UndoFailedException(_held.Sandbox, last, $"this program has no undo handler for the kind '{last.Kind}'.");
        last = last with { Attempts = last.Attempts == int.MaxValue ? last.Attempts : last.Attempts + 1 };
        await CommitProgressAsync(document.Replacing(last), cancellation).ConfigureAwait(false);
        try
        {
            await handler(new UndoRequest(_held.Sandbox, last), cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            last = last with { LastError = Shortened(failure.Message) };
            await CommitProgressAsync(document.Replacing(last), CancellationToken.None).ConfigureAwait(false);
            throw new UndoFailedException(_held.Sandbox, last, failure.Message, failure);
        }
    }

    /// <summary>
    /// Records how far the undoing is. A record that was near the limit of documents when it was made may have no room for that; what is to
    /// be undone is in it all the same, so the undoing goes on without.
    /// </summary>
    private async ValueTask CommitProgressAsync(IntentDocument document, CancellationToken cancellation)
    {
        try
        {
            await CommitAsync(document, cancellation).ConfigureAwait(false);
        }
        catch (DocumentTooLargeException)
        {
            _document = document;
        }
    }

    private async ValueTask CommitAsync(IntentDocument document, CancellationToken cancellation)
    {
        try
        {
            await _held.Change().Put(_model.Intents, document).CommitAsync(cancellation).ConfigureAwait(false);
        }
        catch (CommitNotPublishedException)
        {
            Committed(document); // durable, and finished by the next change under this lock
            throw;
        }

        Committed(document);
    }

    /// <summary>Puts it into a change that is never committed, which checks its size.</summary>
    private void ThrowUnlessItFits(IntentDocument document)
    {
        SandboxChange trial = _held.Change();
        try
        {
            trial.Put(_model.Intents, document);
        }
        finally
        {
            trial.Abandon();
        }
    }

    /// <summary>The start of a text, without half characters, which could not be written.</summary>
    private static string Shortened(string text) =>
        string.Concat(text.EnumerateRunes().Take(ErrorRunesMax).Select(static rune => rune.ToString()));
}
