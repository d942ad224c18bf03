using System.Collections.Generic;

namespace SafeStore.Fuzzing;

/// <summary>Something that reads bytes which another user may have written.</summary>
public interface IFuzzTarget
{
    /// <summary>Its name on the command line, and of its directory in the corpus.</summary>
    string Name { get; }

    /// <summary>What a store writes there.</summary>
    IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Makes checksums and lengths right again, so that what lies behind them is reached.</summary>
    /// <param name="input">The bytes, changed in place.</param>
    void Seal(byte[] input);

    /// <summary>Reads the bytes with all that reads them.</summary>
    /// <param name="input">The bytes.</param>
    /// <returns>What came of it, in a word; new words are worth keeping.</returns>
    /// <exception cref="FuzzViolationException">Something was lost, or another failure than one of SafeStore's.</exception>
    string Run(byte[] input);
}
