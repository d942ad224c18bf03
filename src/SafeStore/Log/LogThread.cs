using System;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Log;

/// <summary>
/// The thread that syncs the log while several transactions wait. It exists once it was needed. Work that waits for something but the disk leaves it, and goes on wherever
/// its wait ends.
/// </summary>
internal sealed class LogThread(Func<Task> work) : IDisposable
{
    private readonly SemaphoreSlim _wake = new(0);
    private Thread? _thread;
    private volatile bool _isStopped;

    /// <summary>Lets it work. To be called by one at a time, and not before the work has ended.</summary>
    public void Wake()
    {
        if (_thread is null)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "SafeStore log" };
            _thread.UnsafeStart();
        }

        _wake.Release();
    }

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
