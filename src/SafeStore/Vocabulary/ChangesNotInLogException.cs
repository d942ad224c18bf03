namespace SafeStore;

/// <summary>
/// Changes from a position on were asked for that the log does not hold: a checkpoint has released them, a volatile root was lost with
/// them, or the store has never come so far, since it was restored from an older copy, for instance. Nothing was changed. List all, and go
/// on from there (<c>FollowAsync</c>).
/// </summary>
public sealed class ChangesNotInLogException : SafeStoreException
{
    internal ChangesNotInLogException(Lsn from, Lsn oldest, Lsn? last = null)
        : base($"The changes from LSN {from} on are not in the log: " + (last is { } end
            ? $"the store's last transaction is LSN {end}. Was it restored from an older copy? "
            : $"the oldest that it holds is LSN {oldest}. ")
            + "List all sandboxes and go on from there (FollowAsync).")
    {
        From = from;
        Oldest = oldest;
    }

    /// <inheritdoc/>
    public override string Code => "changes-not-in-log";

    /// <summary>The first LSN that was asked for.</summary>
    public Lsn From { get; }

    /// <summary>The oldest LSN that can be asked for; nothing need have been committed with it yet.</summary>
    public Lsn Oldest { get; }
}
