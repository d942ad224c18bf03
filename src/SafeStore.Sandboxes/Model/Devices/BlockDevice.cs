using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>A block device.</summary>
public sealed record BlockDevice : Device
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => "block";

    /// <summary>Null until attached.</summary>
    public BlockDrive? BlockDrive { get; init; }
}

/// <summary>The drive that a block device is in the guest.</summary>
public sealed record BlockDrive : StoredObject
{
    private const string RawFormat = "raw";

    public string File { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary><c>raw</c> unless it says otherwise.</summary>
    public string Format { get; init => field = value ?? RawFormat; } = RawFormat;

    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>SCSI LUN / disk index.</summary>
    public long Index { get; init; }

    [JsonPropertyName("MmioAddr")]
    public string MmioAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("PCIAddr")]
    public string PciAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>SCSI-Id:LUN.</summary>
    [JsonPropertyName("SCSIAddr")]
    public string ScsiAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("NvdimmID")]
    public string NvdimmId { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>/dev/vdX in the guest.</summary>
    public string VirtPath { get; init => field = value ?? string.Empty; } = string.Empty;
}
