using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Demo;

/// <summary>
/// What the demo looks at after a kill, under a sandbox's lock: is the last acknowledged transaction there, is the last one whole, is
/// anything left over of one that was not finished.
/// </summary>
internal sealed class SandboxCheck(StateStore store, Ledger ledger, DemoResult result)
{
    private readonly StampedDocuments _documents = new(store, SandboxModel.Default);

    public async Task RunAsync(string sandbox, CancellationToken stop)
    {
        // Before the lock: what is acknowledged up to here must be there when the lock is ours.
        (long acknowledged, Lsn lsn) = ledger.LastOf(sandbox);
        Stamp stamp;
        await using (SandboxLock held = await store.LockAsync(sandbox, LockMode.Shared, cancellationToken: stop))
        {
            stamp = CheckDocuments(sandbox);
            if (stamp.N < acknowledged || held.Version < lsn)
            {
                result.Lost($"Sandbox {sandbox} is at transaction {stamp.N} (LSN {held.Version}), but {acknowledged} (LSN {lsn}) was "
                    + $"acknowledged.");
            }

            CheckLeftovers(sandbox);
        }

        if (stamp.Partner is { } partner)
        {
            await using SandboxLock held = await store.LockAsync(partner, LockMode.Shared, cancellationToken: stop);
            if (CheckDocuments(partner).N < stamp.PartnerN)
            {
                result.Torn($"Transaction {stamp.N} of sandbox {sandbox} is there, but not its other half, {stamp.PartnerN} of {partner}.");
            }
        }
    }

    private Stamp CheckDocuments(string sandbox)
    {
        Stamp? first = null;
        foreach ((DocumentId document, Stamp? stamp, string? fault) in _documents.Read(sandbox))
        {
            first ??= stamp;
            if (fault is not null)
            {
                result.Torn($"'{document}': {fault}");
            }
            else if (stamp != first)
            {
                result.Torn($"'{document}' is of transaction {stamp!.N}, other documents of the sandbox are of {first!.N}.");
            }
        }

        bool hasExtra = store.ListContainers(sandbox).Contains(Stamp.ExtraContainer);
        if (first is not null && first.HasExtra != hasExtra)
        {
            result.Torn($"Sandbox {sandbox} should {(hasExtra ? "not " : string.Empty)}have the container '{Stamp.ExtraContainer}' after "
                + $"transaction {first.N}.");
        }

        return first ?? Stamp.None;
    }

    private void CheckLeftovers(string sandbox)
    {
        (string Root, string Metadata)[] roots =
            [(store.Layout.Config, store.Layout.ConfigMetadata), (store.Layout.Run, store.Layout.RunMetadata)];
        foreach ((string root, string metadata) in roots)
        {
            foreach (string entry in Directory.EnumerateFileSystemEntries(Path.Combine(root, sandbox), "*", SearchOption.AllDirectories))
            {
                if (Path.GetFileName(entry).StartsWith('.') || entry.EndsWith(".tmp", StringComparison.Ordinal))
                {
                    result.Stray(entry);
                }
            }

            string begun = Path.Combine(metadata, "new", sandbox);
            if (Directory.Exists(begun))
            {
                result.Stray(begun);
            }
        }
    }
}
