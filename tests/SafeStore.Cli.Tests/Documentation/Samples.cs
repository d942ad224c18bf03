using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Tests.Documentation.Samples;

/// <summary>What the pages' blocks take for granted: a program's own documents, with source-generated JSON.</summary>
[JsonSerializable(typeof(SandboxState))]
[JsonSerializable(typeof(WebConfig))]
[JsonSerializable(typeof(NvmeDevice))]
[JsonSerializable(typeof(NetNs))]
[JsonSerializable(typeof(Cgroup))]
public sealed partial class MyJson : JsonSerializerContext;

public sealed record SandboxState(string Value);

public sealed record WebConfig(string Image);

public sealed record NvmeDevice : Device
{
    [JsonIgnore]
    public override string Kind => "nvme";

    public string Serial { get; init; } = "";
}

public sealed record NetNs(string Path)
{
    public Task CreateAsync() => Task.FromResult(Path);

    public Task DeleteIfThereAsync(CancellationToken cancellationToken) => Task.FromResult(Path);
}

public sealed record Cgroup(string Path)
{
    public Task CreateAsync() => Task.FromResult(Path);

    public Task RemoveIfThereAsync(CancellationToken cancellationToken) => Task.FromResult(Path);
}
