namespace SafeStore.Operations;

/// <summary>What a verification has found (docs/verify.md has every code, and what to do).</summary>
/// <param name="Code">What kind of thing it is: stable, for scripts.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Path">The file or directory.</param>
/// <param name="Message">What is found there, and what to do.</param>
public sealed record Finding(string Code, FindingLevel Level, string Path, string Message)
{
    /// <summary>The root in which it lies; null for what belongs to neither.</summary>
    public StoreRoot? Root { get; init; }

    /// <summary>The sandbox; null for what belongs to none.</summary>
    public string? Sandbox { get; init; }

    /// <summary>The document; null for what is none.</summary>
    public DocumentId? Document { get; init; }
}
