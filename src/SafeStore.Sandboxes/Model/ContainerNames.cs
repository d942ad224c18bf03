using System;
using System.Linq;

namespace SafeStore.Sandboxes;

/// <summary>What a container may be called beside what the engine allows.</summary>
internal static class ContainerNames
{
    /// <summary>Names in a sandbox's directory that are documents of it: a container of that name would be in their way.</summary>
    private static readonly string[] s_reserved =
        ["config.json", "state.json", "network.json", "hypervisor.json", "agent.json", "process.json", "mounts.json", "devices.json",
            "persist.json", IntentDocument.File];

    public static string Check(string container) => s_reserved.Contains(container)
        ? throw new ArgumentException(
            $"'{container}' is the name of a document of the sandbox and cannot be a container id.", nameof(container))
        : container;
}
