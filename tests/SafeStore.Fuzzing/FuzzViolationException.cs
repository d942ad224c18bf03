using System;

namespace SafeStore.Fuzzing;

/// <summary>An input has brought a target to do what it must not.</summary>
public sealed class FuzzViolationException : Exception
{
    /// <summary>Nothing is known of it.</summary>
    public FuzzViolationException()
    {
    }

    /// <summary>Says what it did.</summary>
    /// <param name="message">What it did.</param>
    public FuzzViolationException(string message)
        : base(message)
    {
    }

    /// <summary>Says what it did, and why.</summary>
    /// <param name="message">What it did.</param>
    /// <param name="innerException">Why.</param>
    public FuzzViolationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
