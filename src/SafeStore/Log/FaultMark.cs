using System;
using SafeStore.FileSystem;

namespace SafeStore.Log;

/// <summary>
/// Whether a sync has failed since the last recovery, in this process or in another that has the store open: then nothing is
/// acknowledged any more.
/// </summary>
internal sealed class FaultMark(SharedState shared)
{
    private StoreFaultedException? _fault;

    public bool IsFaulted => _fault is not null || shared.IsFaulted;

    public void ThrowIfFaulted()
    {
        if (_fault is { } fault)
        {
            throw new StoreFaultedException("a sync has failed in this process.", fault);
        }

        if (shared.Status == StoreStatus.Faulted)
        {
            throw new StoreFaultedException("a sync has failed in another process that has it open.");
        }
    }

    /// <summary>Faults the store for all processes, because of a sync.</summary>
    public StoreFaultedException Fault(string path, Errno errno) =>
        Fault(new StoreFaultedException(
            $"the sync of '{path}' failed with errno {(int)errno} ({errno}).", new StorageException("sync", path, errno)));

    /// <summary>Faults the store for all processes, because of something that should not happen.</summary>
    public StoreFaultedException Fault(string path, Exception failure) =>
        Fault(new StoreFaultedException($"writing '{path}' failed unexpectedly ({failure.Message}).", failure));

    public StoreFaultedException Fault(StoreFaultedException fault)
    {
        _fault ??= fault;
        shared.TryFault();
        return fault;
    }
}
