using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Locking;

namespace SafeStore;

/// <summary>A sandbox that a lock is wanted for.</summary>
/// <param name="Id">Its id.</param>
/// <param name="IsNew">True if it does not exist and is to be created, false if it exists.</param>
public readonly record struct SandboxTarget(string Id, bool IsNew)
{
    /// <summary>A sandbox that exists.</summary>
    /// <param name="id">Its id.</param>
    public static SandboxTarget Existing(string id) => new(id, IsNew: false);

    /// <summary>A sandbox that is to be created.</summary>
    /// <param name="id">Its id.</param>
    public static SandboxTarget New(string id) => new(id, IsNew: true);
}

/// <summary>
/// The lock of a sandbox. Dispose it to release it; it is released too when the process dies. Keep a reference as long as it is
/// needed. Not inherited by child processes.
/// </summary>
public sealed class SandboxLock : IAsyncDisposable, IDisposable
{
    private readonly StateStore _store;
    private readonly OpenLocks _open;
    private readonly SandboxHold _hold;
    private readonly HeldLocks.Link _link;
    private List<Transaction>? _started; // guarded by _link

    internal SandboxLock(StateStore store, OpenLocks open, SandboxHold hold, HeldLocks.Link link)
    {
        _store = store;
        _open = open;
        _hold = hold;
        _link = link;
    }

    /// <summary>The sandbox's id.</summary>
    public string Sandbox => _hold.Sandbox;

    /// <summary>How it is held.</summary>
    public LockMode Mode => _hold.Mode;

    /// <summary>The LSN of the sandbox's last transaction; 0 before it is created.</summary>
    public Lsn Version => _hold.Version;

    /// <summary>Whether the sandbox does not exist: a change made with this lock creates it.</summary>
    public bool IsNew => !_hold.HasFlock;

    internal SandboxHold Hold => _hold;

    internal StateStore Store => _store;

    /// <summary>
    /// Starts a transaction on this sandbox; with the lock of a new sandbox, one that creates it. Nothing touches the disk before it is
    /// committed.
    /// </summary>
    /// <exception cref="InvalidOperationException">The lock is shared or released.</exception>
    public SandboxChange Change()
    {
        _hold.ThrowIfReleased();
        Transaction transaction = _store.NewTransaction([_hold]);
        Note(transaction);
        return transaction.For(Sandbox);
    }

    /// <summary>Reads a document of the sandbox; see <see cref="StateStore.Read{T}(string, DocumentKind{T})"/>.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="kind">The kind of document.</param>
    /// <exception cref="InvalidOperationException">The lock is released.</exception>
    public T? Read<T>(DocumentKind<T> kind)
    {
        _hold.ThrowIfReleased();
        return _store.Read(Sandbox, kind);
    }

    /// <summary>Reads a document of a container; see <see cref="StateStore.Read{T}(string, string, DocumentKind{T})"/>.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="container">The container's id.</param>
    /// <param name="kind">The kind of document.</param>
    /// <exception cref="InvalidOperationException">The lock is released.</exception>
    public T? Read<T>(string container, DocumentKind<T> kind)
    {
        _hold.ThrowIfReleased();
        return _store.Read(Sandbox, container, kind);
    }

    /// <summary>The ids of the sandbox's containers, sorted.</summary>
    /// <exception cref="InvalidOperationException">The lock is released.</exception>
    public IReadOnlyList<string> ListContainers()
    {
        _hold.ThrowIfReleased();
        return _store.ListContainers(Sandbox);
    }

    /// <summary>The documents of the sandbox and its containers, sorted.</summary>
    /// <exception cref="InvalidOperationException">The lock is released.</exception>
    public IReadOnlyList<DocumentId> ListDocuments()
    {
        _hold.ThrowIfReleased();
        return _store.ListDocuments(Sandbox);
    }

    /// <summary>Releases the lock, once; waits for a commit that is under way with it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _hold.ReleaseAsync().ConfigureAwait(false);
        Forget();
    }

    /// <summary><see cref="DisposeAsync"/> for callers that are synchronous.</summary>
    public void Dispose() => Blocking.Wait(DisposeAsync);

    internal void Release()
    {
        _hold.Dispose();
        Forget();
    }

    /// <summary>Keeps a transaction in mind: if it is not committed with the lock, that is told.</summary>
    internal void Note(Transaction transaction)
    {
        lock (_link)
        {
            _started ??= [];
            _started.RemoveAll(static before => before.IsClosed);
            _started.Add(transaction);
        }
    }

    private void Forget()
    {
        _open.Remove(this);
        _link.Release();
        lock (_link)
        {
            _started?.ForEach(dropped => dropped.TellDropped(Sandbox));
            _started = null;
        }
    }
}

/// <summary>The locks of several sandboxes, for one transaction over all of them. Dispose it to release them.</summary>
public sealed class SandboxLocks : IAsyncDisposable
{
    private readonly StateStore _store;
    private readonly List<SandboxLock> _locks;

    internal SandboxLocks(StateStore store, List<SandboxLock> locks)
    {
        _store = store;
        _locks = locks;
    }

    /// <summary>The locks, sorted by sandbox.</summary>
    public IReadOnlyList<SandboxLock> Locks => _locks;

    /// <summary>Starts a transaction over all of them; new sandboxes are created when it commits.</summary>
    /// <exception cref="InvalidOperationException">The locks are shared or released.</exception>
    public Transaction Change()
    {
        _locks.ForEach(static held => held.Hold.ThrowIfReleased());
        Transaction transaction = _store.NewTransaction([.. _locks.Select(static held => held.Hold)]);
        _locks.ForEach(held => held.Note(transaction));
        return transaction;
    }

    /// <summary>Releases the locks; waits for a commit that is under way with them.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (SandboxLock held in _locks)
        {
            await held.DisposeAsync().ConfigureAwait(false);
        }
    }
}

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
