using System.Collections.Generic;
using System.Text.Json;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// Devices. One of a kind that the seed lacks becomes a <see cref="RawDevice"/> with the whole device of <c>persist.json</c>.
/// </summary>
internal static class DeviceConversion
{
    public static Device ToSeed(PersistDevice device) => device.Type switch
    {
        "generic" => As<GenericDevice>(device),
        "vfio" => As<VfioDevice>(device),
        "block" => As<BlockDevice>(device with { BlockDrive = null }) with { BlockDrive = ToSeed(device.BlockDrive) },
        "vhost-user-blk-pci" => AsVhostUser<VhostUserBlkDevice>(device),
        "vhost-user-scsi-pci" => AsVhostUser<VhostUserScsiDevice>(device),
        "virtio-net-pci" => AsVhostUser<VhostUserNetDevice>(device),
        _ => new RawDevice(device.Type, Reread.ToJson(device), "its kind is not known"),
    };

    /// <summary>Its PCI path is always <c>{}</c> and no address can be made of it.</summary>
    private static BlockDrive? ToSeed(PersistBlockDrive? drive) => drive is null ? null : Reread.As<PersistBlockDrive, BlockDrive>(drive);

    private static T AsVhostUser<T>(PersistDevice device)
        where T : VhostUserDevice
    {
        T converted = As<T>(device with { VhostUserDevice = null });
        if (device.VhostUserDevice is null)
        {
            return converted;
        }

        T part = Reread.As<PersistVhostUserDevice, T>(device.VhostUserDevice);
        return converted with
        {
            DevId = part.DevId,
            SocketPath = part.SocketPath,
            Type = part.Type,
            MacAddress = part.MacAddress,
            Unknown = Reread.Merge(converted.Unknown, part.Unknown),
        };
    }

    private static T As<T>(PersistDevice device)
        where T : Device =>
        Reread.As<PersistDevice, T>(
            device, "Type", "DevType", "Major", "Minor", "ColdPlug", "DriverOptions") with
        { DeviceInfo = InfoOf(device) };

    /// <summary>Never null: the seed cannot use a device without it.</summary>
    private static DeviceInfo InfoOf(PersistDevice device) => new()
    {
        Id = device.Id,
        DevType = device.DevType,
        Major = device.Major,
        Minor = device.Minor,
        DriverOptions = device.DriverOptions,
        Unknown = new Dictionary<string, JsonElement> { ["ColdPlug"] = Reread.ToJson(device.ColdPlug) },
    };
}
