using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

public sealed class PersistDevicesTests
{
    private static readonly IReadOnlyList<Device> s_ordinary = PersistTree.Read(PersistTree.Ordinary).Convert().Devices;

    [Fact]
    public void A_device_of_persist_json_becomes_the_seeds_device()
    {
        Assert.Equal(["a1", "a2", "a3", "a4"], s_ordinary.Select(static device => device.Id));
        Assert.Equal(["block", "vfio", "vhost-user-blk-pci", "generic"], s_ordinary.Select(static device => device.Kind));
        Assert.Equal((1UL, 1UL), (s_ordinary[0].RefCount, s_ordinary[0].AttachCount));
        DeviceInfo info = s_ordinary[0].DeviceInfo!;
        Assert.Equal(("a1", "b", 8L, 1L, string.Empty), (info.Id, info.DevType, info.Major, info.Minor, info.HostPath));
        Assert.Equal("virtio-blk", info.DriverOptions!["block-driver"]);
    }

    [Fact]
    public void Whether_a_device_is_cold_plugged_is_kept_in_its_info() =>
        Assert.Equal([false, false, false, true], s_ordinary.Select(static device => device.DeviceInfo!.Unknown!["ColdPlug"].GetBoolean()));

    [Fact]
    public void A_block_device_has_its_drive_without_an_address_of_its_PCI_path()
    {
        var device = Assert.IsType<BlockDevice>(s_ordinary[0]);
        BlockDrive drive = device.BlockDrive!;

        Assert.Null(device.Unknown);
        Assert.Equal(
            ("/dev/sda1", "raw", "drive-a1", 1L, "/dev/vda", string.Empty),
            (drive.File, drive.Format, drive.Id, drive.Index, drive.VirtPath, drive.PciAddress));
        Assert.Equal(["DevNo", "PCIPath", "Pmem"], drive.Unknown!.Keys.Order());
        Assert.Equal("{}", drive.Unknown["PCIPath"].GetRawText());
    }

    [Fact]
    public void A_block_device_that_is_not_attached_has_no_drive() =>
        Assert.Null(Assert.IsType<BlockDevice>(Convert(new() { Type = "block" })).BlockDrive);

    [Fact]
    public void A_vfio_device_has_its_functions()
    {
        var device = Assert.IsType<VfioDevice>(s_ordinary[1]);
        VfioFunction function = Assert.Single(device.VfioDevs!)!;

        Assert.Null(device.Unknown);
        Assert.Equal(("vfio-a20", VfioFunctionType.Normal, "02:00.0"), (function.Id, function.Type, function.Bdf));
    }

    [Fact]
    public void The_widest_type_of_a_vfio_function_is_kept()
    {
        PersistDevice other =
            PersistTree.Ids.SelectMany(static id => PersistTree.Read(id).Sandbox.Devices ?? [])
            .Single(static device => device.VfioDevs?[0]!.Type == (VfioFunctionType)uint.MaxValue);

        Assert.Equal((VfioFunctionType)uint.MaxValue, Assert.IsType<VfioDevice>(Convert(other with { Type = "vfio" })).VfioDevs![0]!.Type);
    }

    [Theory]
    [InlineData("vhost-user-blk-pci", typeof(VhostUserBlkDevice))]
    [InlineData("vhost-user-scsi-pci", typeof(VhostUserScsiDevice))]
    [InlineData("virtio-net-pci", typeof(VhostUserNetDevice))]
    public void A_vhost_user_device_has_its_attributes_beside_the_others(string kind, System.Type type)
    {
        PersistDevice persist = PersistTree.Read("sandbox-2-7582c4bfdce4d897").Sandbox.Devices![0];
        PersistVhostUserDevice attributes = persist.VhostUserDevice!;

        var device = Assert.IsType<VhostUserDevice>(Convert(persist with { Type = kind }), exactMatch: false);

        Assert.IsType(type, device);
        Assert.Equal(
            (attributes.DevId, attributes.SocketPath, attributes.Type, attributes.MacAddress, persist.Id, persist.Major),
            (device.DevId, device.SocketPath, device.Type, device.MacAddress, device.Id, device.DeviceInfo!.Major));
        Assert.NotEqual(string.Empty, device.MacAddress);
        Assert.Equal(["Index", "PCIPath"], device.Unknown!.Keys.Order());
        Assert.Equal(attributes.Index, device.Unknown["Index"].GetInt64());
    }

    [Fact]
    public void A_vhost_user_device_without_attributes_has_its_kind() =>
        Assert.Equal("virtio-net-pci", Assert.IsType<VhostUserNetDevice>(Convert(new() { Type = "virtio-net-pci" })).Type);

    [Fact]
    public void A_part_of_another_kind_is_kept_as_an_unknown_member()
    {
        Device generic = Convert(new() { Type = "generic", BlockDrive = new() { File = "/dev/x" } });

        Assert.Equal("/dev/x", generic.Unknown!["BlockDrive"].GetProperty("File").GetString());
    }

    [Fact]
    public void A_device_of_a_kind_that_the_seed_lacks_is_kept_as_it_stands()
    {
        PersistTree tree = PersistTree.Read("sandbox-3-2c78ff1a3b01eb7f");

        var device = Assert.IsType<RawDevice>(Assert.Single(tree.Convert().Devices));

        Assert.Equal(tree.Sandbox.Devices![0].Type, device.Kind);
        Assert.Equal(tree.Sandbox.Devices[0].BlockDrive!.File, device.Data.GetProperty("BlockDrive").GetProperty("File").GetString());
        Assert.True(device.Data.TryGetProperty("VFIODevs", out _));
    }

    [Fact]
    public void Unknown_members_of_devices_survive()
    {
        const string Json = """
            {"Devices":[
              {"ID":"a","Type":"block","New":1,"BlockDrive":{"New":2}},
              {"ID":"b","Type":"vfio","New":1,"VFIODevs":[{"New":2}]},
              {"ID":"c","Type":"virtio-net-pci","New":1,"VhostUserDev":{"Newer":2,"new":3}}]}
            """;
        IReadOnlyList<Device> devices = ConvertAll(PersistTree.Parse(PersistDocuments.Sandbox, Json));

        Assert.Equal([1, 1, 1], devices.Select(static device => New(device)));
        Assert.Equal((2, 2), (New(((BlockDevice)devices[0]).BlockDrive!), New(((VfioDevice)devices[1]).VfioDevs![0]!)));
        Assert.Equal(["Index", "New", "Newer"], devices[2].Unknown!.Keys.Order());
    }

    [Fact]
    public void An_entry_that_is_null_is_kept_as_an_empty_device() =>
        Assert.IsType<RawDevice>(Assert.Single(ConvertAll(PersistTree.Parse(PersistDocuments.Sandbox, """{"Devices":[null]}"""))));

    [Fact]
    public void The_devices_can_be_written_and_read_as_the_seeds_document()
    {
        JsonElement json = JsonSerializer.SerializeToElement(s_ordinary, SandboxModel.Default.Devices.Json);
        IReadOnlyList<Device> again = json.Deserialize(SandboxModel.Default.Devices.Json)!;

        Assert.Equal(s_ordinary.Select(static device => device.GetType()), again.Select(static device => device.GetType()));
        Assert.True(SandboxModel.AreEqual(SandboxModel.Default.Devices, s_ordinary, again));
    }

    private static Device Convert(PersistDevice device) => Assert.Single(ConvertAll(new PersistSandbox { Devices = [device] }));

    private static IReadOnlyList<Device> ConvertAll(PersistSandbox sandbox) =>
        PersistConversion.Convert("s", sandbox, new Dictionary<string, PersistContainer>()).Devices;

    private static int New(StoredObject converted) => converted.Unknown!["New"].GetInt32();
}
