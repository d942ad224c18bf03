using System;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Threads;

/// <summary>
/// A thread for one kind of work, which exists once it was needed. Work that waits for something but the disk leaves it, and goes on
/// wherever its wait ends.
/// </summary>
internal sealed class WorkThread(string name, Func<Task> work) : IDisposable
{
    private readonly SemaphoreSlim _wake = new(0);
    private Thread? _thread;
    private volatile bool _isStopped;

    /// <summary>Whether the caller is this thread.</summary>
    public bool IsCurrent => Thread.CurrentThread == _thread;

    /// <summary>Starts it, if it has not been started; false if the system has no thread to give. To be called by one at a time.</summary>
    public bool TryStart()
    {
        try
        {
            if (_thread is null)
            {
                var thread = new Thread(Run) { IsBackground = true, Name = name };
                thread.UnsafeStart();
                _thread = thread;
            }

            return true;
        }
        catch (Exception failure) when (failure is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
    }

    /// <summary>Lets it work; it has been started.</summary>
    public void Wake() => _wake.Release();

    /// <summary>Ends it; the work has ended.</summary>
    public void Dispose()
    {
        _isStopped = true;
        _wake.Release();
        _thread?.Join();
        _wake.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _wake.Wait();
            if (_isStopped)
            {
                return;
            }

            _ = work(); // tells its failures to those who wait for it
        }
    }
}
