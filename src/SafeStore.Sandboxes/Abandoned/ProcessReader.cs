using System;
using System.Collections.Generic;
using System.Linq;
using static SafeStore.Sandboxes.StatusReader;

namespace SafeStore.Sandboxes;

/// <summary>Reads which processes a locked sandbox names, and looks for them.</summary>
internal sealed class ProcessReader(IProcessTable processes)
{
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMinutes(1);

    public SandboxProcesses Read(ModelLock held)
    {
        var errors = new List<SafeStoreException>();
        var named = new List<NamedProcess>();
        State? state = Try(() => held.Read(held.Model.SandboxState), errors);
        Add(null, held.Model.SandboxState.File, state?.Pid);
        Add(null, held.Model.Agent.File, Try(() => held.Read(held.Model.Agent), errors)?.ProxyPid);
        // Whatever the hypervisor is: one that names no process has no such member.
        Add(null, held.Model.Firecracker.File, Try(() => held.Read(held.Model.Firecracker), errors)?.Pid);
        foreach (string container in Try(held.ListContainers, errors) ?? [])
        {
            State? each = Try(() => held.Read(container, held.Model.ContainerState), errors);
            Add(container, held.Model.ContainerState.File, each?.Pid);
            ContainerProcess? process = Try(() => held.Read(container, held.Model.Process), errors);
            Add(container, held.Model.Process.File, process?.Pid, StartOf(process));
        }

        IReadOnlyList<Intent> intents = Try(() => held.Intents, errors) ?? [];
        bool isCreating = errors.Count == 0 && held.IsCreating;
        RecordedProcess[] all = [.. named.Select(each => VerdictOf(each, named))];
        ProcessVerdict verdict = All(all, isCreating);
        return new SandboxProcesses(
            held.Sandbox, errors.Count > 0 && verdict != ProcessVerdict.Living ? ProcessVerdict.Unreadable : verdict)
        {
            Lifecycle = state?.Lifecycle ?? Lifecycle.Unknown,
            Processes = all,
            Intents = intents,
            Errors = errors,
        };

        void Add(string? container, string file, long? pid, DateTimeOffset? start = null)
        {
            if (pid > 0)
            {
                named.Add(new NamedProcess(container, file, pid.Value, start));
            }
        }
    }

    private static ProcessVerdict All(RecordedProcess[] all, bool isCreating) =>
        all.Any(static each => each.Verdict == ProcessVerdict.Living) ? ProcessVerdict.Living
        : all.Any(static each => each.Verdict == ProcessVerdict.Reused) ? ProcessVerdict.Reused
        : all.Length > 0 || isCreating ? ProcessVerdict.Gone
        : ProcessVerdict.NotRecorded;

    /// <summary>One document may name the start of a process that others name too.</summary>
    private RecordedProcess VerdictOf(NamedProcess named, List<NamedProcess> all)
    {
        bool isLiving = named.Pid <= int.MaxValue && processes.IsLiving((int)named.Pid);
        bool isReused = isLiving && processes.StartOf((int)named.Pid) is { } start
            && all.Exists(each => each.Pid == named.Pid && start - each.Start > s_tolerance);
        return new RecordedProcess(
            named.Container, named.File, named.Pid,
            isReused ? ProcessVerdict.Reused : isLiving ? ProcessVerdict.Living : ProcessVerdict.Gone);
    }

    /// <summary>Null for the zero time, and for one that .NET cannot express.</summary>
    private static DateTimeOffset? StartOf(ContainerProcess? process)
    {
        try
        {
            return process is null || process.StartTime == default ? null : process.StartTime.ToDateTimeOffset();
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private sealed record NamedProcess(string? Container, string File, long Pid, DateTimeOffset? Start);
}
