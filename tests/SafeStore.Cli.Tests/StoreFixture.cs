using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace SafeStore.Cli.Tests;

/// <summary>A place for a store, removed with all it holds when disposed.</summary>
public sealed class StoreFixture : IDisposable
{
    public const string CreateSandbox = """{"sandbox":"sb-1","ops":[{"createSandbox":true},{"put":"state.json","value":{"n":0}}]}""";

    private readonly string _temp = Directory.CreateTempSubdirectory("safestore-cli-test-").FullName;

    public string Store => Path.Combine(_temp, "store");

    public void Dispose() => Directory.Delete(_temp, recursive: true);

    public Task<ToolResult> ApplyAsync(params string[] lines) =>
        ToolProcess.RunAsync(["apply", "--store", Store], string.Concat(lines.Select(static line => line + "\n")));

    public Task<ToolResult> DumpAsync() => ToolProcess.RunAsync(["dump", "--store", Store]);
}
