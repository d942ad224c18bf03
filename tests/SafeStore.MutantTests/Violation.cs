using System;

namespace SafeStore.MutantTests;

/// <summary>Something that the commit protocol promises does not hold.</summary>
internal sealed class Violation(string message, Exception? innerException = null) : Exception(message, innerException)
{
    public static void Unless(bool holds, string message)
    {
        if (!holds)
        {
            throw new Violation(message);
        }
    }
}
