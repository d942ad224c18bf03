using System;
using System.Threading;
using Microsoft.Extensions.Logging;
using SafeStore.FileSystem;

namespace SafeStore.Diagnostics;

/// <summary>What the engine tells about itself: log messages, and counts for <see cref="StateStore.Statistics"/>.</summary>
internal sealed partial class EngineEvents(ILogger logger, StoreTelemetry telemetry)
{
    private long _commits;
    private long _rolledForward;
    private long _rolledBack;
    private long _checkpoints;
    private long _unstamped;

    public StoreStatistics Statistics => new(
        Volatile.Read(ref _commits), Volatile.Read(ref _rolledForward), Volatile.Read(ref _rolledBack), Volatile.Read(ref _checkpoints),
        Volatile.Read(ref _unstamped));

    public StoreTelemetry Telemetry => telemetry;

    public void Committed() => Interlocked.Increment(ref _commits);

    public void RolledForward(string sandbox, Lsn lsn)
    {
        Interlocked.Increment(ref _rolledForward);
        LogRolledForward(logger, sandbox, lsn.Value);
    }

    public void RolledBack(string sandbox)
    {
        Interlocked.Increment(ref _rolledBack);
        LogRolledBack(logger, sandbox);
    }

    public void Recovered(Lsn watermark, Lsn last, int records)
    {
        telemetry.RecoveredAtOpen(records);
        LogRecovered(logger, watermark.Value, last.Value, records);
    }

    /// <summary>A sync failed, or something else that leaves it unknown what is durable.</summary>
    public void Faulted(Exception fault)
    {
        telemetry.Faulted();
        LogFaulted(logger, fault);
    }

    public void CheckpointDone(Lsn watermark, int segments, TimeSpan taken, long logBytes)
    {
        Interlocked.Increment(ref _checkpoints);
        telemetry.CheckpointDone(taken, logBytes);
        LogCheckpoint(logger, watermark.Value, segments, taken.TotalMilliseconds);
    }

    public void CheckpointWaits(string sandbox, Lsn lsn) => LogCheckpointWaits(logger, sandbox, lsn.Value);

    public void BackgroundFailed(string work, Exception failure) => LogBackgroundFailed(logger, failure, work);

    public void SandboxSkipped(string sandbox, Exception failure) => LogSandboxSkipped(logger, failure, sandbox);

    public void WholeSyncFailed(string directory, Errno errno) => LogWholeSyncFailed(logger, directory, errno, (int)errno);

    public void NotEmptied(string scratch) => LogNotEmptied(logger, scratch);

    /// <summary>Told once in the log; counted each time.</summary>
    public void NotStamped(string directory, Errno errno)
    {
        if (Interlocked.Increment(ref _unstamped) == 1)
        {
            LogNotStamped(logger, directory, errno, (int)errno);
        }
    }

    public void WritableByOthers(string path, string fault) => LogWritableByOthers(logger, path, fault);

    public void NotJournaled(string root, string filesystem) => LogNoJournal(logger, root, filesystem);

    /// <summary>The store was opened read-only.</summary>
    public void LookedAt(long? pending, Exception? failure)
    {
        if (pending is null)
        {
            LogPendingUnknown(logger, failure);
        }
        else if (pending > 0)
        {
            LogPending(logger, pending.Value);
        }
    }

    public void SandboxVanished(string sandbox) => LogSandboxVanished(logger, sandbox);

    public void Overruled(string sandbox, string path, string kept) => LogOverruled(logger, sandbox, path, kept);

    public void SandboxBuiltAgain(string sandbox) => LogSandboxBuiltAgain(logger, sandbox);

    public void Parked(string sandbox, Lsn last, Exception reason) => LogParked(logger, reason, sandbox, last.Value);

    public void ChangeDropped(string sandbox, int edits) => LogChangeDropped(logger, sandbox, edits);

    public void ParkedStaysInLog(string sandbox, Exception reason) => LogParkedStaysInLog(logger, reason, sandbox);

    public void ParkedLost(string sandbox, Exception damage) => LogParkedLost(logger, damage, sandbox);

    [LoggerMessage(1, LogLevel.Information, "Rolled sandbox {Sandbox} forward to LSN {Lsn}: its last writer died after the append")]
    private static partial void LogRolledForward(ILogger logger, string sandbox, long lsn);

    [LoggerMessage(
        2, LogLevel.Information, "Rolled sandbox {Sandbox} back: its last writer died before the append, or its lock word was new")]
    private static partial void LogRolledBack(ILogger logger, string sandbox);

    [LoggerMessage(3, LogLevel.Information, "Recovered the store from watermark {Watermark} to LSN {Last}: {Records} transactions applied")]
    private static partial void LogRecovered(ILogger logger, long watermark, long last, int records);

    [LoggerMessage(4, LogLevel.Debug, "Checkpoint: watermark {Watermark}, {Segments} segments released, in {Milliseconds} ms")]
    private static partial void LogCheckpoint(ILogger logger, long watermark, int segments, double milliseconds);

    [LoggerMessage(5, LogLevel.Debug, "The checkpoint waits for sandbox {Sandbox}, whose transaction {Lsn} is not published yet")]
    private static partial void LogCheckpointWaits(ILogger logger, string sandbox, long lsn);

    [LoggerMessage(6, LogLevel.Warning, "Background work failed and will be tried again: {Work}")]
    private static partial void LogBackgroundFailed(ILogger logger, Exception failure, string work);

    [LoggerMessage(8, LogLevel.Warning, "Sandbox {Sandbox} cannot be looked into and was left as it is")]
    private static partial void LogSandboxSkipped(ILogger logger, Exception failure, string sandbox);

    [LoggerMessage(
        9, LogLevel.Warning,
        "The filesystem of {Directory} could not be synced as a whole: {Errno} (errno {Number}). Checkpoints of this process sync file by "
        + "file from now on. Look at the kernel log")]
    private static partial void LogWholeSyncFailed(ILogger logger, string directory, Errno errno, int number);

    [LoggerMessage(
        10, LogLevel.Warning,
        "Something that was removed cannot be emptied: {Scratch}. It is out of the way; later openings try again. Look for mounts and "
        + "immutable files there")]
    private static partial void LogNotEmptied(ILogger logger, string scratch);

    [LoggerMessage(
        11, LogLevel.Warning,
        "The root {Root} lies on {Name} without a journal: a power loss may damage the filesystem, and the store with it. Give it a "
        + "journal (tune2fs -j), or set StoreOptions.RequireJournal to have it refused")]
    private static partial void LogNoJournal(ILogger logger, string root, string name);

    [LoggerMessage(
        12, LogLevel.Warning,
        "The store was opened read-only. Durable transactions that are not visible yet: {Count}. The next opening that may write finishes "
        + "them")]
    private static partial void LogPending(ILogger logger, long count);

    [LoggerMessage(
        13, LogLevel.Warning,
        "The store was opened read-only, and its log does not tell whether all durable transactions are visible. Run 'safestore repair'")]
    private static partial void LogPendingUnknown(ILogger logger, Exception? failure);

    [LoggerMessage(
        14, LogLevel.Warning,
        "A document in {Directory} could not be stamped: {Errno} (errno {Number}). Edits and damage of such documents are not noticed, and "
        + "no version of them can be required. Later ones are only counted (StoreStatistics.Unstamped)")]
    private static partial void LogNotStamped(ILogger logger, string directory, Errno errno, int number);

    [LoggerMessage(
        15, LogLevel.Warning,
        "A change of sandbox {Sandbox} with {Edits} edits was not committed before its lock was released: nothing of it was stored")]
    private static partial void LogChangeDropped(ILogger logger, string sandbox, int edits);

    [LoggerMessage(
        7, LogLevel.Warning,
        "Sandbox {Sandbox} has transactions in the log but no directory in any root: another program removed it; they are skipped")]
    private static partial void LogSandboxVanished(ILogger logger, string sandbox);

    [LoggerMessage(
        27, LogLevel.Warning,
        "What is in {Path} cannot be trusted: {Fault}. An opening that may write refuses it. Take that right away (chmod go-w), or set "
        + "StoreOptions.AllowRootsWritableByOthers")]
    private static partial void LogWritableByOthers(ILogger logger, string path, string fault);

    [LoggerMessage(
        20, LogLevel.Warning,
        "Another program has changed sandbox {Sandbox} after its last transaction and before that was recovered. The log wins; what was in "
        + "{Path} is kept in {Kept}")]
    private static partial void LogOverruled(ILogger logger, string sandbox, string path, string kept);

    [LoggerMessage(
        21, LogLevel.Warning,
        "Sandbox {Sandbox} was created by a transaction in the log and was gone; it has been built again. If another program has removed "
        + "it, remove it again")]
    private static partial void LogSandboxBuiltAgain(ILogger logger, string sandbox);

    [LoggerMessage(
        22, LogLevel.Warning,
        "The transactions of sandbox {Sandbox}, up to LSN {Last}, cannot be applied, or not be made durable in the documents. They are "
        + "kept beside the log; each lock and each checkpoint tries again. Mend what is in the way, or remove the sandbox")]
    private static partial void LogParked(ILogger logger, Exception reason, string sandbox, long last);

    [LoggerMessage(
        23, LogLevel.Warning,
        "The transactions of sandbox {Sandbox} cannot be applied, nor kept beside the log: the log cannot be shortened until they are")]
    private static partial void LogParkedStaysInLog(ILogger logger, Exception reason, string sandbox);

    [LoggerMessage(24, LogLevel.Error, "Transactions of sandbox {Sandbox} that were parked are lost: remove or restore it")]
    private static partial void LogParkedLost(ILogger logger, Exception damage, string sandbox);

    [LoggerMessage(
        25, LogLevel.Critical,
        "The store is faulted: nothing is written until all processes have closed it and one has opened it again. Look at the kernel log")]
    private static partial void LogFaulted(ILogger logger, Exception fault);

    [LoggerMessage(26, LogLevel.Warning, "A listener of the store's metrics or spans failed: told once, and of no effect on the store")]
    internal static partial void LogListenerFailed(ILogger logger, Exception failure);
}
