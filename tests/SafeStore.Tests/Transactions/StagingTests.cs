using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Where, and under which names, a transaction's documents wait to be published.</summary>
public sealed class StagingTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Commits_give_the_kernel_no_new_names_to_remember()
    {
        var scripted = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("sb-1");
        var names = new List<string>();
        scripted.Before = call =>
        {
            if (call.Verb == nameof(IDurableFileSystem.CreateFile))
            {
                names.Add(Path.GetFileName(call.Path));
            }

            return Errno.None;
        };
        for (int i = 0; i < 3; i++)
        {
            await store.ChangeAsync("sb-1", static change => Many(change, 8));
        }

        Assert.Equal(24, names.Count);
        Assert.Equal(8, names.Distinct().Count());
    }

    [Fact]
    public async Task Two_processes_never_stage_under_one_name()
    {
        var names = new List<string>();
        for (int i = 0; i < 2; i++)
        {
            var scripted = new ScriptedFileSystem();
            await using StateStore store = await _test.OpenAsync(scripted);
            await store.CreateAsync($"sb-{i}");
            scripted.Before = call =>
            {
                names.AddRange(call.Verb == nameof(IDurableFileSystem.CreateFile) ? [Path.GetFileName(call.Path)] : []);
                return Errno.None;
            };
            await store.ChangeAsync($"sb-{i}", static change => Many(change, 8));
            scripted.Before = null;
        }

        Assert.Equal(16, names.Distinct().Count());
    }

    [Theory]
    [InlineData("a file")]
    [InlineData("a directory")]
    [InlineData("a link")]
    public async Task What_another_program_puts_under_the_name_of_a_staged_document_is_not_in_the_way_and_is_left_alone(string what)
    {
        var scripted = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("sb-1", static change => Many(change, 2));
        string target = _test.PathOf(StoreRoot.Run, "target");
        await File.WriteAllTextAsync(target, "theirs", TestContext.Current.CancellationToken);
        string? taken = null;
        scripted.Before = call =>
        {
            if (taken is null && call.Verb == nameof(IDurableFileSystem.CreateFile))
            {
                taken = call.Path;
                Plant(what, taken, target);
            }

            return Errno.None;
        };

        await store.ChangeAsync("sb-1", static change => Many(change, 3));

        Assert.Equal(["0", "1", "2"], Enumerable.Range(0, 3).Select(i => store.ReadText("sb-1", StoreRoot.Run, null, $"{i}.json")));
        Assert.StartsWith(Path.Combine(_test.Layout.RunMetadata, "scratch") + "/", taken, StringComparison.Ordinal);
        Assert.Equal([taken!], Directory.GetFileSystemEntries(Path.GetDirectoryName(taken)!));
        Assert.Equal("theirs", await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Nothing_but_documents_containers_and_the_lock_is_in_a_sandbox_at_any_moment()
    {
        var scripted = new ScriptedFileSystem();
        await using StateStore store = await _test.OpenAsync(scripted);
        await store.CreateAsync("sb-1", static change => change.CreateContainer("old").PutText(StoreRoot.Config, "old", "0.json", "1"));
        var seen = new HashSet<string>();
        int calls = 0;
        scripted.Before = scripted.After = call =>
        {
            calls++;
            foreach (string sandbox in new[] { _test.PathOf(StoreRoot.Run, "sb-1"), _test.PathOf(StoreRoot.Config, "sb-1") })
            {
                seen.UnionWith(Directory.EnumerateFileSystemEntries(sandbox, "*", SearchOption.AllDirectories).Select(path =>
                    Path.GetRelativePath(sandbox, path)));
            }

            return Errno.None;
        };

        await store.ChangeAsync("sb-1", static change => Many(change, 20).CreateContainer("web").PutText(StoreRoot.Config, "web",
            "0.json", "1"));
        await store.ChangeAsync("sb-1", static change => Many(change, 20).RemoveContainer("old").PutText(StoreRoot.Config, "web",
            "0.json", "2"));
        await store.ChangeAsync("sb-1", static change => change.Remove(StoreRoot.Run, null, "0.json"));
        await store.CheckpointAsync(TestContext.Current.CancellationToken);

        scripted.Before = scripted.After = null;
        string[] expected = ["lock", "old", "old/0.json", "web", "web/0.json", .. Enumerable.Range(0, 20).Select(static i => $"{i}.json")];
        Assert.Equal(expected.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Assert.True(calls > 100, $"{calls} calls were seen");
    }

    private static void Plant(string what, string path, string target)
    {
        switch (what)
        {
            case "a file":
                File.WriteAllText(path, "theirs");
                break;
            case "a directory":
                Directory.CreateDirectory(path);
                break;
            default:
                File.CreateSymbolicLink(path, target);
                break;
        }
    }

    private static SandboxChange Many(SandboxChange change, int documents)
    {
        for (int i = 0; i < documents; i++)
        {
            change.PutText(StoreRoot.Run, null, $"{i}.json", $"{i}");
        }

        return change;
    }
}
