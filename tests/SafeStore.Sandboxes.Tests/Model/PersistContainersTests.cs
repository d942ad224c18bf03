using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

public sealed class PersistContainersTests
{
    private static readonly ConvertedContainer s_ordinary = PersistTree.Read(PersistTree.Ordinary).Convert().Containers["c1"];

    [Fact]
    public void A_container_of_persist_json_has_the_seeds_state()
    {
        PersistTree tree = PersistTree.Read("sandbox-1-3ea6b94fe1470b81");
        ConvertedContainer container = tree.Convert().Containers["cont-1-0"];
        PersistContainer persist = tree.Containers["cont-1-0"];

        Assert.Equal(
            (persist.State, persist.Rootfs.BlockDeviceId, persist.Rootfs.FsType, 0L, 0L),
            (container.State.Text, container.State.BlockDeviceId, container.State.FsType, container.State.BlockIndex,
            container.State.Pid));
        Assert.Equal(["BundlePath", "CgroupPath"], container.State.Unknown!.Keys.Order());
        Assert.Equal(persist.CgroupPath, container.State.Unknown["CgroupPath"].GetString());
        Assert.Equal(persist.BundlePath, container.State.Unknown["BundlePath"].GetString());
    }

    [Fact]
    public void The_process_is_the_seeds_with_its_nanoseconds()
    {
        Assert.Equal(
            ("t", 5L, "2021-05-05T14:51:00.000000123Z"),
            (s_ordinary.Process.Token, s_ordinary.Process.Pid, s_ordinary.Process.StartTime.ToString()));
        Assert.Equal(123, s_ordinary.Process.StartTime.Nanoseconds);
    }

    [Fact]
    public void A_mount_is_the_seeds_and_its_forgotten_type_stays_empty()
    {
        Mount mount = Assert.Single(s_ordinary.Mounts!);

        Assert.Equal(("/a", "/b", "", false), (mount.Source, mount.Destination, mount.Type, mount.ReadOnly));
        Assert.Equal(["ro"], mount.Options!);
    }

    [Fact]
    public void A_device_map_is_the_containers_use_of_a_device_and_keeps_mode_and_owner()
    {
        ContainerDevice device = Assert.Single(s_ordinary.Devices!);

        Assert.Equal(("a1", "/dev/x"), (device.Id, device.ContainerPath));
        Assert.Equal(
            (432, 1, 2), (device.Unknown!["FileMode"].GetInt32(), device.Unknown["UID"].GetInt32(), device.Unknown["GID"].GetInt32()));
        Assert.Equal(3, device.Unknown.Count);
    }

    [Fact]
    public void Lists_that_are_null_stay_null_and_empty_ones_empty()
    {
        ConvertedContainer Convert(PersistContainer container) =>
            PersistConversion.Convert("s", new PersistSandbox(), new Dictionary<string, PersistContainer> { ["c"] = container })
                .Containers["c"];

        Assert.Null(Convert(new()).Mounts);
        Assert.Null(Convert(new()).Devices);
        Assert.Empty(Convert(new() { Mounts = [], DeviceMaps = [] }).Mounts!);
        Assert.Empty(Convert(new() { Mounts = [], DeviceMaps = [] }).Devices!);
    }

    [Fact]
    public void Unknown_members_of_a_container_survive()
    {
        PersistContainer container = PersistTree.Parse(
            PersistDocuments.Container,
            """{"New":1,"Rootfs":{"New":0,"Source":"s"},"DeviceMaps":[{"ID":"d","New":2}],"Mounts":[{"New":3}],"Process":{"New":4}}""");

        ConvertedContainer converted =
            PersistConversion.Convert("s", new PersistSandbox(), new Dictionary<string, PersistContainer> { ["c"] = container })
            .Containers["c"];

        Assert.Equal((1, "s"), (New(converted.State), converted.State.Unknown!["Source"].GetString()));
        Assert.Equal((2, 3, 4), (New(converted.Devices![0]), New(converted.Mounts![0]), New(converted.Process)));
    }

    [Fact]
    public void The_configuration_is_the_one_of_the_sandboxs_list_with_the_containers_id()
    {
        PersistTree tree = PersistTree.Read("sandbox-1-3ea6b94fe1470b81");
        PersistContainerConfig persist = tree.Sandbox.Config.ContainerConfigs![1];
        var containers = new Dictionary<string, PersistContainer> { [persist.Id] = new(), ["other"] = new() };

        ConvertedSandbox converted = PersistConversion.Convert(tree.Id, tree.Sandbox, containers);

        ContainerConfig config = converted.Containers[persist.Id].Config!;
        Assert.Equal((persist.Id, persist.RootFs), (config.Id, config.RootFs));
        Assert.Equal(persist.Annotations, config.Annotations);
        Assert.Equal(JsonSerializer.Serialize(persist.Resources, Json), JsonSerializer.Serialize(config.Resources, Json));
        Assert.NotEqual("{}", JsonSerializer.Serialize(config.Resources, Json));
        Assert.Null(config.Mounts);
        Assert.Null(config.Unknown);
        Assert.Null(converted.Containers["other"].Config);
        Assert.Equal(
            tree.Sandbox.Config.ContainerConfigs.Select(static one => one.Id), converted.Config.Containers!.Select(static one => one.Id));
    }

    private static JsonTypeInfo<LinuxResources> Json =>
        (JsonTypeInfo<LinuxResources>)SandboxModel.Default.Json.GetTypeInfo(typeof(LinuxResources));

    private static int New(StoredObject converted) => converted.Unknown!["New"].GetInt32();
}
