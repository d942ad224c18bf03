using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>What runs in a container.</summary>
public sealed record ContainerCommand : StoredObject
{
    public IReadOnlyList<string>? Args { get; init; }

    public IReadOnlyList<EnvironmentVariable>? Envs { get; init; } = [];

    public IReadOnlyList<string>? SupplementaryGroups { get; init; } = [];

    /// <summary>A number or a name.</summary>
    public string User { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>A number or a name.</summary>
    public string PrimaryGroup { get; init => field = value ?? string.Empty; } = string.Empty;

    public string WorkDir { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Tty path.</summary>
    public string Console { get; init => field = value ?? string.Empty; } = string.Empty;

    public LinuxCapabilities Capabilities { get; init => field = value ?? new(); } = new();

    public bool Interactive { get; init; }

    public bool Detach { get; init; }

    public bool NoNewPrivileges { get; init; }
}

/// <summary>An environment variable.</summary>
public sealed record EnvironmentVariable : StoredObject
{
    [JsonPropertyName("Var")]
    public string Name { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Value { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>The five sets of Linux capabilities (capabilities(7)), by name.</summary>
public sealed record LinuxCapabilities : StoredObject
{
    public IReadOnlyList<string>? Bounding { get; init; }

    public IReadOnlyList<string>? Effective { get; init; }

    public IReadOnlyList<string>? Inheritable { get; init; }

    public IReadOnlyList<string>? Permitted { get; init; }

    public IReadOnlyList<string>? Ambient { get; init; }
}
