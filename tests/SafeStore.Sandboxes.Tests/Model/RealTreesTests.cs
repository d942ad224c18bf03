using System;
using System.IO;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

public sealed class RealTreesTests
{
    private static readonly SandboxModel s_model = SandboxModel.Default;

    public static TheoryData<string> Files
    {
        get
        {
            var files = new TheoryData<string>();
            foreach (string file in Directory.EnumerateFiles(Trees.Kata, "*.json", SearchOption.AllDirectories))
            {
                files.Add(Path.GetRelativePath(Trees.Kata, file));
            }

            return files;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_that_the_seed_wrote_is_read_and_written_back_with_an_equal_value(string file)
    {
        byte[] json = await File.ReadAllBytesAsync(Path.Combine(Trees.Kata, file), TestContext.Current.CancellationToken);

        byte[] again = WriteBack(file, json);

        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(json), JsonElement.Parse(again)), file);
    }

    private static byte[] WriteBack(string file, byte[] json)
    {
        bool ofContainer = file.Split('/').Length == 4;
        return (Path.GetFileName(file), ofContainer) switch
        {
            ("config.json", false) => WriteBack(s_model.SandboxConfig, json),
            ("config.json", true) => WriteBack(s_model.ContainerConfig, json),
            ("state.json", _) => WriteBack(s_model.SandboxState, json),
            ("network.json", false) => WriteBack(s_model.Network, json),
            ("hypervisor.json", false) =>
            json.AsSpan().IndexOf("\"PID\""u8) < 0 ? WriteBack(s_model.Qemu, json) : WriteBack(s_model.Firecracker, json),
            ("agent.json", false) => WriteBack(s_model.Agent, json),
            ("process.json", true) => WriteBack(s_model.Process, json),
            ("mounts.json", true) => WriteBack(s_model.Mounts, json),
            ("devices.json", false) => WriteBack(s_model.Devices, json),
            ("devices.json", true) => WriteBack(s_model.ContainerDevices, json),
            _ => throw new InvalidDataException(file),
        };
    }

    private static byte[] WriteBack<T>(DocumentKind<T> kind, byte[] json) =>
        JsonSerializer.SerializeToUtf8Bytes(JsonSerializer.Deserialize(json, kind.Json)!, kind.Json);
}
