using System;
using System.Threading.Tasks;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>On a simulated machine everything ends before the call returns: a wait is a sleep in virtual time.</summary>
internal static class AtOnce
{
    public static T Now<T>(this ValueTask<T> task)
    {
        if (!task.IsCompleted)
        {
            throw new NotSupportedException("A call on a simulated machine waits for something outside the simulation.");
        }

        return task.AsTask().GetAwaiter().GetResult();
    }

    public static void Now(this ValueTask task)
    {
        if (!task.IsCompleted)
        {
            throw new NotSupportedException("A call on a simulated machine waits for something outside the simulation.");
        }

        task.AsTask().GetAwaiter().GetResult();
    }
}
