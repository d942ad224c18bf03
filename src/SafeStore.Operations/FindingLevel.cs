namespace SafeStore.Operations;

/// <summary>How much it matters what was found, in a store or below it.</summary>
public enum FindingLevel
{
    /// <summary>Worth knowing; nothing is lost.</summary>
    Note,

    /// <summary>Something is wrong: a store does not work, or has lost or may lose what it has acknowledged.</summary>
    Problem,
}
