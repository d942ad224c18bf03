using System;
using System.Collections.Concurrent;
using System.Threading.Tasks;
using SafeStore.Threads;

namespace SafeStore.Log;

/// <summary>
/// Does what a leader's commit has to do meanwhile, while the leader writes its record and syncs the log on its own thread: the two need
/// nothing of each other.
/// </summary>
internal sealed class MeanwhileThread : IDisposable
{
    private readonly ConcurrentQueue<PendingCommit> _handedOver = new();
    private readonly WorkThread _thread;

    public MeanwhileThread() => _thread = new WorkThread("SafeStore meanwhile", RunAllAsync);

    /// <summary>Hands a commit over; to be called by one at a time. False if there is no thread for it, or no memory.</summary>
    public bool TryTake(PendingCommit commit)
    {
        if (!_thread.TryStart())
        {
            return false;
        }

        try
        {
            _handedOver.Enqueue(commit);
        }
        catch (OutOfMemoryException)
        {
            return false;
        }

        _thread.Wake();
        return true;
    }

    public void Dispose() => _thread.Dispose();

    private Task RunAllAsync()
    {
        while (_handedOver.TryDequeue(out PendingCommit? commit))
        {
            commit.RunMeanwhile();
        }

        return Task.CompletedTask;
    }
}
