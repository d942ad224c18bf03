using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore;

/// <summary>A lock was not free within the time-out. Nothing was changed. Try again, wait longer, or look at who holds it.</summary>
public sealed class LockTimeoutException : SafeStoreException
{
    internal LockTimeoutException(
        string path, TimeSpan timeout, IReadOnlyList<LockHolder> holders, string? unknownHolder, string? name = null)
        : base($"The lock {(name is null ? "" : $"'{name}' in ")}'{path}' was not free within "
            + $"{timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s; it is held by {Tell(holders, unknownHolder)}. "
            + $"Try again, wait longer, or see what that process does.")
    {
        Path = path;
        Timeout = timeout;
        Holders = holders;
        Name = name;
    }

    /// <inheritdoc/>
    public override string Code => "lock-timeout";

    /// <summary>The lock file.</summary>
    public string Path { get; }

    /// <summary>Which of the store's own locks, that are bytes of the file, it is; null for a sandbox's lock.</summary>
    public string? Name { get; }

    /// <summary>How long was waited.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>Who holds it, as far as the kernel told (/proc/locks); empty when it did not.</summary>
    public IReadOnlyList<LockHolder> Holders { get; }

    /// <summary>The label of what holds it in this process (<see cref="StateStore.BeginOwner"/>); null if it has none.</summary>
    public string? Owner { get; internal init; }

    private static string Tell(IReadOnlyList<LockHolder> holders, string? unknownHolder) => holders.Count == 0
        ? unknownHolder ?? "a process that /proc/locks does not show"
        : string.Join(", ", holders.Select(static holder => $"pid {holder.ProcessId} ({holder.Command})"));
}

/// <summary>
/// The same flow of execution asks for a sandbox's lock that it holds already; waiting would never end. Use the lock that is held, or
/// dispose it first.
/// </summary>
public sealed class LockAlreadyHeldException : SafeStoreException
{
    internal LockAlreadyHeldException(string sandbox, string? owner)
        : base($"{(owner is null ? "This flow of execution" : $"The owner '{owner}'")} holds the lock of sandbox '{sandbox}' already, and "
            + $"would wait for itself. Use the lock that it holds, or dispose that first.") =>
        Sandbox = sandbox;

    /// <inheritdoc/>
    public override string Code => "lock-already-held";

    /// <summary>The sandbox.</summary>
    public string Sandbox { get; }
}
