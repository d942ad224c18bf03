using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

/// <summary>
/// What is read from input that a Go reader takes in its own way; docs/sandboxes-go.md is the table of it. One test is one row.
/// </summary>
public sealed class GoDifferencesTests(GoDifferencesTests.OneSandbox sandbox) : IClassFixture<GoDifferencesTests.OneSandbox>
{
    private static readonly SandboxModel s_model = SandboxModel.Default;

    [Fact]
    public void Unknown_members_are_kept()
    {
        AgentState agent = Read(s_model.Agent, """{"ProxyPid":1,"newer":{"a":[1]},"URL":"x"}""")!;

        Assert.Equal("""{"ProxyPid":1,"URL":"x","newer":{"a":[1]}}""", JsonSerializer.Serialize(agent, s_model.Agent.Json));
    }

    [Fact]
    public void Names_are_matched_in_any_ASCII_case() =>
        Assert.Equal(
        (1, "x"), (Read(s_model.Agent, """{"proxypid":1,"uRL":"x"}""")!.ProxyPid, Read(s_model.Agent, """{"uRL":"x"}""")!.Url));

    [Fact]
    public void Names_with_other_letters_that_fold_to_ASCII_are_unknown_members()
    {
        Assert.Equal("To\u212aen", Assert.Single(Read(s_model.Process, "{\"To\u212aen\":\"t\"}")!.Unknown!).Key);
        Assert.Equal("\u017ftate", Assert.Single(Read(s_model.ContainerState, "{\"\u017ftate\":\"ready\"}")!.Unknown!).Key);
    }

    [Theory]
    [InlineData("""{"URL":"a","URL":"b"}""")]
    [InlineData("""{"URL":"a","url":"b"}""")]
    [InlineData("""{"newer":1,"newer":2}""")]
    public void A_member_that_is_there_twice_is_refused(string json) => AssertRefused(s_model.Agent, json, "Duplicate property");

    [Fact]
    public void A_missing_member_is_a_zero_value()
    {
        ContainerProcess process = Read(s_model.Process, "{}")!;

        Assert.Equal((string.Empty, 0, "0001-01-01T00:00:00Z"), (process.Token, process.Pid, process.StartTime.ToString()));
    }

    [Fact]
    public void Missing_Endpoints_are_null_and_missing_Data_is_a_raw_device()
    {
        Assert.Null(Read(s_model.Network, """{"NetNsPath":"/n"}""")!.Endpoints);
        var device = Assert.IsType<RawDevice>(Assert.Single(Read(s_model.Devices, """[{"Type":"block"}]""")!));
        Assert.Equal((JsonValueKind.Undefined, "it has no Data"), (device.Data.ValueKind, device.Reason));
    }

    [Fact]
    public void A_null_of_a_list_a_map_or_an_optional_object_is_null()
    {
        ContainerConfig config = Read(s_model.ContainerConfig, """{"Annotations":null,"Mounts":null,"Resources":{"memory":null}}""")!;

        Assert.Null(config.Annotations);
        Assert.Null(config.Mounts);
        Assert.Null(config.Resources.Memory);
    }

    [Theory]
    [InlineData("""{"ID":null}""")]
    [InlineData("""{"ReadonlyRootfs":null}""")]
    [InlineData("""{"Cmd":null}""")]
    public void A_null_of_a_text_a_number_a_truth_or_an_object_is_refused(string json)
    {
        AssertRefused(s_model.ContainerConfig, json, "it is not a ContainerConfig");
        AssertRefused(s_model.Agent, """{"ProxyPid":null}""", "it is not a AgentState");
    }

    [Fact]
    public void A_null_among_devices_or_endpoints_is_refused()
    {
        AssertRefused(s_model.Devices, "[null]", "An entry of the list must be an object");
        AssertRefused(s_model.Network, """{"Endpoints":[null]}""", "An entry of the list must be an object");
    }

    [Fact]
    public void A_null_in_another_list_is_kept() => Assert.Null(Assert.Single(Read(s_model.Mounts, "[null]")!));

    [Fact]
    public void A_document_null_reads_as_one_that_is_not_there()
    {
        Assert.Null(Read(s_model.Agent, "null"));
        Assert.Null(Read(s_model.Network, "null"));
        Assert.Null(Read(s_model.Mounts, "null"));
    }

    [Fact]
    public void A_document_of_another_kind_is_refused()
    {
        AssertRefused(s_model.Agent, "[]", "it is not a AgentState");
        AssertRefused(s_model.Mounts, "{}", "it is not a");
        AssertRefused(s_model.Agent, "\"text\"", "it is not a AgentState");
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData(" \n", "it is not valid JSON")]
    [InlineData("{\"ProxyPid\":1,\"UR", "it is not valid JSON")]
    [InlineData("\0\0\0\0", "it is not valid JSON")]
    [InlineData("\ufeff{}", "it starts with a byte order mark")]
    [InlineData("{} x", "it is not valid JSON")]
    [InlineData("{}{}", "it is not valid JSON")]
    [InlineData("{/*c*/}", "it is not valid JSON")]
    [InlineData("{\"ProxyPid\":1,}", "it is not valid JSON")]
    [InlineData("{\"URL\":\"a\nb\"}", "it is not valid JSON")]
    public void What_is_not_one_JSON_value_is_refused(string text, string reason) => AssertRefused(s_model.Agent, text, reason);

    [Fact]
    public void Blanks_around_the_value_are_accepted() => Assert.Equal(1, Read(s_model.Agent, "\t\r\n {\"ProxyPid\":1} \n\n")!.ProxyPid);

    [Theory]
    [InlineData("2.0")]
    [InlineData("1e3")]
    [InlineData("\"1\"")]
    [InlineData("9223372036854775808")]
    [InlineData("true")]
    public void What_is_not_an_integer_of_the_member_s_range_is_refused(string number) =>
        AssertRefused(s_model.Agent, $$"""{"ProxyPid": {{number}} }""", "it is not a AgentState");

    [Fact]
    public void Invalid_UTF_8_and_lone_surrogates_are_refused()
    {
        AssertRefused(s_model.Agent, [.. "{\"URL\":\""u8, 0xff, .. "\"}"u8], "it is not valid UTF-8");
        AssertRefused(s_model.Agent, """{"URL":"\ud800"}""", "it is not a AgentState");
        AssertRefused(s_model.Agent, """{"newer":"\ud800"}""", "it is not a AgentState");
    }

    [Fact]
    public void A_state_that_is_not_known_is_kept()
    {
        State state = Read(s_model.SandboxState, """{"state":"sleeping"}""")!;

        Assert.Equal(("sleeping", Lifecycle.Unknown), (state.Text, state.Lifecycle));
    }

    [Fact]
    public void A_slot_that_is_not_a_number_is_refused_and_zeros_before_one_are_accepted()
    {
        AssertRefused(s_model.Qemu, """{"Bridges":[{"Address":{"x":"d"}}]}""", "it is not a QemuState");
        AssertRefused(s_model.Qemu, """{"Bridges":[{"Address":{"1":"d","01":"e"}}]}""", "it is not a QemuState");
        Assert.Equal("d", Read(s_model.Qemu, """{"Bridges":[{"Address":{"01":"d"}}]}""")!.Bridges![0].Address![1]);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"2019-01-02T03:04:05\"")]
    [InlineData("\"2019-01-02t03:04:05Z\"")]
    [InlineData("\"2019-01-02T03:04:05z\"")]
    [InlineData("\"2019-01-02T24:00:00Z\"")]
    [InlineData("\"2019-01-02T23:59:60Z\"")]
    [InlineData("\"2019-01-02T03:04:05,5Z\"")]
    [InlineData("\"0000-01-02T03:04:05Z\"")]
    public void What_is_not_a_time_is_refused(string time) =>
        AssertRefused(s_model.Process, $$"""{"StartTime": {{time}} }""", "A time must be RFC 3339 text");

    [Theory]
    [InlineData("2019-01-02T03:04:05-00:00")]
    [InlineData("2019-01-02T03:04:05.123456789123Z")]
    [InlineData("2019-01-02T03:04:05.500000000+00:00")]
    public void A_time_stays_the_text_that_it_is(string time) =>
        Assert.Equal(time, Read(s_model.Process, $$"""{"StartTime":"{{time}}"}""")!.StartTime.ToString());

    [Fact]
    public void Integers_in_members_of_any_kind_keep_every_digit()
    {
        SandboxConfig config =
            Read(s_model.SandboxConfig, """{"AgentConfig":{"b":9007199254740993,"a":18446744073709551616},"ShimConfig":1.10}""")!;

        Assert.Equal("""{"b":9007199254740993,"a":18446744073709551616}""", config.AgentConfig!.Value.GetRawText());
        Assert.Contains("\"ShimConfig\":1.10", JsonSerializer.Serialize(config, s_model.SandboxConfig.Json), StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoints_and_devices_of_any_kind_are_kept_each_for_itself()
    {
        Endpoint[] endpoints =
            [.. Read(s_model.Network,
            """{"Endpoints":[{"Type":"ipvlan","Data":{}},{"Type":"newer","Data":{}},{"Type":"tap","Data":null},"""
                + """{"Type":"tap","Data":{"PCIAddr":7}}]}""")!.Endpoints!];

        Assert.Equal(
            [typeof(IPVlanEndpoint), typeof(RawEndpoint), typeof(RawEndpoint), typeof(RawEndpoint)],
            endpoints.Select(static endpoint => endpoint.GetType()));
        Assert.IsType<VhostUserBlkDevice>(
            Assert.Single(Read(s_model.Devices, """[{"Type":"vhost-user-blk-pci","Data":{"SocketPath":"/s"}}]""")!));
        Assert.IsType<RawDevice>(Assert.Single(Read(s_model.Devices, """[{"Type":"Block","Data":{}}]""")!));
    }

    [Fact]
    public void Destinations_and_encapsulations_of_routes_are_kept()
    {
        const string json =
            """{"Endpoints":[{"Type":"tap","Data":{"EndpointProperties":{"Routes":[{"NewDst":{"Labels":[16]},"Encap":{"Mode":"""
                + """1,"Segments":["fc00::1"]}}]}}}]}""";
        Route route = Assert.IsType<TapEndpoint>(Read(s_model.Network, json)!.Endpoints![0]).EndpointProperties.Routes![0];

        Assert.Equal(
            ("""{"Labels":[16]}""", """{"Mode":1,"Segments":["fc00::1"]}"""),
            (route.NewDst!.Value.GetRawText(), route.Encap!.Value.GetRawText()));
    }

    [Fact]
    public void A_number_too_large_for_a_double_is_refused_where_it_is_kept_as_JSON()
    {
        AssertRefused(s_model.SandboxConfig, """{"AgentConfig":1e400}""", "a number is too large for a double");
        AssertRefused(s_model.SandboxConfig, """{"newer":[1e400]}""", "a number is too large for a double");
    }

    [Fact]
    public void Sixty_four_levels_are_read_and_more_are_refused()
    {
        static string Nested(int depth) => "{\"newer\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";

        Assert.NotNull(Read(s_model.Agent, Nested(64)));
        AssertRefused(s_model.Agent, Nested(65), "it is not valid JSON");
    }

    private T? Read<T>(DocumentKind<T> kind, string json) => Read(kind, Encoding.UTF8.GetBytes(json));

    private T? Read<T>(DocumentKind<T> kind, byte[] json) => sandbox.Read(kind, json);

    private void AssertRefused<T>(DocumentKind<T> kind, string json, string reason) =>
        AssertRefused(kind, Encoding.UTF8.GetBytes(json), reason);

    private void AssertRefused<T>(DocumentKind<T> kind, byte[] json, string reason) =>
        Assert.Contains(reason, Assert.Throws<DocumentCorruptException>(() => Read(kind, json)).Reason, StringComparison.Ordinal);

    /// <summary>A store with one sandbox and one container, in which a file is put in a document's place.</summary>
    public sealed class OneSandbox : IAsyncLifetime
    {
        private readonly TestSandboxes _test = new();
        private StateStore _store = null!;

        public async ValueTask InitializeAsync()
        {
            _store = await StateStore.OpenAsync(_test.Layout);
            await using SandboxLock created = await _store.LockNewAsync("sb");
            await created.Change().CreateContainer("c").CommitAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await _store.DisposeAsync();
            _test.Dispose();
        }

        public T? Read<T>(DocumentKind<T> kind, byte[] json)
        {
            string directory = kind.Scope == DocumentScope.Container ? "sb/c" : "sb";
            File.WriteAllBytes(
                Path.Join(kind.Root == StoreRoot.Config ? _test.Layout.Config : _test.Layout.Run, directory, kind.File), json);
            return kind.Scope == DocumentScope.Container ? _store.Read("sb", "c", kind) : _store.Read("sb", kind);
        }
    }
}
