using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Operations.Log;
using SafeStore.Operations.Sandboxes;
using SafeStore.Operations.Status;

namespace SafeStore.Operations.Verify;

/// <summary>Verifies a store: the whole first, then each sandbox, then what is to be told of all of them.</summary>
internal sealed class StoreVerifier(
    StoreLayout layout, StoreOptions options, ViewedRoot[] roots, SandboxLister lister, Func<ConditionReader> conditions)
{
    private readonly Lock _gate = new();
    private VerifyProgress _progress = new(0, 0, 0, 0);

    public IEnumerable<Finding> Run(VerifyOptions wanted, CancellationToken cancellation)
    {
        IReadOnlyList<string> sandboxes = wanted.Sandboxes.Count > 0 ? wanted.Sandboxes : lister.ListNames();
        if (wanted.Sandboxes.Count == 0)
        {
            foreach (Finding finding in Steady.Take(() => new MetadataCheck(layout, options, roots, conditions()).Run()).Findings)
            {
                yield return finding;
            }
        }
        else
        {
            var halves = new SandboxHalves(options.FileSystemInUse, roots);
            foreach (LostHalf half in halves.Find().Where(each => sandboxes.Contains(each.Sandbox)))
            {
                yield return half.Finding;
            }
        }

        var ahead = new List<(string Sandbox, Lsn Word)>();
        var unstamped = new UnstampedDocuments(options.FileSystemInUse, roots);
        Lsn? end = LogEnd();
        foreach ((string sandbox, Look look) in LookAt(sandboxes, wanted, cancellation))
        {
            foreach (Finding finding in look.Findings)
            {
                yield return finding;
            }

            unstamped.Add(look);
            if (look.Word is { } word && word > end)
            {
                ahead.Add((sandbox, word));
            }
        }

        end = ahead.Count > 0 ? LogEnd() : end; // it may have grown
        foreach ((string sandbox, Lsn word) in ahead.Where(each => each.Word > end))
        {
            yield return FindingKind.LockAhead.At(
                $"{roots[1].Path}/{SandboxHandles.LockPathOf(sandbox)}",
                $"the lock word knows LSN {word}, and the log ends at LSN {end}") with
            {
                Root = StoreRoot.Run,
                Sandbox = sandbox,
            };
        }

        foreach (Finding finding in unstamped.Find())
        {
            yield return finding;
        }
    }

    private IEnumerable<(string Sandbox, Look Look)> LookAt(
        IReadOnlyList<string> sandboxes, VerifyOptions wanted, CancellationToken cancellation)
    {
        _progress = _progress with { All = sandboxes.Count };
        return wanted.Parallel == 1
            ? sandboxes.Select(sandbox =>
            {
                cancellation.ThrowIfCancellationRequested();
                return LookAt(sandbox, wanted);
            })
            : sandboxes.AsParallel().AsOrdered().WithDegreeOfParallelism(wanted.Parallel).WithCancellation(cancellation)
                .WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(sandbox => LookAt(sandbox, wanted));
    }

    private (string Sandbox, Look Look) LookAt(string sandbox, VerifyOptions wanted)
    {
        Look look = Steady.Take(() => new SandboxCheck(options, roots, wanted.Model, sandbox).Run());
        lock (_gate)
        {
            _progress = new VerifyProgress(
                _progress.Sandboxes + 1, _progress.All, _progress.Documents + look.Documents, _progress.Bytes + look.Bytes);
            wanted.Progress?.Report(_progress);
        }

        return (sandbox, look);
    }

    /// <summary>Null if the log cannot be read, which the condition tells.</summary>
    private Lsn? LogEnd()
    {
        try
        {
            if (roots[0].Metadata is not { } metadata)
            {
                return null;
            }

            using var log = OpenLog.Open(options, metadata);
            var watermark = new Watermark(options.FileSystemInUse, metadata);
            return UnlockedLog.Read(log.Directory, watermark, null).Contents is { Header: not null } found
                ? found.End.Next.Previous : null;
        }
        catch (SafeStoreException)
        {
            return null;
        }
    }
}
