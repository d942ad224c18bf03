using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

public sealed class PersistFilesTests
{
    public static TheoryData<string> Files
    {
        get
        {
            var files = new TheoryData<string>();
            foreach (string file in Directory.EnumerateFiles(Trees.PersistRun, "persist.json", SearchOption.AllDirectories))
            {
                files.Add(Path.GetRelativePath(Trees.PersistRun, file));
            }

            return files;
        }
    }

    [Fact]
    public void There_are_five_sandboxes_and_twenty_one_containers() => Assert.Equal(5 + 21, Files.Count);

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_that_the_successor_wrote_is_read_and_written_back_with_an_equal_value(string file)
    {
        byte[] json = await File.ReadAllBytesAsync(Path.Combine(Trees.PersistRun, file), TestContext.Current.CancellationToken);

        byte[] again = IsOfContainer(file) ? WriteBack(PersistDocuments.Container, json) : WriteBack(PersistDocuments.Sandbox, json);

        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(json), JsonElement.Parse(again)), file);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_member_of_a_file_that_the_successor_wrote_has_a_property(string file)
    {
        byte[] json = await File.ReadAllBytesAsync(Path.Combine(Trees.PersistRun, file), TestContext.Current.CancellationToken);

        Assert.Empty(
            IsOfContainer(file) ? UnknownMembers.Of(PersistDocuments.Container, json) : UnknownMembers.Of(PersistDocuments.Sandbox, json));
    }

    [Fact]
    public void A_cgroup_without_limits_is_written_without_any_and_one_with_limits_with_all()
    {
        const string Bare = """{"path":"/a","scope_prefix":"","Paths":null}""";
        const string Limited =
            """{"path":"/a","scope_prefix":"","Paths":null,"devices":null,"memory":0,"blkio_weight_device":"""
                + """null,"blkio_throttle_read_bps_device":null,"blkio_throttle_write_bps_device":"""
                + """null,"blkio_throttle_read_iops_device":null,"blkio_throttle_write_iops_device":null,"hugetlb_limit":"""
                + """null,"memory_swappiness":null,"net_prio_ifpriomap":null}""";

        foreach (string cgroup in (string[])[Bare, Limited])
        {
            string json = $$$"""{"Config":{"cgroups":{{{cgroup}}}}}""";
            JsonElement again = JsonElement.Parse(WriteBack(PersistDocuments.Sandbox, Encoding.UTF8.GetBytes(json)));
            Assert.True(JsonElement.DeepEquals(JsonElement.Parse(cgroup), again.GetProperty("Config").GetProperty("cgroups")),
                again.GetRawText());
        }
    }

    private static bool IsOfContainer(string file) => file.Split('/').Length == 3;

    private static byte[] WriteBack<T>(DocumentKind<T> kind, byte[] json) =>
        JsonSerializer.SerializeToUtf8Bytes(JsonSerializer.Deserialize(json, kind.Json)!, kind.Json);
}
