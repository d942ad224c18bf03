using System;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Locking;

/// <summary>Finishes or undoes what a dead process left half done in a sandbox; the caller holds its exclusive lock.</summary>
internal interface IResolver
{
    /// <summary>Resolves, and writes the lock word; null when the sandbox turned out to be removed.</summary>
    ValueTask<LockWord?> ResolveAsync(SandboxHandles handles, LockWord word, CancellationToken cancellation);

    /// <summary>
    /// Finishes the creation of a sandbox whose process died after its append and before anything of it appeared; the caller holds its
    /// name. False, and what was staged is removed, if there was no such creation.
    /// </summary>
    ValueTask<bool> FinishCreationAsync(string sandbox, CancellationToken cancellation);
}

/// <summary>Takes sandbox locks: first the turn in this process, then flock on the sandbox's lock file.</summary>
internal sealed class SandboxLocker(IDurableFileSystem fs, RootSet roots, SandboxGates gates, NameLocks names, LockWaiting waiting, IResolver resolver)
{
    private string PathOf(string sandbox) => $"{roots.Run.Directory.Path}/{sandbox}/{Identifier.LockFile}";

    /// <summary>Locks an existing sandbox, resolved.</summary>
    /// <exception cref="NotFoundException">It does not exist.</exception>
    /// <exception cref="LockTimeoutException">The time is up.</exception>
    public async ValueTask<SandboxHold> LockAsync(string sandbox, LockMode mode, TimeSpan timeout, CancellationToken cancellation)
    {
        long start = waiting.Time.GetTimestamp();
        TimeSpan Remaining() => timeout == Timeout.InfiniteTimeSpan ? timeout
            : timeout - waiting.Time.GetElapsedTime(start) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

        SandboxHold hold = await EnterAsync(sandbox, mode, timeout, cancellation).ConfigureAwait(false);
        try
        {
            if (mode == LockMode.Exclusive)
            {
                hold.Version = await AcquireAsync(hold.Gate, mode, Remaining, cancellation).ConfigureAwait(false);
            }
            else
            {
                await ShareAsync(hold, Remaining, cancellation).ConfigureAwait(false);
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

    /// <summary>Takes the turn in this process for a sandbox that is to be created: there is no lock file yet.</summary>
    public ValueTask<SandboxHold> ReserveAsync(string sandbox, TimeSpan timeout, CancellationToken cancellation) =>
        EnterAsync(sandbox, LockMode.Exclusive, timeout, cancellation);

    /// <summary>Whether a sandbox has a directory in any root.</summary>
    public bool Exists(string sandbox)
    {
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            Errno errno = fs.Stat(root.Directory, sandbox, out FileStatus status);
            if (errno == Errno.None)
            {
                return status.Kind == FileKind.Directory
                    ? true
                    : throw new StorageException("use as a sandbox", $"{root.Directory.Path}/{sandbox}", status.Kind == FileKind.SymbolicLink ? Errno.SymbolicLink : Errno.NotDirectory);
            }

            if (errno != Errno.NotFound)
            {
                throw new StorageException("look for the sandbox", $"{root.Directory.Path}/{sandbox}", errno);
            }
        }

        return false;
    }

    private async ValueTask<SandboxHold> EnterAsync(string sandbox, LockMode mode, TimeSpan timeout, CancellationToken cancellation)
    {
        SandboxGate gate = gates.Enter(sandbox);
        try
        {
            FairLock.Hold? turn = await gate.Threads.EnterAsync(mode, timeout, waiting.Time, cancellation).ConfigureAwait(false);
            return turn is not null
                ? new SandboxHold(gates, gate, mode, turn)
                : throw new LockTimeoutException(PathOf(sandbox), timeout, [], $"another flow of this process (pid {Environment.ProcessId})");
        }
        catch
        {
            gates.Leave(gate);
            throw;
        }
    }

    private async ValueTask ShareAsync(SandboxHold hold, Func<TimeSpan> remaining, CancellationToken cancellation)
    {
        SandboxGate gate = hold.Gate;
        using FairLock.Hold entrance = await gate.Entrance.EnterAsync(LockMode.Exclusive, remaining(), waiting.Time, cancellation).ConfigureAwait(false)
            ?? throw new LockTimeoutException(PathOf(gate.Sandbox), remaining(), [], "another process that readers of this one wait for");
        lock (gate)
        {
            if (gate.Readers > 0)
            {
                gate.Readers++;
                hold.Version = gate.SharedVersion;
                return;
            }
        }

        Lsn version = await AcquireAsync(gate, LockMode.Shared, remaining, cancellation).ConfigureAwait(false);
        lock (gate)
        {
            gate.Readers = 1;
            gate.SharedVersion = version;
            hold.Version = version;
        }
    }

    private async ValueTask<Lsn> AcquireAsync(SandboxGate gate, LockMode mode, Func<TimeSpan> remaining, CancellationToken cancellation)
    {
        while (true)
        {
            SandboxHandles handles = gate.Handles ??= await OpenAsync(gate.Sandbox, cancellation).ConfigureAwait(false);
            await handles.Lock.AcquireAsync(mode, remaining(), cancellation).ConfigureAwait(false);
            LockWord? word = null;
            bool isKept = false;
            try
            {
                // Who waited may have got the lock of a file that is no longer the sandbox's.
                word = handles.IsCurrent() ? handles.ReadWord() : null;
                if (word is { State: not LockWordState.Idle } unresolved)
                {
                    if (mode == LockMode.Shared)
                    {
                        // Not a conversion, which is not atomic: what holds now is looked at anew.
                        handles.Lock.Release();
                        _ = await AcquireAsync(gate, LockMode.Exclusive, remaining, cancellation).ConfigureAwait(false);
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
                if (!isKept && gate.Handles == handles)
                {
                    handles.Lock.Release();
                }
            }

            gate.Handles = null;
            handles.Dispose();
        }
    }

    private async ValueTask<SandboxHandles> OpenAsync(string sandbox, CancellationToken cancellation)
    {
        if (TryOpen(sandbox) is { } found)
        {
            return found;
        }

        using (await names.AcquireAsync([sandbox], cancellation).ConfigureAwait(false))
        {
            if (!Exists(sandbox) && !await resolver.FinishCreationAsync(sandbox, cancellation).ConfigureAwait(false))
            {
                throw new NotFoundException("sandbox", sandbox);
            }

            // A sandbox that only another root has, or that another program made, gets an empty lock file, which says "unknown": whoever
            // locks it first looks for its last transaction.
            Errno errno = fs.MakeDirectory(roots.Run.Directory, sandbox, RootDirectory.DirectoryMode);
            StorageException.ThrowIfFailed(errno == Errno.Exists ? Errno.None : errno, "make the sandbox's directory", roots.Run.Directory.Path, sandbox);
            StorageException.ThrowIfFailed(fs.OpenDirectory(roots.Run.Directory, sandbox, out DirectoryHandle? directory), "open the directory", roots.Run.Directory.Path, sandbox);
            using (directory)
            {
                return new SandboxHandles(fs, roots, sandbox, FileLock.Open(fs, directory!, Identifier.LockFile, waiting));
            }
        }
    }

    private SandboxHandles? TryOpen(string sandbox)
    {
        Errno errno = Open(sandbox, out FileHandle? file);
        if (errno is Errno.ProcessFileLimit)
        {
            gates.EvictIdle();
            errno = Open(sandbox, out file);
        }

        if (errno == Errno.NotFound)
        {
            return null;
        }

        StorageException.ThrowIfFailed(errno, "open the lock file", PathOf(sandbox));
        return new SandboxHandles(fs, roots, sandbox, new FileLock(fs, file!, waiting));
    }

    private Errno Open(string sandbox, out FileHandle? file) =>
        fs.OpenFile(roots.Run.Directory, $"{sandbox}/{Identifier.LockFile}", FileUse.ReadWrite, out file);
}
