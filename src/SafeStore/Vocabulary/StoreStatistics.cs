namespace SafeStore;

/// <summary>What a store object has done since it was opened.</summary>
/// <param name="Commits">Transactions that it committed.</param>
/// <param name="RolledForward">Transactions of dead processes that it finished, at a lock or at recovery.</param>
/// <param name="RolledBack">Sandboxes in which it removed what a dead process had staged, or whose lock word was new.</param>
/// <param name="Checkpoints">Checkpoints that released segments.</param>
/// <param name="Unstamped">
/// Documents that it wrote without a stamp, since the filesystem keeps no attributes of users or had no room for one.
/// </param>
public sealed record StoreStatistics(long Commits, long RolledForward, long RolledBack, long Checkpoints, long Unstamped);
