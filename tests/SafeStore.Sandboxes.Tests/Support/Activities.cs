using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using SafeStore.Kata;

namespace SafeStore.Sandboxes.Tests.Support;

/// <summary>The activities of one sandbox, in the order in which they ended; other tests have theirs at the same time.</summary>
internal sealed class Activities : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public Activities(string sandbox)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == KataResources.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("sandbox") as string == sandbox)
                {
                    _ended.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<Activity> Ended => [.. _ended];

    public IEnumerable<string> Names => _ended.Select(static activity => activity.OperationName);

    public void Dispose() => _listener.Dispose();
}
