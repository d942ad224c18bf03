using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;
using SafeStore.Locking;
using SafeStore.Recovery;
using SafeStore.Roots;

namespace SafeStore.Checkpoint;

/// <summary>Tells whether a sandbox's transactions in the log have been published; finishes those of a dead process.</summary>
internal sealed class PublishedSandboxes(
    RootSet roots, NameLocks names, SandboxLocker locker, IResolver resolver, ParkedRecords parked, EngineEvents events)
{
    /// <summary>By the lock word: without any lock, so that a lock held for hours does not hold up the log.</summary>
    public bool IsPublishedByItsWord(DirtySandbox sandbox)
    {
        try
        {
            return WordOf(sandbox.Sandbox) is { State: not LockWordState.Unknown } word && word.Lsn >= sandbox.Last;
        }
        catch (StorageException)
        {
            return false; // asked again below, which meets the same error, and tells
        }
    }

    /// <summary>The same, after whatever a dead process has left was finished.</summary>
    /// <returns>Why it is not published; null if it is.</returns>
    public async ValueTask<SafeStoreException?> FindObstacleAsync(DirtySandbox sandbox, CancellationToken cancellation)
    {
        if (IsPublishedByItsWord(sandbox))
        {
            return null; // by now
        }

        try
        {
            if (WordOf(sandbox.Sandbox) is null && !locker.Exists(sandbox.Sandbox))
            {
                await FinishGoneAsync(sandbox.Sandbox, cancellation).ConfigureAwait(false);
            }
            else
            {
                await ResolveAsync(sandbox.Sandbox, cancellation).ConfigureAwait(false);
            }

            return null;
        }
        catch (LockTimeoutException holder)
        {
            return holder; // it is at work, at this moment or for long
        }
        catch (SafeStoreException failure) when (failure is StorageException || parked.IsDamageOf(sandbox.Sandbox, failure))
        {
            // not of the others
            events.BackgroundFailed($"resolve sandbox {sandbox.Sandbox} for the checkpoint", failure);
            return failure;
        }
    }

    private LockWord? WordOf(string sandbox) => LockWord.TryRead(roots.FileSystem, roots.Run.Directory, SandboxHandles.LockPathOf(sandbox));

    /// <summary>
    /// A sandbox without any directory: removed since, or its creation is between append and publish. Its name lock tells.
    /// </summary>
    private async ValueTask FinishGoneAsync(string sandbox, CancellationToken cancellation)
    {
        using NameLocks.Hold name = await names.AcquireAsync([sandbox], TimeSpan.Zero, cancellation).ConfigureAwait(false);
        if (!locker.Exists(sandbox))
        {
            _ = await resolver.FinishCreationAsync(sandbox, cancellation).ConfigureAwait(false);
            return;
        }

        // made anew while we looked; the next checkpoint reads its lock word
        throw new LockTimeoutException(
            $"{roots.Run.Directory.Path}/{SandboxHandles.LockPathOf(sandbox)}", TimeSpan.Zero, [],
            "the process that has just made the sandbox");
    }

    /// <summary>With the lock, everything is found published, or is published; if the lock is held, its holder is at work.</summary>
    private async ValueTask ResolveAsync(string sandbox, CancellationToken cancellation)
    {
        try
        {
            using SandboxHold hold = await locker.LockAsync(sandbox, LockMode.Exclusive, TimeSpan.Zero, cancellation).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            await FinishGoneAsync(sandbox, cancellation).ConfigureAwait(false);
        }
    }
}
