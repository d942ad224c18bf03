using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Operations.Repair;
using SafeStore.Operations.Sandboxes;
using SafeStore.Recovery;
using SafeStore.Roots;

namespace SafeStore.Operations.Status;

/// <summary>Reads what state a store is in. Each part is read by itself, so that none hides the others.</summary>
internal sealed class ConditionReader(StoreLayout layout, StoreOptions options, ViewedRoot[] roots)
{
    private const int LooksMax = 8;

    private readonly IDurableFileSystem _fs = options.FileSystemInUse;
    private readonly ProblemList _problems = new();

    public StoreCondition Read()
    {
        foreach (SafeStoreException failure in roots.Select(static root => root.Failure).OfType<SafeStoreException>())
        {
            _problems.Add(failure);
        }

        StoreFormatException? other = StoreFormat.FindOther(_fs, [.. roots.Select(static root => root.Metadata)]);
        if (other is not null)
        {
            _problems.Add(other);
        }

        Dictionary<StoreRoot, RootDocument> documents = RootDocuments.Read(_fs, roots, _problems);
        RootDocument? any = documents.Values.FirstOrDefault();
        WatermarkState? mark = roots[0].Metadata is { } metadata
            ? _problems.Try<WatermarkState?>(() => new Watermark(_fs, metadata).Read(), null) : null;
        ReadLogDamage();
        PendingCount? pending = CountPending();
        StoreState state = ReadState();
        IReadOnlyList<LostHalf> halves = other is null ? new SandboxHalves(_fs, roots).Find() : [];
        _problems.AddAll(halves.Select(static half => half.Problem));

        ParkedSandbox[] parked = [.. (mark?.Parked ?? []).Select(static entry => new ParkedSandbox(entry.Sandbox, entry.Last))];
        foreach (ParkedRepairPlan plan in parked.Length == 0 || roots.Any(static root => root.Directory is null) ? []
            : _problems.Try(() => ParkedRepair.Examine(layout, options), []))
        {
            _problems.Add(ProblemOf(plan));
        }

        return new StoreCondition(state, pending?.All, _problems.All)
        {
            Format = other?.Format ?? any?.Format,
            Store = any?.Store,
            Roots = documents.ToDictionary(static each => each.Key, static each => each.Value.Root),
            Watermark = mark?.Lsn,
            Parked = parked,
            Halves = halves,
        };
    }

    private void ReadLogDamage()
    {
        if (roots[0].Metadata is not null
            && _problems.Try<LogReport?>(() => LogInspection.Run(layout, options), null) is { Damage: { } damage })
        {
            _problems.Add(damage);
        }
    }

    /// <summary>
    /// What a living process is about to publish, a new sandbox for instance, may be counted at one look and is gone at another. It is no
    /// problem as long as a process has the store open: whichever needs it publishes it.
    /// </summary>
    private PendingCount? CountPending()
    {
        if (_problems.All.Count > 0)
        {
            return null; // what keeps it from being counted is told
        }

        bool isOpen = IsOpen();
        PendingCount? pending = CountOnce();
        for (int looks = 1; pending is { All: > 0 } before && looks < LooksMax; looks++)
        {
            PendingCount? again = CountOnce();
            isOpen |= IsOpen();
            bool isSteady = again == before && !isOpen;
            pending = again is not { } count ? null
                : new PendingCount(Math.Min(count.All, before.All), Math.Min(count.ToPublish, before.ToPublish));
            if (isSteady)
            {
                break;
            }
        }

        if (pending is { ToPublish: > 0 } hidden && !isOpen)
        {
            _problems.Add("pending", string.Create(
                CultureInfo.InvariantCulture,
                $"{hidden.ToPublish} durable {(hidden.ToPublish == 1 ? "transaction is" : "transactions are")} not visible yet: a process ")
                + "or the machine died in between. The next opening that may write finishes what is missing: start the program that uses "
                + "the store, or run 'safestore checkpoint'.");
        }

        return pending;
    }

    /// <summary>The count of the engine's own read-only opening; it needs the whole store.</summary>
    private PendingCount? CountOnce() => _problems.Try<PendingCount?>(
        () =>
        {
            using var all = RootSet.OpenToLook(_fs, layout);
            return ReadOnlyEngine.CountPending(all, new StoreMetadata(all).Look(), options);
        },
        null);

    private static StoreProblem ProblemOf(ParkedRepairPlan plan)
    {
        string action = plan.Damage is null ? "--apply-parked" : "--give-up-parked";
        string why = plan.Damage is { } damage ? $"cannot be applied. {damage}"
            : plan.Obstacles.Count == 0 ? "could not be applied."
            : $"cannot be applied, since this is in the way: {string.Join(", ", plan.Obstacles.Select(static each => $"'{each}'"))}.";
        return new StoreProblem(
            "parked", $"The sandbox '{plan.Sandbox}' is parked: its transactions up to LSN {plan.Last} {why} "
            + $"Run 'safestore repair {action} {plan.Sandbox}', or remove the sandbox.")
        {
            Path = plan.Obstacles is [var first, ..] ? first : null,
            Sandbox = plan.Sandbox,
        };
    }

    private bool IsOpen() => roots[0].Metadata is { } metadata
        && _fs.Stat(metadata, StoreDocument.FileName, out FileStatus anchor) == Errno.None
        && LockSurvey.Take().Of(anchor).Any(static each => each.IsOfOpenFile && each.Start == (long)StoreLock.Open);

    private StoreState ReadState()
    {
        if (roots[0].Metadata is not { } metadata || _fs.Stat(metadata, StoreDocument.FileName, out _) != Errno.None)
        {
            return StoreState.Unknown;
        }

        bool isOpen = IsOpen();
        StoreStatus? words = ReadWords();
        if (words == StoreStatus.Faulted)
        {
            _problems.Add(
                "faulted", "The store is faulted: a sync failed, or its files were replaced. Look at the kernel's log (dmesg), let all "
                + "processes close the store, and open it again.");
            return StoreState.Faulted;
        }

        return words == StoreStatus.Recovering && isOpen ? StoreState.Recovering
            : isOpen ? StoreState.Open
            : words is null ? StoreState.Unknown : StoreState.Closed;
    }

    /// <summary>Null if there are none that may be read.</summary>
    private StoreStatus? ReadWords()
    {
        Span<byte> status = stackalloc byte[sizeof(ulong)];
        return roots[1].Metadata is { } metadata
            && _fs.ReadWhole(metadata, SharedState.FileName, status, out int count) == Errno.None && count == status.Length
            ? (StoreStatus)BinaryPrimitives.ReadUInt64LittleEndian(status) : null;
    }
}
