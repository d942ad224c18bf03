using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary><c>safestore doctor</c> on this machine. What is wrong with the machine itself is no matter here.</summary>
public sealed class DoctorCommandTests : IDisposable
{
    private readonly LookScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_store_is_looked_at_and_left_as_it_is()
    {
        await _scene.SeedAsync();
        IReadOnlyList<string> before = _scene.All();

        ToolResult result = await _scene.RunAsync("doctor --json");

        Assert.Contains(result.Code, new[] { 0, 2 });
        Assert.Equal("", result.Errors);
        Assert.Equal(before, _scene.All());
    }

    [Fact]
    public async Task A_problem_is_an_object_with_these_members_and_exit_code_2()
    {
        await _scene.SeedAsync();
        string path = _scene.PathOf("run/.safestore/root.json");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);

        ToolResult json = await _scene.RunAsync("doctor --json");
        ToolResult text = await _scene.RunAsync("doctor --try");

        JsonElement found = json.Lines.Select(static line => JsonElement.Parse(line))
            .Single(static line => line.GetProperty("code").GetString() == "writable-by-others");
        Assert.Equal((2, 2, ""), (json.Code, text.Code, json.Errors + text.Errors));
        Assert.Equal("code,level,place,message,advice", string.Join(',', found.EnumerateObject().Select(static each => each.Name)));
        Assert.Equal(("problem", path), (found.GetProperty("level").GetString(), found.GetProperty("place").GetString()));
        int at = text.Lines.ToList().IndexOf($"problem writable-by-others: {path}");
        Assert.Equal($"    Take that right away: chmod o-w '{path}'.", text.Lines[at + 2]);
    }

    [Fact]
    public async Task A_store_that_does_not_exist_is_not_made_not_even_for_a_trial()
    {
        ToolResult result = await _scene.RunAsync("doctor --try --json");

        Assert.Contains(result.Code, new[] { 0, 2 });
        Assert.Equal("", result.Errors);
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(_scene.Store)!));
    }

    [Fact]
    public async Task A_store_that_may_not_be_read_is_a_problem()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Another user needs root.");
        await _scene.SeedAsync();

        ToolResult result = await _scene.RunBehindAsync(
            LookScene.OtherUser, "doctor --json");

        Assert.Equal((2, ""), (result.Code, result.Errors));
        Assert.Contains(result.Lines, static line => line.Contains("\"unreadable\"", StringComparison.Ordinal)
            && line.Contains("EACCES", StringComparison.Ordinal));
    }
}
