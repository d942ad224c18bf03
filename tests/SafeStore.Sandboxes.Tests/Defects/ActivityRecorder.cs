using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using SafeStore.Kata;

namespace SafeStore.Sandboxes.Tests.Defects;

/// <summary>All activities of sandbox stores that end while it lives; those of tests beside this one too.</summary>
internal sealed class ActivityRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _activities = [];
    private readonly ActivityListener _listener;

    public ActivityRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == KataResources.ActivitySourceName,
            Sample = static (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = _activities.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public Activity[] All => [.. _activities];

    public void Dispose() => _listener.Dispose();
}
