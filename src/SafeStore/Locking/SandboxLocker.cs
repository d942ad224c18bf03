using System;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Locking;

/// <summary>Finishes or undoes what a dead process left half done in a sandbox; the caller holds its exclusive lock.</summary>
internal interface IResolver
{
    /// <summary>Checks that the log has the transaction that a lock word names.</summary>
    /// <exception cref="LogCorruptException">It has lost it.</exception>
    ValueTask CheckAsync(string sandbox, LockWord word, CancellationToken cancellation);

    /// <summary>Resolves, and writes the lock word; null when the sandbox turned out to be removed.</summary>
    ValueTask<LockWord?> ResolveAsync(SandboxHandles handles, LockWord word, CancellationToken cancellation);

    /// <summary>
    /// Finishes the creation of a sandbox whose process died after its append and before anything of it appeared; the caller holds its
    /// name. False, and what was staged is removed, if there was no such creation.
    /// </summary>
    ValueTask<bool> FinishCreationAsync(string sandbox, CancellationToken cancellation);

    /// <summary>Whether a sandbox that does not exist may have a creation to be finished that nothing staged leads to.</summary>
    bool MayBeBegun(string sandbox);

    /// <summary>Whether a sandbox whose lock word says "idle" at a version has later transactions that are parked.</summary>
    bool IsParked(string sandbox, Lsn version);
}

/// <summary>Takes sandbox locks: first the turn in this process, then flock on the sandbox's lock file.</summary>
internal sealed class SandboxLocker(RootSet roots, SandboxGates gates, NameLocks names, LockWaiting waiting, IResolver resolver)
{
    private readonly IDurableFileSystem _fs = roots.FileSystem;

    private string PathOf(string sandbox) => $"{roots.Run.Directory.Path}/{sandbox}/{Identifier.LockFile}";

    /// <summary>Locks an existing sandbox, resolved.</summary>
    /// <exception cref="NotFoundException">It does not exist.</exception>
    /// <exception cref="LockTimeoutException">The time is up.</exception>
    public async ValueTask<SandboxHold> LockAsync(string sandbox, LockMode mode, TimeSpan timeout, CancellationToken cancellation)
    {
        var deadline = new Deadline(waiting.Time, timeout);
        SandboxHold hold = await EnterAsync(sandbox, mode, deadline, cancellation).ConfigureAwait(false);
        try
        {
            if (mode == LockMode.Exclusive)
            {
                hold.Version = await AcquireAsync(hold.Gate, mode, deadline, cancellation).ConfigureAwait(false);
            }
            else
            {
                await ShareAsync(hold, deadline, cancellation).ConfigureAwait(false);
            }

            hold.HasFlock = true;
            return hold;
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Locks an existing sandbox to remove it; resolved if it can be. If it cannot, the removal ends what could not be finished.
    /// </summary>
    /// <exception cref="NotFoundException">It does not exist.</exception>
    /// <exception cref="LockTimeoutException">The time is up.</exception>
    public async ValueTask<SandboxHold> LockToRemoveAsync(string sandbox, TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            return await LockAsync(sandbox, LockMode.Exclusive, timeout, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is StorageException or LogCorruptException)
        {
            var deadline = new Deadline(waiting.Time, timeout);
            SandboxHold hold = await EnterAsync(sandbox, LockMode.Exclusive, deadline, cancellation).ConfigureAwait(false);
            try
            {
                LockWord word = await AcquireUnresolvedAsync(hold.Gate, deadline, cancellation).ConfigureAwait(false);
                (hold.Unresolved, hold.Version, hold.HasFlock) = (word, word.Lsn, true);
                return hold;
            }
            catch
            {
                hold.Dispose();
                throw;
            }
        }
    }

    /// <summary>Takes the turn in this process for a sandbox that is to be created: there is no lock file yet.</summary>
    public ValueTask<SandboxHold> ReserveAsync(string sandbox, TimeSpan timeout, CancellationToken cancellation) =>
        EnterAsync(sandbox, LockMode.Exclusive, new Deadline(waiting.Time, timeout), cancellation);

    /// <summary>Gives a new sandbox's lock file, locked, to the holder that creates it.</summary>
    public void Adopt(SandboxHold hold, FileHandle lockFile) =>
        hold.Adopt(new SandboxHandles(roots, hold.Sandbox, new FileLock(_fs, lockFile, LockRange.Whole, waiting)));

    /// <summary>Whether a sandbox has a directory in any root.</summary>
    public bool Exists(string sandbox)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            Errno errno = _fs.Stat(root.Directory, sandbox, out FileStatus status);
            if (errno == Errno.None)
            {
                return status.Kind == FileKind.Directory
                    ? true
                    : throw new StorageException(
                        "use as a sandbox", $"{root.Directory.Path}/{sandbox}", status.Kind == FileKind.SymbolicLink ? Errno.SymbolicLink
                        : Errno.NotDirectory);
            }

            if (errno != Errno.NotFound)
            {
                throw new StorageException("look for the sandbox", $"{root.Directory.Path}/{sandbox}", errno);
            }
        }

        return false;
    }

    private async ValueTask<SandboxHold> EnterAsync(string sandbox, LockMode mode, Deadline deadline, CancellationToken cancellation)
    {
        SandboxGate gate = gates.Enter(sandbox);
        try
        {
            FairLock.Hold turn = gate.Threads.TryEnter(mode) // L1
                ?? await WaitAsync(gate.Threads, mode, deadline, cancellation).ConfigureAwait(false)
                ?? throw TimedOut(gate, deadline.Total);
            return new SandboxHold(gates, gate, mode, turn, waiting);
        }
        catch
        {
            gates.Leave(gate);
            throw;
        }
    }

    private LockTimeoutException TimedOut(SandboxGate gate, TimeSpan timeout)
    {
        string holder = $"another flow of this process (pid {Environment.ProcessId})";
        if (gate.Owned is not { IsHeld: true, Label: { } label } owned)
        {
            return new LockTimeoutException(PathOf(gate.Sandbox), timeout, [], holder);
        }

        TimeSpan held = waiting.Time.GetElapsedTime(owned.Since);
        return new LockTimeoutException(
            PathOf(gate.Sandbox), timeout, [],
            string.Create(CultureInfo.InvariantCulture, $"{holder}, which is '{label}', for {held.TotalSeconds:0.###} s"))
        {
            Owner = label,
        };
    }

    private ValueTask<FairLock.Hold?> WaitAsync(FairLock threads, LockMode mode, Deadline deadline, CancellationToken cancellation) =>
        WaitAsync(deadline, token => threads.EnterAsync(mode, deadline.Remaining, waiting, token), cancellation);

    private ValueTask<bool> WaitAsync(FileLock file, LockMode mode, Deadline deadline, CancellationToken cancellation) =>
        WaitAsync(deadline,
            token => file.TryInTurnAsync(mode, deadline.Remaining, token), cancellation);

    /// <summary>Waits for another flow or process, but not while the store is being closed.</summary>
    private async ValueTask<T?> WaitAsync<T>(Deadline deadline, Func<CancellationToken, ValueTask<T>> wait, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (deadline.Remaining == TimeSpan.Zero)
        {
            return default;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, waiting.Closing);
        try
        {
            return await wait(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ObjectDisposedException("SafeStore.StateStore", "The store was closed during the wait for a lock.");
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    private async ValueTask ShareAsync(SandboxHold hold, Deadline deadline, CancellationToken cancellation)
    {
        SandboxGate gate = hold.Gate;
        using FairLock.Hold entrance = gate.Entrance.TryEnter(LockMode.Exclusive)
            ?? await WaitAsync(gate.Entrance, LockMode.Exclusive, deadline, cancellation).ConfigureAwait(false)
            ?? throw new LockTimeoutException(
                PathOf(gate.Sandbox), deadline.Total, [], "another process that readers of this one wait for");
        if (!TryJoin(hold) && !await WaitAsync(
            deadline, token => waiting.TryUntilAsync(static hold => TryJoin(hold), hold, deadline.Remaining, token), cancellation)
            .ConfigureAwait(false))
        {
            throw new LockTimeoutException(
                PathOf(gate.Sandbox), deadline.Total, [], "readers of this process, and another process waits to change it");
        }

        if (hold.HasFlock)
        {
            return;
        }

        Lsn version = await AcquireAsync(gate, LockMode.Shared, deadline, cancellation).ConfigureAwait(false);
        lock (gate)
        {
            gate.Readers = 1;
            gate.SharedVersion = version;
            hold.Version = version;
        }
    }

    /// <summary>
    /// Joins the readers of this process, but not past a process that waits to change the sandbox; true also when none of them is left.
    /// </summary>
    private static bool TryJoin(SandboxHold hold)
    {
        SandboxGate gate = hold.Gate;
        lock (gate)
        {
            if (gate.Readers > 0 && !gate.Handles!.Lock.IsWaitedFor())
            {
                gate.Readers++;
                hold.Version = gate.SharedVersion;
                hold.HasFlock = true;
            }

            return hold.HasFlock || gate.Readers == 0;
        }
    }

    private async ValueTask<Lsn> AcquireAsync(SandboxGate gate, LockMode mode, Deadline deadline, CancellationToken cancellation)
    {
        while (true)
        {
            SandboxHandles handles = gate.Handles ??= await OpenAsync(gate.Sandbox, deadline, cancellation).ConfigureAwait(false);
            if (!handles.Lock.TryAcquire(mode) && !await WaitAsync(handles.Lock, mode, deadline, cancellation).ConfigureAwait(false)) // L2
            {
                throw handles.Lock.TimedOut(deadline.Total, null, path: PathOf(gate.Sandbox));
            }

            LockWord? word = null;
            bool isKept = false;
            try
            {
                // L3. A process that waited may have got the lock of a file that is no longer the sandbox's.
                word = handles.IsCurrent() ? handles.ReadWord() : null;
                await resolver.CheckAsync(gate.Sandbox, word.GetValueOrDefault(), cancellation).ConfigureAwait(false);
                if (word is { State: LockWordState.Idle } found && resolver.IsParked(gate.Sandbox, found.Lsn))
                {
                    word = found with { State = LockWordState.Committing };
                }

                if (word is { State: not LockWordState.Idle } unresolved)
                {
                    if (mode == LockMode.Shared)
                    {
                        // Not a conversion, which is not atomic: what holds now is looked at anew.
                        handles.Lock.Release();
                        _ = await AcquireAsync(gate, LockMode.Exclusive, deadline, cancellation).ConfigureAwait(false);
                        continue;
                    }

                    handles.Forget();
                    word = await resolver.ResolveAsync(handles, unresolved, cancellation).ConfigureAwait(false);
                }

                if (word is { } idle)
                {
                    handles.ForgetUnless(idle.Lsn);
                    isKept = true;
                    return idle.Lsn;
                }
            }
            finally
            {
                if (!isKept)
                {
                    gate.Handles?.Lock.Release(); // also those that an exclusive turn has put in their place
                }
            }

            gate.Handles = null;
            handles.Dispose();
        }
    }

    private async ValueTask<LockWord> AcquireUnresolvedAsync(SandboxGate gate, Deadline deadline, CancellationToken cancellation)
    {
        SandboxHandles handles = gate.Handles ??= TryOpen(gate.Sandbox) ?? throw new NotFoundException("sandbox", gate.Sandbox);
        if (!handles.Lock.TryAcquire(LockMode.Exclusive)
            && !await WaitAsync(handles.Lock, LockMode.Exclusive, deadline, cancellation).ConfigureAwait(false))
        {
            throw handles.Lock.TimedOut(deadline.Total, null, path: PathOf(gate.Sandbox));
        }

        try
        {
            return handles.IsCurrent() ? handles.ReadWord() : throw new NotFoundException("sandbox", gate.Sandbox);
        }
        catch
        {
            gate.Handles = null;
            handles.Dispose(); // and unlocked with it
            throw;
        }
    }

    private async ValueTask<SandboxHandles> OpenAsync(string sandbox, Deadline deadline, CancellationToken cancellation)
    {
        if (TryOpen(sandbox) is { } found)
        {
            return found;
        }

        using (await names.AcquireAsync([sandbox], deadline.Remaining, cancellation).ConfigureAwait(false))
        {
            if (!Exists(sandbox) && !await resolver.FinishCreationAsync(sandbox, cancellation).ConfigureAwait(false))
            {
                throw new NotFoundException("sandbox", sandbox);
            }

            // A sandbox that only another root has, or that another program made, gets an empty lock file, which says "unknown": the
            // process that locks it first looks for its last transaction.
            Errno errno = _fs.MakeDirectory(roots.Run.Directory, sandbox, roots.Run.DirectoryPermissions, out DirectoryHandle? directory);
            errno = errno == Errno.Exists ? _fs.OpenDirectory(roots.Run.Directory, sandbox, out directory) : errno;
            StorageException.ThrowIfFailed(errno, "make the sandbox's directory", roots.Run.Directory, sandbox);
            using (directory)
            {
                FileHandle file = FileLock.OpenOrCreate(_fs, directory!, Identifier.LockFile, roots.Run.FilePermissions);
                return new SandboxHandles(roots, sandbox, new FileLock(_fs, file, LockRange.Whole, waiting));
            }
        }
    }

    private SandboxHandles? TryOpen(string sandbox)
    {
        string lockPath = SandboxHandles.LockPathOf(sandbox);
        Errno errno = Open(lockPath, out FileHandle? file);
        if (errno is Errno.ProcessFileLimit)
        {
            gates.EvictIdle();
            errno = Open(lockPath, out file);
        }

        if (errno == Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "open the lock file", roots.Run.Directory, lockPath);
        using var owned = new OwnedParts();
        if (SandboxHandles.IsShared(roots, owned.Add(file!), out _))
        {
            const string operation = "lock a sandbox whose lock file a copy of the store shares, by a hard link "
                + "(safestore repair --separate gives it one of its own)";
            throw new StorageException(operation, file!.Path, Errno.TooManyLinks);
        }

        owned.Disown();
        return new SandboxHandles(roots, sandbox, new FileLock(_fs, file!, LockRange.Whole, waiting), lockPath);
    }

    private Errno Open(string lockPath, out FileHandle? file) => _fs.OpenFile(roots.Run.Directory, lockPath, FileUse.ReadWrite, out file);
}

/// <summary>When a wait that may have several stages ends.</summary>
internal readonly struct Deadline(TimeProvider time, TimeSpan total)
{
    private readonly long _start = time.GetTimestamp();

    public TimeSpan Total => total;

    public TimeSpan Remaining
    {
        get
        {
            if (total == Timeout.InfiniteTimeSpan)
            {
                return total;
            }

            TimeSpan left = total - time.GetElapsedTime(_start);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
