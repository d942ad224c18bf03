using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using Xunit;

namespace SafeStore.Cli.Tests.Change;

/// <summary>The tool on a store to whose root other users may write.</summary>
public sealed class WritableRootsTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_store_to_whose_roots_others_may_write_is_changed_only_when_told_and_is_looked_at_all_the_same()
    {
        await _scene.SeedAsync();
        string root = _scene.PathOf("run");
        File.SetUnixFileMode(root, (UnixFileMode)0x1FD); // 0775

        ToolResult refused = await _scene.RunAsync("checkpoint");
        ToolResult allowed = await _scene.RunAsync("checkpoint", "--allow-writable-roots");
        ToolResult looked = await _scene.RunAsync("ls");

        Assert.Equal(1, refused.Code);
        Assert.Contains($"'{root}': the members of group", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("(mode 0775)", refused.Errors, StringComparison.Ordinal);
        Assert.EndsWith("If it is meant, say --allow-writable-roots.\n", refused.Errors, StringComparison.Ordinal);
        Assert.Equal((0, ""), (allowed.Code, allowed.Errors));
        Assert.Equal((0, ""), (looked.Code, looked.Errors));
    }
}
