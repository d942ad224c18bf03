using System;
using SafeStore.FileSystem;

namespace SafeStore.Log;

/// <summary>
/// Reads a log without any lock, while other processes may append to it, change segments and release them: for a process that only looks
/// at a store.
/// </summary>
internal static class UnlockedLog
{
    private const int ReadingsMax = 5;

    /// <summary>
    /// What the log holds above its watermark. What looks like a break may be a change that was under way: it is one if the next reading
    /// meets it in the same place, at the same record.
    /// </summary>
    /// <exception cref="StorageException">The log cannot be read.</exception>
    public static UnlockedReading Read(LogDirectory directory, Watermark watermark, Guid? store)
    {
        LogCorruptException? before = null;
        for (int reading = 1; ; reading++)
        {
            Lsn? mark = null;
            try
            {
                mark = watermark.Read()?.Lsn;
                return new UnlockedReading(LogReader.ReadChecked(directory, mark, store), mark, null);
            }
            catch (LogCorruptException damage)
            {
                bool isBreak = before is not null && (before.Path, before.Position, before.ExpectedLsn)
                    == (damage.Path, damage.Position, damage.ExpectedLsn);
                if (isBreak || reading == ReadingsMax)
                {
                    return new UnlockedReading(null, mark, isBreak ? damage : null);
                }

                before = damage;
            }
            catch (StorageException failure) when (failure.Errno == Errno.NotFound && reading < ReadingsMax)
            {
                before = null; // a segment was released between the listing and its opening
            }
            catch (StorageException failure) when (failure.Errno == Errno.NotFound)
            {
                return new UnlockedReading(null, mark, null);
            }
        }
    }
}

/// <summary>A log as it was read without its lock.</summary>
/// <param name="Contents">What it holds; null if it is damaged, or was changed during each reading.</param>
/// <param name="Watermark">Where the watermark stands; null if it does not exist or is damaged.</param>
/// <param name="Damage">Where the chain breaks; null if it is whole, or that is not known.</param>
internal sealed record UnlockedReading(LogContents? Contents, Lsn? Watermark, LogCorruptException? Damage);
