using System;
using System.Collections.Generic;
using System.Threading;
using SafeStore.Testing;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>Where the run root lies.</summary>
internal enum RunRoot
{
    SameDisk,
    OtherDisk,
    Tmpfs,
}

/// <summary>A machine and a store on it.</summary>
internal sealed record Setting(PersistenceProfile Profile, RunRoot Run, int Processes, long LogBytesMax, int IdleSandboxesMax)
{
    public const long SegmentBytes = 16 * 1024;
    private const long LargeSegmentBytes = 256 * 1024;

    public static StoreLayout Layout { get; } = StoreLayout.Of("/config/store", "/run/store");

    /// <summary>Whether a power loss takes everything.</summary>
    public bool IsVolatile => Profile.IsVolatile;

    /// <summary>Whether a power loss takes the documents of the run root.</summary>
    public bool IsRunVolatile => Run == RunRoot.Tmpfs || (Run == RunRoot.SameDisk && IsVolatile);

    /// <summary>How often a checkpoint runs by itself.</summary>
    public static TimeSpan CheckpointInterval { get; } = TimeSpan.FromSeconds(30);

    public SimulatedMachine SwitchOn(ulong seed, bool keepsTrace = false)
    {
        IReadOnlyList<SimulatedMount> mounts = Run switch
        {
            RunRoot.OtherDisk => [new SimulatedMount("/run", Profile)],
            RunRoot.Tmpfs => [new SimulatedMount("/run", PersistenceProfile.Tmpfs)],
            _ => [],
        };
        return new SimulatedMachine(
            new SimulatedMachineOptions { Seed = seed, Profile = Profile, Mounts = mounts, KeepsTrace = keepsTrace });
    }

    public StateStore Open(SimulatedProcess process) => StateStore.OpenAsync(Layout, Options(process)).Now();

    /// <summary>
    /// Opens the store for a concurrent run: without background work, whose timers would borrow the threads of other processes.
    /// </summary>
    public StateStore OpenWithoutTimers(SimulatedProcess process) =>
        StateStore.OpenAsync(
            Layout, Options(process) with { CheckpointInterval = Timeout.InfiniteTimeSpan, SegmentBytes = LargeSegmentBytes }).Now();

    public override string ToString() =>
        $"config on {Profile}, run root on "
            + $"{Run switch { RunRoot.SameDisk => "the same disk", RunRoot.OtherDisk => "another such disk", _ => "tmpfs" }}, {Processes} "
            + $"processes, log at most {LogBytesMax} bytes, {IdleSandboxesMax} idle sandboxes";

    private StoreOptions Options(SimulatedProcess process) => new()
    {
        FileSystem = process.FileSystem,
        TimeProvider = process.Clock,
        SegmentBytes = SegmentBytes,
        LogBytesMax = LogBytesMax,
        IdleSandboxesMax = IdleSandboxesMax,
        CheckpointInterval = CheckpointInterval,
    };
}
