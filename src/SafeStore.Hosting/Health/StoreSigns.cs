using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Operations;

namespace SafeStore.Hosting.Health;

/// <summary>What a health check has seen of an open store.</summary>
/// <param name="Settings">When to complain.</param>
/// <param name="Condition">The store.</param>
/// <param name="Machine">The machine below it.</param>
internal sealed record StoreSigns(HostedStoreOptions Settings, StoreCondition Condition, IReadOnlyList<DoctorFinding> Machine)
{
    private const string Pending = "pending";

    /// <summary>What of the machine may change while a store is open; the rest is for <c>safestore doctor</c>.</summary>
    private static readonly string[] s_changing = ["space", "inodes", "read-only", "filesystem-errors"];

    /// <summary>How long checkpoints have got no further although they should.</summary>
    public TimeSpan CheckpointAge { get; init; }

    /// <summary>The newest backup and its age; null if there is none.</summary>
    public (Backup Backup, TimeSpan Age)? Backup { get; init; }

    /// <summary>At this size of the log commits wait for a checkpoint, and are refused if it makes no room.</summary>
    private long LogBytesBound => 2 * Math.Max(Settings.LogBytesMax, 2 * Settings.SegmentBytes);

    /// <summary>What is wrong. One sandbox, or what comes only later, degrades the store; the rest keeps it from working.</summary>
    public IEnumerable<StoreComplaint> Judge() => OfCondition().Concat(OfLog()).Concat(OfMachine()).Concat(OfBackup());

    /// <summary>What is pending, a store that is open to be changed publishes when it is needed.</summary>
    private IEnumerable<StoreComplaint> OfCondition() => Condition.Problems
        .Where(problem => problem.Code != Pending || Settings.Opening == StoreOpening.ReadOnly)
        .Select(static problem => new StoreComplaint(
            problem.Code, problem.Message, IsSevere: problem.Sandbox is null && problem.Code != Pending));

    private IEnumerable<StoreComplaint> OfLog()
    {
        if (Condition.LogBytes > LogBytesBound / 4 * 3)
        {
            yield return new StoreComplaint(
                "log-backlog",
                $"The log has {Condition.LogBytes} bytes, and commits are refused at {LogBytesBound}: a process that was stopped in the "
                + "middle of a commit, or something in the way of a transaction, keeps it from being shortened. See 'safestore status'.",
                IsSevere: Condition.LogBytes >= LogBytesBound);
        }

        if (CheckpointAge > Settings.CheckpointAgeMax)
        {
            yield return new StoreComplaint(
                "checkpoint-age",
                $"Checkpoints have got no further than LSN {Condition.Watermark} for {CheckpointAge:c}, and the log has transactions to "
                + $"LSN {Condition.LastLsn}. See the log messages of the store, and 'safestore status'.",
                IsSevere: false);
        }
    }

    private IEnumerable<StoreComplaint> OfMachine() => Machine.Where(static found => s_changing.Contains(found.Code)).Select(
        static found => new StoreComplaint(
            found.Code, $"{found.Place}: {found.Message} {found.Advice}", IsSevere: found.Level == FindingLevel.Problem));

    private IEnumerable<StoreComplaint> OfBackup()
    {
        if (Settings.Backups is null)
        {
            yield break;
        }

        if (Backup is not var (backup, age))
        {
            yield return new StoreComplaint(
                "backup-age", $"There is no backup of this store in '{Settings.Backups}'. Make one: 'safestore backup'.", IsSevere: false);
        }
        else if (age > Settings.BackupAgeMax)
        {
            yield return new StoreComplaint(
                "backup-age", $"The newest backup '{backup.Path}' is {age:c} old, and should be at most {Settings.BackupAgeMax:c}. See why "
                + "none was made since.", IsSevere: false);
        }
    }
}

/// <summary>Something that is wrong.</summary>
/// <param name="Code">What kind.</param>
/// <param name="Message">What it is, where, and what to do.</param>
/// <param name="IsSevere">Whether the store does not work, or may not when it is opened next.</param>
internal sealed record StoreComplaint(string Code, string Message, bool IsSevere);
