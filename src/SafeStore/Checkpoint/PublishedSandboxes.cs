using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Roots;

namespace SafeStore.Checkpoint;

/// <summary>Tells whether a sandbox's transactions in the log have been published; finishes those of a dead process.</summary>
internal sealed class PublishedSandboxes(RootSet roots, NameLocks names, SandboxLocker locker, IResolver resolver, EngineEvents events)
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
    public async ValueTask<bool> IsPublishedAsync(DirtySandbox sandbox, CancellationToken cancellation)
    {
        if (IsPublishedByItsWord(sandbox))
        {
            return true; // by now
        }

        try
        {
            return WordOf(sandbox.Sandbox) is null && !locker.Exists(sandbox.Sandbox)
                ? await IsGoneAsync(sandbox.Sandbox, cancellation).ConfigureAwait(false)
                : await ResolveAsync(sandbox.Sandbox, cancellation).ConfigureAwait(false);
        }
        catch (StorageException failure)
        {
            // its segment waits; those before it need not
            events.BackgroundFailed($"resolve sandbox {sandbox.Sandbox} for the checkpoint", failure);
            return false;
        }
    }

    private LockWord? WordOf(string sandbox) => LockWord.TryRead(roots.FileSystem, roots.Run.Directory, SandboxHandles.LockPathOf(sandbox));

    /// <summary>
    /// A sandbox without any directory: removed since, or its creation is between append and publish. Its name lock tells.
    /// </summary>
    private async ValueTask<bool> IsGoneAsync(string sandbox, CancellationToken cancellation)
    {
        try
        {
            using NameLocks.Hold name = await names.AcquireAsync([sandbox], TimeSpan.Zero, cancellation).ConfigureAwait(false);
            if (locker.Exists(sandbox))
            {
                return false; // made anew while we looked; the next checkpoint reads its lock word
            }

            _ = await resolver.FinishCreationAsync(sandbox, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (LockTimeoutException)
        {
            return false; // being created or removed at this moment
        }
    }

    /// <summary>With the lock, everything is found published, or is published; if the lock is held, its holder is at work.</summary>
    private async ValueTask<bool> ResolveAsync(string sandbox, CancellationToken cancellation)
    {
        try
        {
            using SandboxHold hold = await locker.LockAsync(sandbox, LockMode.Exclusive, TimeSpan.Zero, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (LockTimeoutException)
        {
            return false;
        }
        catch (NotFoundException)
        {
            return await IsGoneAsync(sandbox, cancellation).ConfigureAwait(false);
        }
    }
}
