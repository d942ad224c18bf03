using System;
using System.Threading;
using SafeStore.Operations;

namespace SafeStore.Hosting.Health;

/// <summary>
/// Tells from look to look for how long checkpoints have got no further although they should: the current segment of the log may wait as
/// long as commits come.
/// </summary>
internal sealed class CheckpointAge
{
    private readonly Lock _gate = new();
    private Lsn? _watermark;
    private Lsn? _last;
    private long _since;

    public TimeSpan Note(StoreVitals seen, TimeProvider time)
    {
        lock (_gate)
        {
            bool isDue = seen.Watermark < seen.SealedLsn || (seen.Watermark < seen.LastLsn && seen.LastLsn == _last);
            if (!isDue || seen.Watermark != _watermark)
            {
                _since = time.GetTimestamp();
            }

            (_watermark, _last) = (seen.Watermark, seen.LastLsn);
            return time.GetElapsedTime(_since);
        }
    }
}
