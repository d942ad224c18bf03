using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Minirun;

/// <summary>A line from the client: what to do, with which container.</summary>
internal sealed record Request(string Verb, string Id = "", IReadOnlyList<string>? Command = null);

/// <summary>The line that answers it. Without an error it is done, and durable.</summary>
internal sealed record Answer(string? Error = null, IReadOnlyList<Container>? Containers = null, string? Log = null);

/// <summary>What the daemon remembers of a container: the document of its sandbox.</summary>
internal sealed record Container(string Id, IReadOnlyList<string> Command, Status Status = Status.Created);

internal enum Status
{
    /// <summary>It has its directory, namespace and mount, and no process.</summary>
    Created,

    /// <summary>It has a process, at least when this was written.</summary>
    Running,

    /// <summary>Its process has ended or was killed; it can be started again.</summary>
    Stopped,

    /// <summary>It is being taken apart. That cannot be undone, only finished.</summary>
    Deleting,
}

/// <summary>A request cannot be met; the client is told why.</summary>
internal sealed class MinirunException(string message) : Exception(message);

[JsonSourceGenerationOptions(
    UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Request))]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(Container))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class Json : JsonSerializerContext;
