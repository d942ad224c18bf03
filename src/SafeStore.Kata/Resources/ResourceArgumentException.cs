using System;
using SafeStore.Kata;

namespace SafeStore;

/// <summary>An argument breaks one of the seed's rules. Nothing was read or changed.</summary>
public sealed class ResourceArgumentException : ArgumentException
{
    internal ResourceArgumentException(ResourceFault fault, string parameter, string? advice = null)
        : base(SeedMessageOf(fault) + (advice is null ? "." : $": {advice}."), parameter) =>
        Fault = fault;

    /// <summary>Which rule.</summary>
    public ResourceFault Fault { get; }

    /// <summary>The seed's own text of this error.</summary>
    public string SeedMessage => SeedMessageOf(Fault);

    private static string SeedMessageOf(ResourceFault fault) => fault switch
    {
        ResourceFault.SandboxIdMissing => "Sandbox ID cannot be empty",
        ResourceFault.ContainerIdMissing => "Container ID cannot be empty",
        ResourceFault.FileMissing => "File cannot be empty",
        ResourceFault.InvalidDataType => "Invalid resource data type",
        _ => "Invalid sandbox resource",
    };
}
