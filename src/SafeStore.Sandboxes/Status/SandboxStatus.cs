using System.Collections.Generic;

namespace SafeStore.Sandboxes;

/// <summary>
/// What is known of a sandbox. What could not be read is null and has an error in <see cref="Errors"/>: a damaged document hides nothing
/// else.
/// </summary>
/// <param name="Id">The sandbox's id.</param>
/// <param name="Config">How it was made; null if it has no configuration.</param>
/// <param name="State">Its state; null if it has none.</param>
/// <param name="Containers">Its containers, sorted by id.</param>
/// <param name="Intents">What is to be undone unless it is completed.</param>
/// <param name="IsCreating">Whether it is only being made, or was when its maker died.</param>
/// <param name="Errors">Why something could not be read.</param>
public sealed record SandboxStatus(
    string Id, SandboxConfig? Config, State? State, IReadOnlyList<ContainerStatus> Containers, IReadOnlyList<Intent> Intents,
        bool IsCreating, IReadOnlyList<SafeStoreException> Errors)
{
    /// <summary>Where it stands in its life.</summary>
    public Lifecycle Lifecycle => State?.Lifecycle ?? Lifecycle.Unknown;
}

/// <summary>What is known of a container.</summary>
/// <param name="Id">The container's id.</param>
/// <param name="Config">How it was made; null if it has no configuration, or that could not be read.</param>
/// <param name="State">Its state; null likewise.</param>
/// <param name="Process">Its process; null likewise.</param>
public sealed record ContainerStatus(string Id, ContainerConfig? Config, State? State, ContainerProcess? Process)
{
    /// <summary>Where it stands in its life.</summary>
    public Lifecycle Lifecycle => State?.Lifecycle ?? Lifecycle.Unknown;
}
