using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Cli.Apply;
using Xunit;

namespace SafeStore.Cli.Tests.Security;

/// <summary>A store into which another user has put what does not belong there, and a secret outside of it.</summary>
internal sealed class HostileTree : IDisposable
{
    public const string Secret = "s3cr3t-0f-an0ther-us3r";

    private readonly string _temp = Directory.CreateTempSubdirectory("safestore-hostile-").FullName;
    private readonly string _outside;

    public HostileTree()
    {
        _outside = PathOf("outside");
        Directory.CreateDirectory(_outside);
        File.WriteAllText(Path.Combine(_outside, "file"), $"\"{Secret}\"");
        File.WriteAllText(Path.Combine(_outside, "state.json"), $"\"{Secret}\"");
    }

    public static StoreOptions Options { get; } =
        new() { SegmentBytes = 64 * 1024, LockTimeout = TimeSpan.FromMilliseconds(50) };

    public StoreLayout Layout => StoreLayout.At(PathOf("store"));

    /// <summary>The name of the log's segment.</summary>
    public string Segment => Directory.GetFiles(PathOf("store/config/.safestore/log")).Select(static path => Path.GetFileName(path))
        .First(static name => !name.StartsWith("spare", StringComparison.Ordinal));

    /// <summary>What is outside is as it was, and the other sandbox has one of the values that it was given.</summary>
    public bool IsRestUntouched =>
        Directory.EnumerateFileSystemEntries(_outside).Select(Path.GetFileName).Order().SequenceEqual(["file", "state.json"])
        && Directory.EnumerateFiles(_outside).All(static file => File.ReadAllText(file) == $"\"{Secret}\"")
        && File.ReadAllText(PathOf("store/run/sb-2/state.json")) is "{\"n\":1}" or "3"
        && File.ReadAllText(PathOf("store/config/sb-2/web/config.json")) is "2" or "3";

    public void Dispose() => Directory.Delete(_temp, recursive: true);

    public string PathOf(string path) => Path.Combine(_temp, path);

    /// <summary>Two sandboxes, and what the second is to keep whatever becomes of the first.</summary>
    public async Task MakeAsync()
    {
        await using StateStore store = await StateStore.OpenAsync(Layout, Options);
        foreach (string id in new[] { "sb-1", "sb-2" })
        {
            var target = new StoreTarget(store);
            await target.CommitAsync(
                TransactionParser.Parse(Encoding.UTF8.GetBytes(
                    $$"""{"sandbox":"{{id}}","ops":[{"createSandbox":true},{"createContainer":"web"},"""
                    + """{"put":"state.json","value":{"n":1}},{"put":"config.json","root":"config","container":"web","value":2}]}""")),
                TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Puts something in the place of a file or directory of the store.</summary>
    public void Plant(string place, string kind)
    {
        string path = Path.Combine(PathOf("store"), place);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }

        switch (kind)
        {
            case "link":
                File.CreateSymbolicLink(path, Path.Combine(_outside, "file"));
                break;
            case "link-dir":
                Directory.CreateSymbolicLink(path, _outside);
                break;
            case "dangling":
                File.CreateSymbolicLink(path, Path.Combine(_outside, "made"));
                break;
            case "loop":
                File.CreateSymbolicLink(path, path);
                break;
            case "fifo":
                Run("mkfifo", path);
                break;
            case "socket":
                using (var socket = new System.Net.Sockets.Socket(
                    System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream,
                    System.Net.Sockets.ProtocolType.Unspecified))
                {
                    socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
                }

                break;
            case "device":
                Run("mknod", path, "c", "1", "5"); // /dev/zero, which never ends
                break;
            case "sparse":
                using (FileStream file = File.Create(path))
                {
                    file.SetLength(1L << 40);
                }

                break;
            case "hard-link":
                Run("ln", Path.Combine(_outside, "file"), path);
                break;
            case "directory":
                Directory.CreateDirectory(Path.Combine(path, "state.json"));
                break;
            case "empty":
                File.WriteAllBytes(path, []);
                break;
            case "deep":
                File.WriteAllText(path, new string('[', 900_000));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
