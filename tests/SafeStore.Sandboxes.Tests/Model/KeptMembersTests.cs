using System;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

/// <summary>What laws have found: members that were lost on the way, and documents that could be read but not written again.</summary>
public sealed class KeptMembersTests
{
    private static readonly SandboxModel s_model = SandboxModel.Default;

    [Fact]
    public void A_member_called_like_a_property_that_is_not_stored_is_kept() =>
        AssertComesBack(
            s_model.SandboxState.Json,
            """{"state":"ready","BlockDeviceID":"","blockIndex":0,"fstype":"","pid":1,"guestMemoryBlockSize":0,"Lifecycle":"""
                + """3,"Value":"x","Unknown":[]}""");

    [Theory]
    [InlineData("""[{"Type":"generic","Data":{"ID":"d","DeviceInfo":null,"RefCount":1,"AttachCount":0,"Kind":1,"EnvelopeUnknown":"""
        + """2},"Kind":3}]""")]
    [InlineData("""[{"Type":"nvme","Data":{"Kind":1,"Reason":2},"Reason":3,"Id":4}]""")]
    public void A_device_keeps_members_called_like_its_properties_that_are_not_stored(string json) =>
        AssertComesBack(s_model.Devices.Json, json);

    [Theory]
    [InlineData("""{"Mask":"//8AAA==","Label":"","Flags":0,"Scope":0,"Peer":null,"Broadcast":"","PreferedLft":0,"ValidLft":0}""")]
    [InlineData("""{"IP":"","Mask":null,"Label":"","Flags":0,"Scope":0,"Peer":null,"Broadcast":"","PreferedLft":0,"ValidLft":0}""")]
    [InlineData("""{"Label":"","Flags":0,"Scope":0,"Peer":null,"Broadcast":"","PreferedLft":0,"ValidLft":0}""")]
    public void An_address_keeps_a_mask_without_IP_and_an_IP_without_mask(string json) =>
        AssertComesBack((JsonTypeInfo<InterfaceAddress>)s_model.Json.GetTypeInfo(typeof(InterfaceAddress)), json);

    [Fact]
    public void An_intent_without_payload_has_the_payload_null()
    {
        IntentDocument document = JsonSerializer.Deserialize("""{"Intents":[{"Number":1}]}""", s_model.Intents.Json)!;

        Assert.Equal(JsonValueKind.Null, document.Intents[0].Payload.ValueKind);
        Assert.Equal(JsonValueKind.Null, (document.Intents[0] with { Payload = default }).Payload.ValueKind);
        Assert.Contains("\"Payload\":null", JsonSerializer.Serialize(document, s_model.Intents.Json), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":1,"a":2}""", "the property 'a' appears twice")]
    [InlineData("""["\ud800"]""", "a string has an escape that stands for no character")]
    [InlineData("""{"\udc00":1}""", "a string has an escape that stands for no character")]
    [InlineData("1e400", "a number is too large for a double")]
    public void Kept_json_that_could_not_be_written_again_is_refused_when_it_is_read(string json, string reason)
    {
        AssertRefused(s_model.SandboxConfig.Json, $$"""{"AgentConfig": {{json}} }""", reason);
        AssertRefused(s_model.SandboxConfig.Json, $$"""{"newer": {{json}} }""", reason);
        AssertRefused(s_model.Devices.Json, $$"""[{"Type":"block","Data":{"ID":"d","newer": {{json}} } }]""", reason);
        AssertRefused(s_model.Devices.Json, $$"""[{"Type":"nvme","Data": {{json}} }]""", reason);
        AssertRefused(s_model.Network.Json, $$"""{"Endpoints":[{"Type":"tap","Data":{},"newer": {{json}} }] }""", reason);
    }

    [Fact]
    public void A_member_twice_is_refused_in_a_device_of_a_program_s_own_kind_too()
    {
        var lax = new JsonSerializerOptions { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        var model = new SandboxModel(
            devices: s_model.DeviceKinds.With("nvme", (JsonTypeInfo<NvmeDevice>)lax.GetTypeInfo(typeof(NvmeDevice))));

        Assert.Equal(
            2, Assert.IsType<NvmeDevice>(
            Assert.Single(JsonSerializer.Deserialize("""[{"Type":"nvme","Data":{"Queues":2}}]""", model.Devices.Json)!)).Queues);
        AssertRefused(model.Devices.Json, """[{"Type":"nvme","Data":{"Queues":1,"Queues":2}}]""", "the property 'Queues' appears twice");
    }

    private static void AssertComesBack<T>(JsonTypeInfo<T> type, string json) =>
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize(json, type)!, type));

    private static void AssertRefused<T>(JsonTypeInfo<T> type, string json, string reason) =>
        Assert.Contains(
            reason, Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, type)).Message, StringComparison.Ordinal);

    private sealed record NvmeDevice : Device
    {
        public override string Kind => "nvme";

        public int Queues { get; init; }
    }
}
