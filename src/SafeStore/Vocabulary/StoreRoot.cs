namespace SafeStore;

/// <summary>A directory tree that holds documents.</summary>
public enum StoreRoot
{
    /// <summary>The persistent root: configuration, and the store's own log.</summary>
    Config = 0,

    /// <summary>The root for state, with the sandboxes' lock files; often on a volatile filesystem (/run).</summary>
    Run = 1,
}

/// <summary>What a document belongs to.</summary>
public enum DocumentScope
{
    /// <summary>A sandbox: the file lies in the sandbox's directory.</summary>
    Sandbox,

    /// <summary>A container: the file lies in the container's directory below the sandbox's.</summary>
    Container,
}
