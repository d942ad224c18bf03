using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore;

/// <summary>
/// Which calls are under way in a store and which locks are out, so that closing it can wait for the ones and release the others.
/// </summary>
internal sealed class OpenLocks
{
    private readonly Lock _gate = new();
    private readonly HashSet<SandboxLock> _locks = [];
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;
    private bool _isClosed;

    public void ThrowIfClosed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isClosed), typeof(StateStore));

    /// <summary>Announces a call; dispose the result at its end.</summary>
    public Call Use()
    {
        lock (_gate)
        {
            ThrowIfClosed();
            _calls++;
            return new Call(this);
        }
    }

    public SandboxLock Add(SandboxLock held)
    {
        lock (_gate)
        {
            _locks.Add(held);
            return held;
        }
    }

    public void Remove(SandboxLock held)
    {
        lock (_gate)
        {
            _locks.Remove(held);
        }
    }

    /// <summary>Refuses new calls, waits for those under way, and releases all locks. False if it was closed before.</summary>
    /// <param name="stopWaiting">Ends what need not be waited for.</param>
    public async ValueTask<bool> CloseAsync(Action stopWaiting)
    {
        bool isIdle;
        lock (_gate)
        {
            if (_isClosed)
            {
                return false;
            }

            _isClosed = true;
            isIdle = _calls == 0;
        }

        stopWaiting();
        if (!isIdle)
        {
            await _idle.Task.ConfigureAwait(false);
        }

        List<SandboxLock> left;
        lock (_gate)
        {
            left = [.. _locks];
        }

        left.ForEach(static held => held.Release());
        return true;
    }

    private void EndCall()
    {
        lock (_gate)
        {
            if (--_calls == 0 && _isClosed)
            {
                _idle.TrySetResult();
            }
        }
    }

    /// <summary>A call under way; to be disposed once.</summary>
    internal readonly struct Call(OpenLocks owner) : IDisposable
    {
        public void Dispose() => owner.EndCall();
    }
}
