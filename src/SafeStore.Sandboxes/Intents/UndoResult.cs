using System.Collections.Generic;

namespace SafeStore.Sandboxes;

/// <summary>What <see cref="SandboxStore.UndoAllAsync"/> did in a sandbox in which something was to be undone.</summary>
/// <param name="Sandbox">The sandbox's id.</param>
/// <param name="Undone">The intents that were undone, newest first.</param>
/// <param name="IsRemoved">Whether the sandbox was only being made, and is gone with its last intent.</param>
/// <param name="Error">
/// Why something is left: <see cref="UndoFailedException"/>; <see cref="LockTimeoutException"/> if another holder has the sandbox; what is
/// wrong with the record of its intents. Null if nothing is left.
/// </param>
public sealed record UndoResult(string Sandbox, IReadOnlyList<Intent> Undone, bool IsRemoved, SafeStoreException? Error);
