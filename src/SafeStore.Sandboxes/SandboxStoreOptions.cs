namespace SafeStore.Sandboxes;

/// <summary>How a sandbox store works.</summary>
public sealed record SandboxStoreOptions
{
    /// <summary>The options of the store below.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>The documents; with kinds of devices and endpoints of the program's own, if it has any.</summary>
    public SandboxModel Model { get; init; } = SandboxModel.Default;

    /// <summary>
    /// What undoes the side effects of work that was not completed. Without a handler for a left intent, its sandbox cannot be locked
    /// exclusively.
    /// </summary>
    public UndoHandlers Undo { get; init; } = UndoHandlers.None;
}
