using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Operations.Repair;
using Xunit;

namespace SafeStore.Cli.Tests.Repair;

/// <summary>A store that is in use is no damaged one.</summary>
public sealed class LiveExaminationTests : IDisposable
{
    private const int Writers = 4;
    private const int Commits = 200;

    private readonly string _temp = Directory.CreateTempSubdirectory("safestore-cli-test-").FullName;

    public void Dispose() => Directory.Delete(_temp, recursive: true);

    [Fact]
    public async Task Nothing_is_found_wrong_while_writers_commit_and_segments_come_and_go()
    {
        var layout = StoreLayout.At(Path.Combine(_temp, "store"));
        await using StateStore store =
            await StateStore.OpenAsync(layout, new StoreOptions { SegmentBytes = 64 * 1024, LogBytesMax = 128 * 1024 });
        Task all = Task.WhenAll(Enumerable.Range(0, Writers).Select(number => Task.Run(() => WriteAsync(store, $"sb-{number}"))));
        int looks = 0;
        do
        {
            Assert.Empty(StoreRepair.Examine(layout).Damages);
            looks++;
        }
        while (!all.IsCompleted);
        await all;
        TestContext.Current.TestOutputHelper?.WriteLine($"{looks} looks");
    }

    private static async Task WriteAsync(StateStore store, string sandbox)
    {
        await using (SandboxLock made = await store.LockNewAsync(sandbox))
        {
            await made.Change().CommitAsync();
        }

        for (int i = 0; i < Commits; i++)
        {
            await using SandboxLock held = await store.LockAsync(sandbox);
            await held.Change().PutJson(StoreRoot.Run, null, "state.json", Encoding.UTF8.GetBytes($"{{\"n\":{i}}}")).CommitAsync();
        }
    }
}
