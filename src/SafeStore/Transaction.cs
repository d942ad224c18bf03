using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Diagnostics;
using SafeStore.Locking;

namespace SafeStore;

/// <summary>
/// Changes to one or several locked sandboxes, all or nothing. It ends with its first <see cref="CommitAsync"/>, whatever comes of
/// it; one that is never committed has no effect.
/// </summary>
public sealed class Transaction
{
    private const int IndexFrom = 16;

    private readonly TransactionRunner _runner;
    private readonly OpenLocks _open;
    private readonly (SandboxHold Hold, SandboxChange Change)[] _sandboxes;
    private Dictionary<string, SandboxChange>? _changes; // once there are many
    private bool _isClosed;

    internal Transaction(TransactionRunner runner, OpenLocks open, ReadOnlySpan<SandboxHold> holds, int documentBytesMax)
    {
        _runner = runner;
        _open = open;
        _sandboxes = new (SandboxHold, SandboxChange)[holds.Length];
        for (int i = 0; i < holds.Length; i++)
        {
            SandboxHold hold = holds[i];
            if (hold.Mode != LockMode.Exclusive)
            {
                throw new InvalidOperationException($"The lock of sandbox '{hold.Sandbox}' is shared; a change needs an exclusive one.");
            }

            PlanKind kind = hold.HasFlock ? PlanKind.Update : PlanKind.Create;
            _sandboxes[i] = (hold, new SandboxChange(this, hold.Sandbox, kind, documentBytesMax));
        }
    }

    /// <summary>The change of one of the sandboxes that are locked for this transaction.</summary>
    /// <param name="sandbox">Its id.</param>
    /// <exception cref="ArgumentException">It is not one of them.</exception>
    public SandboxChange For(string sandbox)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        return Find(sandbox)
            ?? throw new ArgumentException($"The sandbox '{sandbox}' is not locked for this transaction.", nameof(sandbox));
    }

    /// <summary>
    /// Commits: on return every change is durable and visible, and if it throws none is, but for the two exceptions that say otherwise. A
    /// transaction that touches only roots on a volatile filesystem is visible, and as durable as that filesystem.
    /// </summary>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log; after that it is ignored.</param>
    /// <returns>The transaction's LSN, now the version of its sandboxes; without any change, the highest version that they have.</returns>
    /// <exception cref="InvalidOperationException">It was committed before, or its locks have been released.</exception>
    /// <exception cref="ArgumentException">It is larger than 1 GiB.</exception>
    /// <exception cref="NotFoundException">A container that it uses does not exist.</exception>
    /// <exception cref="AlreadyExistsException">A sandbox or container that it creates exists.</exception>
    /// <exception cref="PendingIntentsException">A sandbox that it removes has something to undo.</exception>
    /// <exception cref="VersionConflictException">A sandbox or document no longer has the version that was required.</exception>
    /// <exception cref="StorageException">The operating system refused a step, and nothing was changed.</exception>
    /// <exception cref="LockTimeoutException">One of the store's own locks was not free in time, and nothing was changed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled before it was put into the log; nothing was changed.</exception>
    /// <exception cref="CommitNotPublishedException">
    /// It is durable but not wholly visible; the next lock of its sandboxes finishes it.
    /// </exception>
    /// <exception cref="StoreFaultedException">
    /// A sync failed, here or earlier. If here, the outcome is unknown until the store is opened again.
    /// </exception>
    public async ValueTask<Lsn> CommitAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        using OpenLocks.Call use = _open.Use();
        _isClosed = true;
        var participants = new Participant[_sandboxes.Length];
        int busy = 0;
        Observation? committing = null;
        try
        {
            foreach ((SandboxHold hold, SandboxChange change) in _sandboxes)
            {
                hold.BeginCommit();
                participants[busy++] = new Participant(hold, change.ToPlan(), change.RequiredVersion)
                {
                    RequiredDocuments = change.RequiredDocuments,
                    ForgetsIntents = change.ForgetsIntents,
                };
            }

            committing = Observe(participants);
            Lsn lsn = await _runner.CommitAsync(participants, cancellationToken).ConfigureAwait(false);
            committing?.Committed(lsn);
            return lsn;
        }
        catch (Exception failure)
        {
            committing?.Fail(failure);
            throw;
        }
        finally
        {
            committing?.Dispose();
            while (busy > 0)
            {
                participants[--busy].Hold.EndCommit();
            }
        }
    }

    /// <summary><see cref="CommitAsync"/> for callers that are synchronous: the thread waits until the transaction is durable.</summary>
    /// <inheritdoc cref="CommitAsync"/>
    public Lsn Commit(CancellationToken cancellationToken = default) => Blocking.Wait(() => CommitAsync(cancellationToken));

    /// <summary>Null without a listener, and for a transaction without edits, which commits nothing.</summary>
    private Observation? Observe(Participant[] participants)
    {
        if (!StoreTelemetry.ObservesCommits || Array.TrueForAll(participants, static participant => participant.Plan.IsEmpty))
        {
            return null;
        }

        string? sandbox = participants.Length == 1 ? participants[0].Plan.Sandbox : null;
        return _runner.Events.Telemetry.Commit(sandbox, participants.Length, KindOf(participants));
    }

    private static string KindOf(Participant[] participants)
    {
        PlanKind[] kinds = [.. participants.Where(static each => !each.Plan.IsEmpty).Select(static each => each.Plan.Kind)];
        return Array.TrueForAll(kinds, kind => kind == kinds[0])
            ? kinds[0] switch { PlanKind.Create => "create", PlanKind.Remove => "remove", _ => "update" } : "mixed";
    }

    private SandboxChange? Find(string sandbox)
    {
        if (_sandboxes.Length > IndexFrom)
        {
            _changes ??= _sandboxes.ToDictionary(static entry => entry.Hold.Sandbox, static entry => entry.Change, StringComparer.Ordinal);
            return _changes.GetValueOrDefault(sandbox);
        }

        return Array.Find(_sandboxes, entry => entry.Hold.Sandbox == sandbox).Change;
    }

    internal bool IsClosed => _isClosed;

    /// <summary>It will not be committed, and that is known.</summary>
    internal void Abandon() => _isClosed = true;

    /// <summary>The lock of a sandbox is released: edits of it that were not committed are told.</summary>
    internal void TellDropped(string sandbox)
    {
        if (!_isClosed && Find(sandbox) is { Edits: > 0 and var edits })
        {
            _runner.Events.ChangeDropped(sandbox, edits);
        }
    }

    internal void ThrowIfClosed()
    {
        if (_isClosed)
        {
            throw new InvalidOperationException("The transaction has been committed; start another.");
        }
    }
}
