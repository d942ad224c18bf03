using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>Block I/O limits.</summary>
public sealed record LinuxBlockIO : StoredObject
{
    [JsonPropertyName("weight"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ushort? Weight { get; init; }

    [JsonPropertyName("leafWeight"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ushort? LeafWeight { get; init; }

    [JsonPropertyName("weightDevice"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LinuxWeightDevice>? WeightDevice { get; init; }

    [JsonPropertyName("throttleReadBpsDevice"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleReadBpsDevice { get; init; }

    [JsonPropertyName("throttleWriteBpsDevice"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleWriteBpsDevice { get; init; }

    [JsonPropertyName("throttleReadIOPSDevice"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleReadIopsDevice { get; init; }

    [JsonPropertyName("throttleWriteIOPSDevice"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleWriteIopsDevice { get; init; }
}

/// <summary>The weight of one device.</summary>
public sealed record LinuxWeightDevice : StoredObject
{
    [JsonPropertyName("major")]
    public long Major { get; init; }

    [JsonPropertyName("minor")]
    public long Minor { get; init; }

    [JsonPropertyName("weight"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ushort? Weight { get; init; }

    [JsonPropertyName("leafWeight"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ushort? LeafWeight { get; init; }
}

/// <summary>A rate limit of one device, in bytes or operations per second.</summary>
public sealed record LinuxThrottleDevice : StoredObject
{
    [JsonPropertyName("major")]
    public long Major { get; init; }

    [JsonPropertyName("minor")]
    public long Minor { get; init; }

    [JsonPropertyName("rate")]
    public ulong Rate { get; init; }
}
