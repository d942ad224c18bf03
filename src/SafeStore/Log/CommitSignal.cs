using System;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Log;

/// <summary>
/// Lets watchers of this process sleep until some process has committed. One thread sleeps for all of them, on a word of the words file;
/// it exists while there are any.
/// </summary>
internal sealed class CommitSignal(SharedState shared) : IDisposable
{
    /// <summary>The longest sleep: a process may die after its commit, before it announces that.</summary>
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(1);

    /// <summary>Where the words cannot be mapped.</summary>
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _closing = new();
    private TaskCompletionSource _next = NewSource();
    private Thread? _thread;
    private bool _isAwaited;

    /// <summary>
    /// Ends at the next commit of any process, or after a second at most. Ask for it before a look at the log: then no commit after the
    /// look is missed.
    /// </summary>
    public Task Next()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing.IsSet, this);
            _isAwaited = true;
            if (_thread is null)
            {
                var thread = new Thread(Run) { IsBackground = true, Name = "SafeStore watch" };
                thread.UnsafeStart();
                _thread = thread;
            }

            return _next.Task;
        }
    }

    /// <summary>Ends the thread; no caller waits any more.</summary>
    public void Dispose()
    {
        Thread? thread;
        lock (_gate)
        {
            _closing.Set();
            thread = _thread;
        }

        if (thread is not null)
        {
            shared.EndWait(SharedWord.CommitAwaited);
            thread.Join();
        }

        _closing.Dispose();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Run()
    {
        try
        {
            do
            {
                // First announced, then all look at the log, then slept: what is committed after their look finds the announcement.
                _ = shared.TryWrite(SharedWord.CommitAwaited, 1);
                TakeNext().SetResult();
                if (!_closing.IsSet)
                {
                    Sleep();
                }
            }
            while (GoesOn());
        }
#pragma warning disable CA1031 // out of memory, or a defect: this thread has no caller; those who wait have it, the next one tries anew
        catch (Exception failure)
        {
            TaskCompletionSource failed;
            lock (_gate)
            {
                _thread = null;
                failed = TakeNext();
            }

            failed.SetException(failure);
        }
#pragma warning restore CA1031
    }

    private TaskCompletionSource TakeNext()
    {
        lock (_gate)
        {
            TaskCompletionSource next = _next;
            _next = NewSource();
            _isAwaited = false;
            return next;
        }
    }

    private void Sleep()
    {
        if (shared.CanSleep)
        {
            shared.Wait(SharedWord.CommitAwaited, 1, s_beat);
        }
        else
        {
            _ = _closing.Wait(s_poll);
        }
    }

    private bool GoesOn()
    {
        lock (_gate)
        {
            if (_isAwaited && !_closing.IsSet)
            {
                return true;
            }

            _thread = null;
            return false;
        }
    }
}
