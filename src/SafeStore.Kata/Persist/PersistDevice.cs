using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>A device of a sandbox: what all have and, by its kind, one of three parts.</summary>
public sealed record PersistDevice : StoredObject
{
    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The kind, as in <see cref="TypedObject.Kind"/> of a <see cref="Device"/>.</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>How many containers use it.</summary>
    public ulong RefCount { get; init; }

    /// <summary>How often it is attached to the virtual machine.</summary>
    public ulong AttachCount { get; init; }

    /// <summary><c>c</c>, <c>b</c>, <c>u</c>, <c>p</c>.</summary>
    public string DevType { get; init => field = value ?? string.Empty; } = string.Empty;

    public long Major { get; init; }

    public long Minor { get; init; }

    /// <summary>Whether it can only be plugged in before the virtual machine starts.</summary>
    public bool ColdPlug { get; init; }

    /// <summary>E.g. <c>block-driver</c> to <c>virtio-scsi</c>.</summary>
    public IReadOnlyDictionary<string, string>? DriverOptions { get; init; }

    /// <summary>Of a <c>block</c> device that is attached.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistBlockDrive? BlockDrive { get; init; }

    /// <summary>Of a <c>vfio</c> device that is attached.</summary>
    [JsonPropertyName("VFIODevs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<VfioFunction?>? VfioDevs { get; init; }

    /// <summary>Of a device behind a vhost-user socket.</summary>
    [JsonPropertyName("VhostUserDev"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PersistVhostUserDevice? VhostUserDevice { get; init; }
}

/// <summary>The drive that a block device is in the guest.</summary>
public sealed record PersistBlockDrive : StoredObject
{
    public string File { get; init => field = value ?? string.Empty; } = string.Empty;

    public string Format { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("ID")]
    public string Id { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>SCSI LUN / disk index.</summary>
    public long Index { get; init; }

    [JsonPropertyName("MmioAddr")]
    public string MmioAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its one member is hidden from the encoder, so that the file has <c>{}</c> and never the path.</summary>
    [JsonPropertyName("PCIPath"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? PciPath { get; init; }

    /// <summary>SCSI-Id:LUN.</summary>
    [JsonPropertyName("SCSIAddr")]
    public string ScsiAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    [JsonPropertyName("NvdimmID")]
    public string NvdimmId { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>/dev/vdX in the guest.</summary>
    public string VirtPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The device number of a channel device (s390x).</summary>
    public string DevNo { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Whether it is persistent memory.</summary>
    public bool Pmem { get; init; }
}

/// <summary>What all devices behind a vhost-user socket have.</summary>
public sealed record PersistVhostUserDevice : StoredObject
{
    /// <summary>The device's id in the virtual machine.</summary>
    [JsonPropertyName("DevID")]
    public string DevId { get; init => field = value ?? string.Empty; } = string.Empty;

    public string SocketPath { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The kind, once more.</summary>
    public string Type { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>The address of a network device, empty for others.</summary>
    public string MacAddress { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Its one member is hidden from the encoder, so that the file has <c>{}</c> and never the path.</summary>
    [JsonPropertyName("PCIPath"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? PciPath { get; init; }

    /// <summary>The block index of a block device.</summary>
    public long Index { get; init; }
}
