using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>The names under which a transaction's documents wait to be published.</summary>
public sealed class StagingTests : IDisposable
{
    private const string FirstName = ".ss-0000000000000000.tmp";

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

    [Theory]
    [InlineData("a file")]
    [InlineData("a directory")]
    [InlineData("a link")]
    public async Task What_has_the_name_of_a_temp_file_is_not_in_the_way_and_is_left_alone(string what)
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1", static change => Many(change, 2));
        string taken = _test.PathOf(StoreRoot.Run, "sb-1/" + FirstName);
        string target = _test.PathOf(StoreRoot.Run, "target");
        await File.WriteAllTextAsync(target, "theirs", TestContext.Current.CancellationToken);
        switch (what)
        {
            case "a file":
                await File.WriteAllTextAsync(taken, "theirs", TestContext.Current.CancellationToken);
                break;
            case "a directory":
                Directory.CreateDirectory(taken);
                break;
            default:
                File.CreateSymbolicLink(taken, target);
                break;
        }

        await store.ChangeAsync("sb-1", static change => Many(change, 3));

        Assert.Equal(["0", "1", "2"], Enumerable.Range(0, 3).Select(i => store.ReadText("sb-1", StoreRoot.Run, null, $"{i}.json")));
        Assert.Equal([FirstName], Directory.GetFileSystemEntries(_test.PathOf(StoreRoot.Run, "sb-1"), ".ss-*").Select(Path.GetFileName));
        Assert.Equal("theirs", await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken));
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
