using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

public sealed class PersistStatesTests
{
    private static readonly PersistTree s_tree = PersistTree.Read(PersistTree.Ordinary);

    [Fact]
    public void A_sandbox_of_persist_json_has_the_seeds_state()
    {
        State state = s_tree.Convert().State;

        Assert.Equal(("running", Lifecycle.Running), (state.Text, state.Lifecycle));
        Assert.Equal(128u, state.GuestMemoryBlockSize);
        Assert.Equal((string.Empty, string.Empty), (state.BlockDeviceId, state.FsType));
    }

    [Fact]
    public void What_the_seeds_state_of_a_sandbox_lacks_is_kept_as_unknown_members()
    {
        IDictionary<string, JsonElement> unknown = s_tree.Convert().State.Unknown!;

        Assert.Equal(
            ["CgroupPath", "CgroupPaths", "GuestMemoryHotplugProbe", "PersistVersion", "SandboxContainer"],
            unknown.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("/kubepods/pod1/kata_sandbox-0-82105802916e4f8", unknown["CgroupPath"].GetString());
        Assert.Equal("/sys/fs/cgroup/cpu/x", unknown["CgroupPaths"].GetProperty("cpu").GetString());
        Assert.Equal(2, unknown["PersistVersion"].GetInt32());
    }

    [Fact]
    public void The_pid_of_a_sandbox_is_that_of_its_own_container()
    {
        var containers =
            new Dictionary<string, PersistContainer>(s_tree.Containers) { [s_tree.Id] = new() { Process = new() { Pid = 77 } } };

        Assert.Equal(77, PersistConversion.Convert(s_tree.Id, s_tree.Sandbox, containers).State.Pid);
        Assert.Equal(0, s_tree.Convert().State.Pid);
    }

    [Fact]
    public void The_next_block_index_is_one_above_the_highest_in_use() => Assert.Equal(11, s_tree.Convert().State.BlockIndex);

    [Theory]
    [InlineData(0, new long[0])]
    [InlineData(1, new long[] { 0 })]
    [InlineData(0, new long[] { -5 })]
    [InlineData(8, new long[] { 7, 0, 3 })]
    [InlineData(long.MaxValue, new[] { 0, long.MaxValue })]
    public void The_next_block_index_is_above_all_of_the_map(long next, long[] used) => Assert.Equal(next, NextBlockIndex(used));

    [Fact]
    public void The_next_block_index_is_also_above_those_of_devices_that_the_map_forgot()
    {
        Assert.Equal(42, NextBlockIndex([1], new PersistDevice { BlockDrive = new() { Index = 41 } }));
        Assert.Equal(52, NextBlockIndex([1], new PersistDevice { VhostUserDevice = new() { Index = 51 } }));
    }

    [Fact]
    public void The_state_of_qemu_becomes_the_seeds()
    {
        ConvertedSandbox converted = s_tree.Convert();

        Assert.Null(converted.Firecracker);
        Assert.Equal(("u", 0L, false), (converted.Qemu!.Uuid, converted.Qemu.HotpluggedMemory, converted.Qemu.HotplugVfioOnRootBus));
        Assert.Equal("cpu-0", Assert.Single(converted.Qemu.HotpluggedVcpus!).Id);
        Bridge bridge = Assert.Single(converted.Qemu.Bridges!);
        Assert.Equal(("pci", "pci-bridge-0", 2L), (bridge.Type, bridge.Id, bridge.Slot));
        Assert.Equal("x", bridge.Address![1]);
        Assert.Null(bridge.Unknown);
        Assert.Equal(
            ["APISocket", "BlockIndexMap", "PCIeRootPort", "Pid", "Type", "VirtiofsdPid"],
            converted.Qemu.Unknown!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(101, converted.Qemu.Unknown["VirtiofsdPid"].GetInt32());
    }

    [Fact]
    public void The_state_of_firecracker_becomes_the_seeds_and_keeps_the_rest()
    {
        ConvertedSandbox converted = With(s_tree.Sandbox.HypervisorState with { Type = "firecracker" });

        Assert.Null(converted.Qemu);
        Assert.Equal(100, converted.Firecracker!.Pid);
        Assert.DoesNotContain("Pid", converted.Firecracker.Unknown!.Keys);
        Assert.Equal("u", converted.Firecracker.Unknown["UUID"].GetString());
        Assert.Equal("x", converted.Firecracker.Unknown["Bridges"][0].GetProperty("DeviceAddr").GetProperty("1").GetString());
    }

    [Theory]
    [InlineData("clh")]
    [InlineData("acrn")]
    [InlineData("")]
    public void Another_hypervisor_has_no_document_of_the_seeds(string type)
    {
        ConvertedSandbox converted = With(s_tree.Sandbox.HypervisorState with { Type = type });

        Assert.Null(converted.Qemu);
        Assert.Null(converted.Firecracker);
        Assert.Equal(11, converted.State.BlockIndex);
    }

    [Fact]
    public void The_agents_state_is_the_seeds()
    {
        AgentState agent = s_tree.Convert().Agent;

        Assert.Equal((9L, "vsock://3:1024"), (agent.ProxyPid, agent.Url));
    }

    [Fact]
    public void An_unknown_member_of_the_seeds_name_and_of_another_shape_does_not_stop_the_conversion()
    {
        PersistSandbox sandbox = PersistTree.Parse(PersistDocuments.Sandbox, """{"State":"ready","blockIndex":"not a number","New":1}""");

        State state = PersistConversion.Convert("s", sandbox, new Dictionary<string, PersistContainer>()).State;

        Assert.Equal(("ready", 0L), (state.Text, state.BlockIndex));
        Assert.Equal(1, state.Unknown!["New"].GetInt32());
        Assert.DoesNotContain("blockIndex", state.Unknown.Keys);
    }

    private static ConvertedSandbox With(PersistHypervisorState hypervisor) =>
        (s_tree with { Sandbox = s_tree.Sandbox with { HypervisorState = hypervisor } }).Convert();

    private static long NextBlockIndex(long[] used, params PersistDevice[] devices)
    {
        var sandbox = new PersistSandbox
        {
            Devices = devices,
            HypervisorState = new() { BlockIndexMap = used.ToDictionary(static index => index, static _ => new PersistBlockIndex()) },
        };
        return PersistConversion.Convert("s", sandbox, new Dictionary<string, PersistContainer>()).State.BlockIndex;
    }
}
