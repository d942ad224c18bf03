using System;
using System.Collections.Generic;

namespace SafeStore.Operations.Doctor;

/// <summary>Clock, limits and memory.</summary>
internal static class MachineCheck
{
    private const int OpenFilesLow = 1024;
    private const long MemoryLow = 64 * 1024 * 1024;

    private static readonly DateTimeOffset s_earliest = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMinutes(1);

    public static IEnumerable<DoctorFinding> Run(MachineFacts machine, StoreOptions options)
    {
        if (machine.Now < s_earliest)
        {
            yield return DoctorFinding.Problem(
                "clock", "clock",
                $"The machine's clock says {machine.Now:u}. SafeStore orders nothing by it, but edits of other programs are "
                + "noticed by the times of files.",
                SetClock);
        }
        else if (machine.Newest is { } newest && newest.Time > machine.Now + s_tolerance)
        {
            yield return DoctorFinding.Problem(
                "clock", newest.Path, $"It was changed at {newest.Time:u}, and the machine's clock says {machine.Now:u}: the clock was set "
                + "back. SafeStore orders nothing by it, but edits of other programs are noticed by the times of files.",
                SetClock);
        }

        foreach (ProcessLimits limits in machine.Limits)
        {
            string place = limits.Process == "self" ? "this process" : $"process {limits.Process}";
            if (limits.OpenFiles < OpenFilesLow)
            {
                yield return DoctorFinding.Note(
                    "open-files", place,
                    $"It may open {limits.OpenFiles} files; a process that changes many sandboxes at once needs more, and "
                    + "is refused (EMFILE) without.",
                    $"Raise the limit to {OpenFilesLow} at least (ulimit -n, LimitNOFILE=).");
            }

            if (limits.FileBytes < Math.Max(options.SegmentBytes, options.DocumentBytesMax))
            {
                yield return DoctorFinding.Problem(
                    "file-size", place, $"It may write files of {limits.FileBytes} bytes; a log segment has {options.SegmentBytes}.",
                    "Raise the limit (ulimit -f, LimitFSIZE=).");
            }
        }

        if (machine.MemoryMax < MemoryLow)
        {
            yield return DoctorFinding.Note(
                "memory", "this process",
                $"Its control group may have {machine.MemoryMax} bytes of memory. A process that is killed for want "
                + "of memory loses nothing that was acknowledged, but may be killed again in the recovery.",
                $"Give it {MemoryLow} at least (memory.max, MemoryMax=).");
        }
    }

    private const string SetClock = "Set the clock, and let it be kept (chrony, systemd-timesyncd).";
}
