using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Threads;

/// <summary>Something that is to go on, on whatever thread comes first.</summary>
internal abstract class Continuation : IThreadPoolWorkItem
{
    private int _isTaken;

    public bool IsTaken => Volatile.Read(ref _isTaken) != 0;

    /// <summary>Goes on, unless another thread has.</summary>
    public void Execute()
    {
        if (Interlocked.Exchange(ref _isTaken, 1) == 0)
        {
            Run();
        }
    }

    protected abstract void Run();
}

/// <summary>What flows wait for: it comes once. They never go on on the thread that sets it.</summary>
/// <param name="guard">Lets them go on although the pool has no thread for them; null if that is not to be had.</param>
internal sealed class Signal(StarvationGuard? guard) : Continuation
{
    private readonly TaskCompletionSource _source =
        new(guard is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);

    public Task Task => _source.Task;

    public void Set()
    {
        if (guard is null)
        {
            Execute();
        }
        else
        {
            guard.Queue(this);
        }
    }

    protected override void Run() => _source.SetResult();
}
