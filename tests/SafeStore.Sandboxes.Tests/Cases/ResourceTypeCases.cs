using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's filesystem_resource_storage_test.go: resources of the model, and what is refused.</summary>
public sealed class ResourceTypeCases : IDisposable
{
    private const SandboxResource Invalid = (SandboxResource)(-1);

    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("case", "10")]
    public async Task FetchContainerConfigSuccessful_has_the_members_that_the_file_has_and_no_others()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/c-1/config.json"), """{"ID":"c-1","RootFs":"rootfs"}""");

        ContainerConfig? config = store.Kata().FetchContainer<ContainerConfig>("sb-1", "c-1", SandboxResource.Config);

        // What the file does not have is null, as nil is in the seed; a new record has the seed's empty lists and maps.
        var expected = new ContainerConfig
        {
            Id = "c-1",
            RootFs = "rootfs",
            Annotations = null,
            Mounts = null,
            DeviceInfos = null,
        };
        CaseCalls.AssertSame(CaseCalls.Model.ContainerConfig, expected, config);
        Assert.Null(config!.Unknown);
    }

    [Fact]
    [Trait("case", "11")]
    [Trait("case", "15")]
    public async Task FetchContainerConfigFailingContIDEmpty_and_FetchContainerMountsFailingContIDEmpty()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");

        CaseCalls.AssertFault(
            ResourceFault.ContainerIdMissing, () => store.Kata().FetchContainer<ContainerConfig>("sb-1", "", SandboxResource.Config));
        CaseCalls.AssertFault(
            ResourceFault.ContainerIdMissing, () => store.Kata().FetchContainer<IReadOnlyList<Mount>>("sb-1", "", SandboxResource.Mounts));
    }

    [Fact]
    [Trait("case", "12")]
    [Trait("case", "16")]
    public async Task FetchContainerConfigFailingSandboxIDEmpty_and_FetchContainerMountsFailingSandboxIDEmpty()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");

        CaseCalls.AssertFault(
            ResourceFault.SandboxIdMissing, () => store.Kata().FetchContainer<ContainerConfig>("", "c-1", SandboxResource.Config));
        CaseCalls.AssertFault(
            ResourceFault.SandboxIdMissing, () => store.Kata().FetchContainer<IReadOnlyList<Mount>>("", "c-1", SandboxResource.Mounts));
    }

    [Fact]
    [Trait("case", "13")]
    public async Task FetchContainerMountsSuccessful_reads_indented_text_and_zeros_what_is_missing()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await _test.WriteRunFileAsync(
            "sb-1/c-1/mounts.json",
            "\n  [\n    {\n      \"Source\": \"/dev/sda1\",\n      \"Destination\": \"/root\",\n      \"Type\": \"ext4\",\n      "
            + "\"Options\": [\n        \"rw\"\n      ],\n      \"HostPath\": \"/host/root\"\n    }\n  ]\n\n");

        IReadOnlyList<Mount>? mounts = store.Kata().FetchContainer<IReadOnlyList<Mount>>("sb-1", "c-1", SandboxResource.Mounts);

        var expected =
            new Mount
            {
                Source = "/dev/sda1",
                Destination = "/root",
                Type = "ext4",
                Options = ["rw"],
                HostPath = "/host/root",
                ReadOnly = false,
                BlockDeviceId = ""
            };
        CaseCalls.AssertSame(CaseCalls.Model.Mounts, [expected], mounts);
    }

    [Fact]
    [Trait("case", "14")]
    public async Task FetchContainerMountsInvalidType_is_an_error_that_names_the_file()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await _test.WriteRunFileAsync("sb-1/c-1/mounts.json", """{"Source":"/dev/sda1"}""");

        DocumentCorruptException failure =
            Assert.Throws<DocumentCorruptException>(
            () => store.Kata().FetchContainer<IReadOnlyList<Mount>>("sb-1", "c-1", SandboxResource.Mounts));

        Assert.Equal(_test.RunPath("sb-1/c-1/mounts.json"), failure.Path);
    }

    [Fact]
    [Trait("case", "17")]
    public async Task ResourceDirFailingSandboxIDEmpty()
    {
        await using SandboxStore store = await _test.OpenAsync();

        CaseCalls.AssertFault(ResourceFault.SandboxIdMissing, () => store.Kata().UriOf("", SandboxResource.Config));
        CaseCalls.AssertFault(ResourceFault.SandboxIdMissing, () => store.Kata().UriOfContainer("", "c-1", SandboxResource.Config));
    }

    [Fact]
    [Trait("case", "18")]
    [Trait("case", "19")]
    public async Task ResourceDirFailingInvalidResource_and_ResourceURIFailingResourceDir()
    {
        await using SandboxStore store = await _test.OpenAsync();

        CaseCalls.AssertFault(ResourceFault.InvalidResource, () => store.Kata().UriOf("sb-1", Invalid));
        CaseCalls.AssertFault(ResourceFault.InvalidResource, () => store.Kata().UriOfContainer("sb-1", "c-1", Invalid));
    }

    [Fact]
    [Trait("case", "20")]
    public Task StoreResourceFailingSandboxConfigStateFileType() =>
        RefusedAsync(TestSandboxes.ConfigOf("sb-1"), SandboxResource.State, ResourceFault.InvalidResource);

    [Fact]
    [Trait("case", "21")]
    public Task StoreResourceFailingContainerConfigStateFileType() =>
        RefusedAsync(CaseCalls.ConfigOf("c-1"), SandboxResource.State, ResourceFault.InvalidResource);

    [Fact]
    [Trait("case", "22")]
    public async Task StoreResourceFailingSandboxConfigResourceURI()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () => store.Kata().StoreAsync("", SandboxResource.Config, TestSandboxes.ConfigOf("sb-1")));
    }

    [Fact]
    [Trait("case", "23")]
    public async Task StoreResourceFailingContainerConfigResourceURI()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");

        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () =>
                store.Kata().StoreContainerAsync("", "c-1", SandboxResource.Config, CaseCalls.ConfigOf("c-1")));
        await CaseCalls.AssertFaultAsync(
            ResourceFault.ContainerIdMissing, () =>
            store.Kata().StoreContainerAsync("sb-1", "", SandboxResource.Config, CaseCalls.ConfigOf("c-1")));
    }

    [Fact]
    [Trait("case", "24")]
    public Task StoreResourceFailingStateConfigFileType() =>
        RefusedAsync(CaseCalls.StateOf(Lifecycle.Ready), SandboxResource.Config, ResourceFault.InvalidResource);

    [Fact]
    [Trait("case", "25")]
    public async Task StoreResourceFailingStateResourceURI()
    {
        await using SandboxStore store = await _test.OpenAsync();

        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () => store.Kata().StoreAsync("", SandboxResource.State, CaseCalls.StateOf(Lifecycle.Ready)));
    }

    [Fact]
    [Trait("case", "26")]
    public Task StoreResourceFailingWrongDataType() => RefusedAsync(FieldPair.Value, SandboxResource.Config, ResourceFault.InvalidDataType);

    [Fact]
    [Trait("case", "27")]
    public async Task FetchResourceFailingWrongResourceType()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");

        CaseCalls.AssertFault(ResourceFault.InvalidResource, () => store.Kata().Fetch<State>("sb-1", SandboxResource.Lock));
        CaseCalls.AssertFault(ResourceFault.InvalidResource, () => store.Kata().FetchContainer<State>("sb-1", "c-1", SandboxResource.Lock));
    }

    /// <summary>Refused in both scopes, and what was stored is as it was.</summary>
    private async Task RefusedAsync<T>(T value, SandboxResource resource, ResourceFault fault)
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        SortedDictionary<string, string> before = _test.Tree();

        await CaseCalls.AssertFaultAsync(fault, () => store.Kata().StoreAsync("sb-1", resource, value));
        await CaseCalls.AssertFaultAsync(fault, () => store.Kata().StoreContainerAsync("sb-1", "c-1", resource, value));

        Assert.Equal(before, _test.Tree());
    }
}
