using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Sandboxes;

/// <content>What becomes of the sandbox's intents by the same commit.</content>
public sealed partial class ModelChange
{
    private readonly HashSet<long> _settled = [];
    private readonly List<ForgottenIntent> _forgotten = [];
    private bool _completesAll;

    /// <summary>
    /// Everything that is intended belongs to the sandbox from this commit on: it will not be undone. A sandbox that was being created is
    /// created. A record of intents that is damaged is forgotten.
    /// </summary>
    public ModelChange Complete()
    {
        _completesAll = true;
        return this;
    }

    /// <summary>
    /// The side effect of one intent belongs to the sandbox from this commit on; the others are still undone unless they are completed.
    /// </summary>
    /// <param name="intent">The intent.</param>
    /// <exception cref="InvalidOperationException">
    /// The sandbox is being created: if that fails there is nothing for a side effect to belong to.
    /// </exception>
    public ModelChange Complete(Intent intent)
    {
        ArgumentNullException.ThrowIfNull(intent);
        if (_held.IsCreating)
        {
            throw new InvalidOperationException(
                $"The sandbox '{_held.Sandbox}' is being created, and is completed as a whole: a side effect cannot belong to a "
                + $"sandbox that may not come about.");
        }

        _settled.Add(intent.Number);
        return this;
    }

    /// <summary>
    /// Gives an intent up: from this commit on nothing undoes its side effect, and the sandbox's record of intents keeps it with the
    /// reason until the sandbox is removed. For side effects that were undone by hand, or cannot be. A sandbox that was being made is
    /// removed by its next exclusive lock once it has no intents left.
    /// </summary>
    /// <param name="intent">The intent, of <see cref="ModelLock.Intents"/>.</param>
    /// <param name="reason">Why.</param>
    /// <exception cref="ArgumentException">The reason is empty, or has half of a surrogate pair.</exception>
    /// <exception cref="NotFoundException">The sandbox has no such intent, or it is settled already in this transaction.</exception>
    /// <exception cref="DocumentTooLargeException">The commit: with it the record is larger than a document may be.</exception>
    public ModelChange Forget(Intent intent, string reason)
    {
        ArgumentNullException.ThrowIfNull(intent);
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        if (!_held.Intents.Any(each => each.Number == intent.Number) || !_settled.Add(intent.Number))
        {
            throw new NotFoundException("intent", $"{_held.Sandbox} {intent.Number}", "See which there are: ModelLock.Intents.");
        }

        _forgotten.Add(new ForgottenIntent { Intent = intent, Reason = reason, Time = _ledger.Time.GetUtcNow() });
        return this;
    }

    /// <summary>
    /// Gives all intents up that are not settled yet in this transaction, as <see cref="Forget"/> does it with one; a record that is
    /// damaged is forgotten itself. With <see cref="RemoveSandbox"/> after it, what <see cref="PendingIntents.Keep"/> has kept goes with
    /// the sandbox in one commit: nothing undoes it.
    /// </summary>
    /// <param name="reason">Why.</param>
    /// <exception cref="ArgumentException">The reason is empty, or has half of a surrogate pair.</exception>
    /// <exception cref="DocumentTooLargeException">The commit: with them the record is larger than a document may be.</exception>
    public ModelChange ForgetAll(string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        if (_ledger.IsDamaged)
        {
            return Complete();
        }

        foreach (Intent intent in _held.Intents.Where(intent => !_settled.Contains(intent.Number)))
        {
            Forget(intent, reason);
        }

        return this;
    }

    /// <summary>
    /// Puts into this transaction what becomes of the intents: that they are cleared by the same commit is the point of them.
    /// </summary>
    /// <returns>What to note of them when the transaction is committed.</returns>
    internal Action SettleIntents()
    {
        if (_removesSandbox)
        {
            if (_settled.Count > 0)
            {
                ThrowUnlessSettled(); // what was intended meanwhile is not forgotten by the way
            }

            return () => _ledger.Committed(null, isRemoved: true);
        }

        if (!_completesAll && _settled.Count == 0)
        {
            return _ledger.CommittedWithoutIntents;
        }

        IntentDocument? after = _completesAll ? _ledger.WithoutAll() : _ledger.Without(_settled, _forgotten);
        if (after is not null)
        {
            _change.Put(_held.Model.Intents, after);
        }
        else if (_ledger.IsRecorded)
        {
            _change.Remove(_held.Model.Intents);
        }

        return () => _ledger.Committed(after);
    }

    private void ThrowUnlessSettled()
    {
        if (!_completesAll && !_ledger.IsDamaged && !_held.Intents.All(intent => _settled.Contains(intent.Number)))
        {
            throw new InvalidOperationException(
                $"Something is still to be undone in sandbox '{_held.Sandbox}', which would be forgotten with it: call "
                + $"{nameof(ModelLock.UndoAsync)}, or {nameof(ForgetAll)} or {nameof(Complete)} of this change, first.");
        }
    }
}
