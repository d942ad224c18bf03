namespace SafeStore;

/// <summary>How a lock is held.</summary>
public enum LockMode
{
    /// <summary>Together with other shared holders: for reading several documents at one point in time.</summary>
    Shared,

    /// <summary>Alone: for changing documents.</summary>
    Exclusive,
}
