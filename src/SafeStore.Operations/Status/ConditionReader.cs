using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
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

        Dictionary<StoreRoot, RootDocument> documents = ReadDocuments();
        RootDocument? any = documents.Values.FirstOrDefault();
        WatermarkState? mark = roots[0].Metadata is { } metadata
            ? _problems.Try<WatermarkState?>(() => new Watermark(_fs, metadata).Read(), null) : null;
        ReadLogDamage();
        long? pending = CountPending(hasParked: mark?.Parked is { Length: > 0 });
        StoreState state = ReadState();
        ParkedSandbox[] parked = [.. (mark?.Parked ?? []).Select(static entry => new ParkedSandbox(entry.Sandbox, entry.Last))];
        foreach (ParkedSandbox each in parked)
        {
            _problems.Add("parked", $"The sandbox '{each.Sandbox}' is parked: its transactions up to LSN {each.Lsn} cannot be applied. "
                + "Its next lock tells what is in the way; mend that, or remove the sandbox.");
        }

        return new StoreCondition(state, pending, _problems.All)
        {
            Format = any?.Format,
            Store = any is { Store: var id } && id != default ? id : null,
            Roots = documents.ToDictionary(static each => each.Key, static each => each.Value.Root),
            Watermark = mark?.Lsn,
            Parked = parked,
        };
    }

    private Dictionary<StoreRoot, RootDocument> ReadDocuments()
    {
        var found = new Dictionary<StoreRoot, RootDocument>();
        foreach (ViewedRoot root in roots)
        {
            if (root.Metadata is not { } metadata)
            {
                continue;
            }

            string path = $"{metadata.Path}/{RootDocument.FileName}";
            try
            {
                if (StoreMetadata.ReadRoot(_fs, metadata) is { } document)
                {
                    found.Add(root.Root, document);
                }
                else
                {
                    _problems.Add("metadata", $"'{path}' is missing: the store was not made to its end, or the root was lost. "
                        + "Restore the root from a backup; an opening that may write says which it is.", path);
                }
            }
            catch (StoreFormatException failure)
            {
                found.Add(root.Root, new RootDocument(failure.Format, default, default, default));
                _problems.Add(failure);
            }
            catch (SafeStoreException failure)
            {
                _problems.Add(failure);
            }
        }

        return found;
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
    private long? CountPending(bool hasParked)
    {
        if (_problems.All.Count > 0)
        {
            return null; // what keeps it from being counted is told
        }

        bool isOpen = IsOpen();
        long? pending = CountOnce();
        for (int looks = 1; pending > 0 && looks < LooksMax; looks++)
        {
            long? again = CountOnce();
            isOpen |= IsOpen();
            bool isSteady = again == pending && !isOpen;
            pending = again is { } count ? Math.Min(count, pending.Value) : null;
            if (isSteady)
            {
                break;
            }
        }

        if (pending is > 0 && !isOpen)
        {
            _problems.Add("pending", string.Create(
                CultureInfo.InvariantCulture,
                $"{pending} durable transactions are not visible yet: a process or the machine died before it published them. The next ")
                + "opening that may write finishes them: start the program that uses the store, or run 'safestore apply' without input."
                + (hasParked ? " Those of parked sandboxes it leaves." : ""));
        }

        return pending;
    }

    /// <summary>The count of the engine's own read-only opening; it needs the whole store.</summary>
    private long? CountOnce() => _problems.Try<long?>(
        () =>
        {
            using var all = RootSet.OpenToLook(_fs, layout);
            return ReadOnlyEngine.CountPending(all, new StoreMetadata(all).Look(), options);
        },
        null);

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
