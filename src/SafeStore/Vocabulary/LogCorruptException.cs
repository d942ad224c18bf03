using System.Globalization;

namespace SafeStore;

/// <summary>
/// The log has lost or damaged a transaction that was acknowledged. Nothing was changed. Look at the log with <c>safestore repair</c>;
/// restore the store from a backup.
/// </summary>
public sealed class LogCorruptException : SafeStoreException
{
    internal LogCorruptException(string path, long position, Lsn expected, string reason)
        : base($"The log is damaged in '{path}' at byte {position.ToString(CultureInfo.InvariantCulture)}, where the record with LSN "
            + $"{expected} should be: {reason}. "
            + "Nothing was changed. Run 'safestore repair' to see what is there.")
    {
        Path = path;
        Position = position;
        ExpectedLsn = expected;
        Reason = reason;
    }

    /// <inheritdoc/>
    public override string Code => "log-corrupt";

    /// <summary>The damaged file.</summary>
    public string Path { get; }

    /// <summary>Where, in bytes from its start.</summary>
    public long Position { get; }

    /// <summary>The LSN of the first record that is missing.</summary>
    public Lsn ExpectedLsn { get; }

    /// <summary>How the loss was noticed.</summary>
    public string Reason { get; }
}
