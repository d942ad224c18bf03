using System;

namespace SafeStore.Locking;

/// <summary>
/// A simulation's clock. Between two calls of a simulated process nothing happens but calls of other simulated processes, so that waiting
/// for one of them is a sleep, in virtual time and on the caller's thread: timers and thread pools would make the order of events depend on
/// the real machine.
/// </summary>
internal interface ISleepingClock
{
    /// <summary>Lets virtual time pass and, meanwhile, the other processes run.</summary>
    void Sleep(TimeSpan duration);
}
