using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Operations;

namespace SafeStore.Hosting.Health;

/// <summary>What a health check has seen of an open store.</summary>
/// <param name="Settings">When to complain.</param>
/// <param name="Vitals">The store.</param>
/// <param name="Machine">What of the machine below it may change while it is open.</param>
internal sealed record StoreSigns(HostedStoreOptions Settings, StoreVitals Vitals, IReadOnlyList<DoctorFinding> Machine)
{
    /// <summary>How long checkpoints have got no further although they should.</summary>
    public TimeSpan CheckpointAge { get; init; }

    /// <summary>The newest backup and its age; null if there is none.</summary>
    public (Backup Backup, TimeSpan Age)? Backup { get; init; }

    /// <summary>At this size of the log commits wait for a checkpoint, and are refused if it makes no room.</summary>
    private long LogBytesBound => 2 * Math.Max(Settings.LogBytesMax, 2 * Settings.SegmentBytes);

    /// <summary>What is wrong. One sandbox, or what comes only later, degrades the store; the rest keeps it from working.</summary>
    public IEnumerable<StoreComplaint> Judge() => OfMetadata().Concat(OfParked()).Concat(OfLog()).Concat(OfMachine()).Concat(OfBackup());

    private IEnumerable<StoreComplaint> OfMetadata() => Vitals.Problems.Select(
        static problem => new StoreComplaint(problem.Code, problem.Message, IsSevere: true));

    private IEnumerable<StoreComplaint> OfParked() => Vitals.Parked.Select(static parked => new StoreComplaint(
        "parked", $"The sandbox '{parked.Sandbox}' is parked: its transactions up to LSN {parked.Lsn} could not be applied. "
        + "'safestore status' says why and what to do.", IsSevere: false));

    private IEnumerable<StoreComplaint> OfLog()
    {
        if (Vitals.LogBytes > LogBytesBound / 4 * 3)
        {
            yield return new StoreComplaint(
                "log-backlog",
                $"The log has {Vitals.LogBytes} bytes, and commits are refused at {LogBytesBound}: a process that was stopped in the "
                + "middle of a commit, or something in the way of a transaction, keeps it from being shortened. See 'safestore status'.",
                IsSevere: Vitals.LogBytes >= LogBytesBound);
        }

        if (CheckpointAge > Settings.CheckpointAgeMax)
        {
            yield return new StoreComplaint(
                "checkpoint-age",
                $"Checkpoints have got no further than LSN {Vitals.Watermark} for {CheckpointAge:c}, and the log has transactions to "
                + $"LSN {Vitals.LastLsn}. See the log messages of the store, and 'safestore status'.",
                IsSevere: false);
        }
    }

    private IEnumerable<StoreComplaint> OfMachine() => Machine.Select(
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
