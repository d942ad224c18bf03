using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Testing;
using SafeStore.Testing.Disks;

namespace SafeStore.MutantTests;

/// <summary>What a crash may leave of a machine.</summary>
internal enum CrashKind
{
    /// <summary>All processes die; the cache stays.</summary>
    Kill,

    /// <summary>The same, in the middle of a write.</summary>
    KillInWrite,

    /// <summary>The power goes, and nothing that was not synced is left.</summary>
    PowerLosesAll,

    /// <summary>The power goes, and everything is left nevertheless.</summary>
    PowerLosesNothing,

    /// <summary>The power goes, and some of what was not synced is left.</summary>
    PowerLosesSome,
}

/// <summary>
/// Runs a workload once and keeps the disks as they are before every call that changes or syncs something; then, for each of them, what a kill and what power losses
/// leave is opened as a store, which must hold exactly the transactions that it has to.
/// </summary>
internal sealed class Exploration(params Func<Lab, Task>[] steps)
{
    private readonly List<CrashPoint> _points = [];
    private List<SortedDictionary<string, string>> _states = [];
    private int _step;

    /// <summary>What is done before the steps; no crash is tried in it.</summary>
    public Func<Lab, Task>? Before { get; init; }

    public SimulatedMachineOptions Machine { get; init; } = new();

    /// <summary>How many different power losses are tried at each call.</summary>
    public int Seeds { get; init; } = 2;

    /// <summary>Whether the power goes again after recovery and a few more transactions.</summary>
    public bool GoesOn { get; init; }

    /// <summary>Tries every crash.</summary>
    /// <exception cref="Violation">What was found after one of them is not what must be.</exception>
    public async Task RunAsync()
    {
        using (Mutant.Activate("none"))
        {
            _states = await RecordAsync(null);
        }

        _ = await RecordAsync(_points);
        foreach (CrashPoint point in _points)
        {
            foreach (CrashKind kind in KindsAt(point))
            {
                for (int seed = 1; seed <= (kind == CrashKind.PowerLosesSome ? Seeds : 1); seed++)
                {
                    await CheckAsync(point, kind, (ulong)seed);
                }
            }
        }
    }

    private static IEnumerable<CrashKind> KindsAt(CrashPoint point)
    {
        yield return CrashKind.Kill;
        if (point.Write is not null)
        {
            yield return CrashKind.KillInWrite;
        }

        yield return CrashKind.PowerLosesAll;
        yield return CrashKind.PowerLosesNothing;
        yield return CrashKind.PowerLosesSome;
    }

    /// <summary>Runs the workload; returns what is visible before the first step and after each.</summary>
    private async Task<List<SortedDictionary<string, string>>> RecordAsync(List<CrashPoint>? points)
    {
        var lab = new Lab(Machine);
        if (Before is not null)
        {
            await Before(lab);
        }

        if (points is not null)
        {
            lab.Machine.BeforeChange = (call, write) => points.Add(new CrashPoint(_step, call.ToString(), write, lab.CloneDisks()));
        }

        List<SortedDictionary<string, string>> states = [lab.Visible()];
        for (_step = 0; _step < steps.Length; _step++)
        {
            await steps[_step](lab);
            states.Add(lab.Visible());
        }

        points?.Add(new CrashPoint(_step, "the end", null, lab.CloneDisks()));
        return states;
    }

    private async Task CheckAsync(CrashPoint point, CrashKind kind, ulong seed)
    {
        Lab lab = new Lab(Machine).With(point.Disks);
        string crash = $"{kind} {seed} in step {point.Step} before {point.Call}";
        try
        {
            SortedDictionary<string, string> before = _states[point.Step];
            SortedDictionary<string, string> after = _states[Math.Min(point.Step + 1, _states.Count - 1)];
            bool isSeen = lab.Visible().Except(before).Intersect(after).Any();
            Crash(lab, point, kind, seed);

            StateStore store = await lab.OpenAsync("after the crash");
            SortedDictionary<string, string> found = lab.Visible();
            Violation.Unless(found.SequenceEqual(after) || (!isSeen && found.SequenceEqual(before)), $"{(isSeen ? "Not what was seen" : "Neither the old nor the new state")}: {Differences(found, before, after)}");
            Violation.Unless(lab.Leftovers() is [], $"Left behind: {string.Join(", ", lab.Leftovers())}");
            if (GoesOn)
            {
                await GoOnAsync(lab, store, found);
            }
        }
        catch (Exception failure) when (failure is Violation or SafeStoreException)
        {
            throw new Violation($"{crash}: {failure.Message}", failure);
        }
    }

    /// <summary>What was recovered, and what comes then, is durable.</summary>
    private static async Task GoOnAsync(Lab lab, StateStore store, SortedDictionary<string, string> found)
    {
        await store.CreateAsync("later", static change => change.Put("n.json", "0"));
        for (int i = 1; i <= 4; i++)
        {
            int number = i;
            await store.ChangeAsync("later", change => change.Put("n.json", $"{number}"));
        }

        lab.Machine.LosePower(keepsUnsynced: false);
        _ = await lab.OpenAsync("after the second crash");
        SortedDictionary<string, string> left = lab.Visible();
        Violation.Unless(left.Remove("config/later/n.json", out string? last) && last == "4", "The transactions after the recovery are lost.");
        Violation.Unless(left.Where(static found => !found.Key.Contains("/later/", StringComparison.Ordinal)).SequenceEqual(found), $"The power took what was recovered: {Differences(left, found, found)}");
    }

    private static void Crash(Lab lab, CrashPoint point, CrashKind kind, ulong seed)
    {
        switch (kind)
        {
            case CrashKind.KillInWrite:
                Disk disk = lab.Machine.Mounts.Disks.Single(disk => disk.Device == point.Write!.Device);
                disk.Write((FileInode)disk[point.Write!.Inode], point.Write.Bytes.AsSpan(0, Math.Min(point.Write.Bytes.Length, Math.Max(512, point.Write.Bytes.Length / 1024 * 512))), point.Write.Offset);
                break;
            case CrashKind.PowerLosesAll:
                lab.Machine.LosePower(keepsUnsynced: false);
                break;
            case CrashKind.PowerLosesNothing:
                lab.Machine.LosePower(keepsUnsynced: true);
                break;
            case CrashKind.PowerLosesSome:
                lab.Machine.LosePower(seed);
                break;
            default:
                break;
        }
    }

    public static string Differences(SortedDictionary<string, string> found, SortedDictionary<string, string> before, SortedDictionary<string, string> after) =>
        string.Join("; ", found.Keys.Union(before.Keys).Union(after.Keys).Order(StringComparer.Ordinal)
            .Select(key => $"{key} = {Short(found, key)}, before {Short(before, key)}, after {Short(after, key)}"));

    private static string Short(SortedDictionary<string, string> state, string key) =>
        !state.TryGetValue(key, out string? text) ? "none" : text.Length > 12 ? $"{text[..12]}...({text.Length})" : text.Length == 0 ? "there" : text;

    /// <summary>The disks before a call.</summary>
    private sealed record CrashPoint(int Step, string Call, WriteInProgress? Write, List<Disk> Disks);
}
