namespace SafeStore;

/// <summary>What the opening of a store may do.</summary>
public enum StoreOpening
{
    /// <summary>Opens the store, recovers it if no process has it open, and makes a new one if there is none.</summary>
    OpenOrCreate = 0,

    /// <summary>
    /// The same for a store that exists; where there is none nothing is made, no directory either: a service whose disk is not mounted does
    /// not start with an empty store. A run root on a volatile filesystem, which a restart of the machine has emptied, is made anew.
    /// </summary>
    MustExist = 1,

    /// <summary>
    /// Looks only: makes and writes nothing, recovers nothing, and keeps no other process from anything but, under a shared lock of a
    /// sandbox, its writers. Works on a read-only mount, on a full disk, on a faulted store, and with the right to read alone.
    /// <see cref="StateStore.PendingTransactions"/> tells what cannot be seen.
    /// </summary>
    ReadOnly = 2,
}
