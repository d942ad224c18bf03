using System;

namespace SafeStore;

/// <summary>The base of every failure that SafeStore reports. Bad arguments are <see cref="ArgumentException"/>s instead.</summary>
public abstract class SafeStoreException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The operation, the path or id, and what the user can do.</param>
    /// <param name="innerException">What caused it, if anything did.</param>
    protected SafeStoreException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>A short, stable name of the failure for scripts, "lock-timeout" for instance.</summary>
    public abstract string Code { get; }
}
