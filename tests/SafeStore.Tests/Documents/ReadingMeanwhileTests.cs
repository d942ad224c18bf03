using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Documents;

/// <summary>What a reader sees while a commit is under way: looked at before each call that the commit makes.</summary>
public sealed class ReadingMeanwhileTests
{
    private const int Documents = 4;

    [Fact]
    public async Task A_reader_sees_each_document_whole_at_any_moment_of_a_commit_and_a_snapshot_waits_for_its_end()
    {
        using var disk = new TestStore(TempDirectory.SharedMemory);
        var hooked = new ScriptedFileSystem();
        await using StateStore writer = await disk.OpenAsync(hooked);
        await using StateStore reader = await disk.OpenAsync();
        string before = new('a', 5000);
        string after = new('b', 50_000);
        await writer.CreateAsync("sb-1", change => Put(change, before));
        var seen = new List<string>();
        var snapshots = new List<Task<SandboxSnapshot>>();
        bool isAppended = false;
        hooked.Before = call =>
        {
            var moment = new List<char>();
            foreach ((StoreRoot root, string file) in Files())
            {
                string text = reader.ReadText("sb-1", root, null, file)!;
                Assert.True(text == $"\"{before}\"" || text == $"\"{after}\"", $"{file} is torn before {call}");
                moment.Add(text[1]);
            }

            string all = string.Concat(moment);
            Assert.True(isAppended || !all.Contains('b', StringComparison.Ordinal), $"{all} before {call}: visible before it was durable");
            seen.Add(all);
            isAppended |= call is { IsOnLog: true, Verb: nameof(IDurableFileSystem.SyncData) };
            snapshots.Add(SnapshotAsync(reader));
            return Errno.None;
        };
        await using (SandboxLock held = await writer.LockApartAsync("sb-1"))
        {
            SandboxChange change = held.Change();
            Put(change, after);
            snapshots.Clear();
            await change.CommitAsync();
            hooked.Before = null;
        }

        Assert.Contains("aaaa", seen);
        // why the set needs the lock
        Assert.Contains(
            seen, static moment => moment.Contains('a', StringComparison.Ordinal) && moment.Contains('b', StringComparison.Ordinal));
        Assert.NotEmpty(snapshots);
        foreach (Task<SandboxSnapshot> snapshot in snapshots)
        {
            await Assert.ThrowsAsync<LockTimeoutException>(() => snapshot);
        }

        Assert.All((await SnapshotAsync(reader)).Documents, result => Assert.Equal(after.Length + 2, result.Value!.Length));
    }

    private static async Task<SandboxSnapshot> SnapshotAsync(StateStore store) => await store.SnapshotAsync("sb-1", StoreCalls.Once);

    private static IEnumerable<(StoreRoot Root, string File)> Files()
    {
        for (int i = 0; i < Documents; i++)
        {
            yield return (i % 2 == 0 ? StoreRoot.Run : StoreRoot.Config, $"{(char)('a' + i)}.json");
        }
    }

    private static void Put(SandboxChange change, string value)
    {
        foreach ((StoreRoot root, string file) in Files())
        {
            change.PutText(root, null, file, $"\"{value}\"");
        }
    }
}
