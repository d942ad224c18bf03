using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

public sealed class DocumentReadingTests
{
    private static readonly DocumentReading s_reading = new();

    [Theory]
    [InlineData(StoreRoot.Config, null, "config.json", "SandboxConfig")]
    [InlineData(StoreRoot.Config, "web", "config.json", "ContainerConfig")]
    [InlineData(StoreRoot.Config, null, "intents.json", "Intents")]
    [InlineData(StoreRoot.Run, null, "state.json", "State")]
    [InlineData(StoreRoot.Run, "web", "state.json", "State")]
    [InlineData(StoreRoot.Run, null, "network.json", "NetworkNamespace")]
    [InlineData(StoreRoot.Run, null, "hypervisor.json", "QemuState")]
    [InlineData(StoreRoot.Run, null, "agent.json", "AgentState")]
    [InlineData(StoreRoot.Run, "web", "process.json", "ContainerProcess")]
    [InlineData(StoreRoot.Run, "web", "mounts.json", "Mounts")]
    [InlineData(StoreRoot.Run, null, "devices.json", "Devices")]
    [InlineData(StoreRoot.Run, "web", "devices.json", "ContainerDevices")]
    [InlineData(StoreRoot.Run, null, "config.json", null)]
    [InlineData(StoreRoot.Run, "web", "network.json", null)]
    [InlineData(StoreRoot.Run, "web", "hypervisor.json", null)]
    [InlineData(StoreRoot.Run, null, "persist.json", "PersistSandbox")]
    public void The_file_the_root_and_the_scope_say_what_kind_of_document_it_is(
        StoreRoot root, string? container, string file, string? kind)
    {
        DocumentReport report = s_reading.Read(new DocumentId("sb", container, root, file), "null"u8, "qemu");

        Assert.Equal((kind is null ? DocumentVerdict.UnknownKind : DocumentVerdict.Ok, kind), (report.Verdict, report.Kind));
    }

    [Theory]
    [InlineData("qemu", "QemuState")]
    [InlineData("firecracker", "FirecrackerState")]
    [InlineData("mock", null)]
    [InlineData(null, null)]
    public void The_type_of_hypervisor_json_depends_on_the_hypervisor(string? hypervisor, string? kind) =>
        Assert.Equal(kind, s_reading.Read(OfSandbox("hypervisor.json"), "null"u8, hypervisor).Kind);

    [Theory]
    [InlineData("""{"ID":"sb","HypervisorType":"qemu"}""", "qemu")]
    [InlineData("""{"hypervisortype":"qemu"}""", "qemu")]
    [InlineData("""{"HypervisorType":1}""", null)]
    [InlineData("{}", null)]
    [InlineData("[]", null)]
    [InlineData("{", null)]
    [InlineData("", null)]
    public void The_hypervisor_is_read_from_a_configuration_that_may_be_damaged(string config, string? type) =>
        Assert.Equal(type, DocumentReading.HypervisorTypeOf(Encoding.UTF8.GetBytes(config)));

    [Theory]
    [InlineData("agent.json", "", 0, "it is empty")]
    [InlineData("agent.json", "{\"ProxyPid\":1", 13, "it is not valid JSON")]
    [InlineData("agent.json", "{} {}", 3, "it is not valid JSON")]
    [InlineData("agent.json", "\uFEFF{}", 0, "byte order mark")]
    [InlineData("agent.json", "{\"ProxyPid\":1,\"ProxyPid\":2}", 14, "the property 'ProxyPid' appears twice")]
    [InlineData("agent.json", "{\"ProxyPid\":1,\"proxypid\":2}", null, "AgentState")]
    [InlineData("agent.json", "{\"ProxyPid\":1.5}", 15, "it is not a document of its type, AgentState")]
    [InlineData("agent.json", "{\"ProxyPid\":null}", null, "it is not a document of its type, AgentState")]
    [InlineData("agent.json", "[]", 1, "it is not a document of its type, AgentState")]
    [InlineData("network.json", "{\"Endpoints\":[1]}", null, "NetworkNamespace")]
    [InlineData("devices.json", "[{\"ID\":\"a\",\"ContainerPath\":\"/x\"}]", 0, "the shape of a container's list of devices")]
    [InlineData("unknown.json", "{\"a\":\"\\ud800\"}", 5, "an escape that stands for no character")]
    public void A_damaged_document_has_a_reason_and_a_position(string file, string json, int? position, string reason)
    {
        DocumentReport report = s_reading.Read(OfSandbox(file), Encoding.UTF8.GetBytes(json), null);

        Assert.Equal(DocumentVerdict.Damaged, report.Verdict);
        Assert.Contains(reason, report.Reason, StringComparison.Ordinal);
        Assert.NotNull(report.Position);
        Assert.Equal(position ?? report.Position, report.Position);
    }

    [Fact]
    public void A_sandbox_s_list_of_devices_in_a_container_is_damage()
    {
        DocumentReport report =
            s_reading.Read(new DocumentId("sb", "web", StoreRoot.Run, "devices.json"), """[{"Type":"block","Data":{}}]"""u8, null);

        Assert.Equal(DocumentVerdict.Damaged, report.Verdict);
        Assert.Contains("the shape of a sandbox's list of devices", report.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"ProxyPid":1}""", "$.URL", JsonDifferenceKind.Added, "$.URL is added with \"\"")]
    [InlineData("""{"ProxyPid":1,"url":""}""", "$.url", JsonDifferenceKind.Renamed, "$.url is written as 'URL'")]
    public void A_document_that_would_be_written_otherwise_has_the_first_difference(
        string json, string path, JsonDifferenceKind kind, string text)
    {
        DocumentReport report = s_reading.Read(OfSandbox("agent.json"), Encoding.UTF8.GetBytes(json), null);

        Assert.Equal((DocumentVerdict.Different, path, kind), (report.Verdict, report.Difference!.Path, report.Difference.Kind));
        Assert.Equal(text, report.Difference.ToString());
        Assert.Equal("written back, " + text, report.Reason);
    }

    [Fact]
    public void Members_that_the_type_does_not_have_are_kept_and_no_difference() =>
        Assert.Equal(
            DocumentVerdict.Ok, s_reading.Read(OfSandbox("agent.json"), """{"ProxyPid":1,"URL":"","New":{"a":[1]}}"""u8, null).Verdict);

    [Fact]
    public void Devices_and_endpoints_of_unknown_kinds_are_notes()
    {
        DocumentReport devices =
            s_reading.Read(OfSandbox("devices.json"), """[{"Type":"nvme","Data":{}},{"Type":"block","Data":7}]"""u8, null);
        DocumentReport network =
            s_reading.Read(
            OfSandbox("network.json"), """{"NetNsPath":"","NetNsCreated":false,"Endpoints":[{"Type":"wire","Data":{}}]}"""u8, null);

        Assert.Equal((DocumentVerdict.Ok, DocumentVerdict.Ok), (devices.Verdict, network.Verdict));
        Assert.Equal(
            ["device of kind 'nvme' kept as it stands: its kind is not known",
            "device of kind 'block' kept as it stands: its Data is not an object"],
            devices.Notes);
        Assert.Equal(["endpoint of kind 'wire' kept as it stands: its kind is not known"], network.Notes);
    }

    [Fact]
    public void An_id_that_is_not_that_of_the_directory_is_a_note()
    {
        DocumentReport report = s_reading.Read(new DocumentId("sb", "web", StoreRoot.Config, "config.json"), """{"ID":"other"}"""u8, null);

        Assert.Contains("its ID is 'other', not that of its directory", report.Notes);
    }

    [Theory]
    [InlineData("[1,2]", "[1]", "$[1] is lost")]
    [InlineData("[1]", "[1,[]]", "$[1] is added with []")]
    [InlineData("""{"a b":{"c":[0,{"d":1}]}}""", """{"a b":{"c":[0,{"d":2}]}}""", "$['a b'].c[1].d becomes 2")]
    [InlineData("""{"a":1,"b":2}""", """{"b":2}""", "$.a is lost")]
    [InlineData("""{"a":1}""", "[]", "$ becomes []")]
    [InlineData("""{"a":1.0,"b":2}""", """{"b":2,"a":1}""", null)]
    public void The_first_difference_is_found_by_value(string before, string after, string? difference) =>
        Assert.Equal(
            difference, JsonDifference.Find(
            System.Text.Json.JsonElement.Parse(before), System.Text.Json.JsonElement.Parse(after))?.ToString());

    /// <summary>A second is enough; with a search for each member among all others it was an hour.</summary>
    [Fact(Timeout = 120_000)]
    public async Task The_first_difference_of_very_large_objects_is_found_in_time()
    {
        const int Members = 500_000;
        string[] members = [.. Enumerable.Range(0, Members).Select(static i => $"\"member-{i}\":1")];
        string before = $"{{{string.Join(',', members)}}}";
        string after = $"{{{string.Join(',', members.Reverse().SkipLast(1))}}}";

        JsonDifference? difference = await Task.Run(
            () => JsonDifference.Find(System.Text.Json.JsonElement.Parse(after), System.Text.Json.JsonElement.Parse(before)),
            TestContext.Current.CancellationToken);

        Assert.Equal("$['member-0'] is added with 1", difference?.ToString());
    }

    private static DocumentId OfSandbox(string file) => new("sb", null, StoreRoot.Run, file);
}
