using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Verify;

/// <summary>A verification beside eight writers finds nothing, however they change the store meanwhile.</summary>
public sealed class LiveTests : IDisposable
{
    private const int Writers = 8;
    private const int Rounds = 40;

    private static readonly StoreOptions s_options = new() { SegmentBytes = 64 * 1024, LogBytesMax = 128 * 1024 };

    private readonly string _temp = Directory.CreateTempSubdirectory("safestore-live-test-").FullName;

    public void Dispose() => Directory.Delete(_temp, recursive: true);

    [Fact]
    public async Task Nothing_is_found_while_eight_writers_commit()
    {
        StoreLayout layout = StoreLayout.At(Path.Combine(_temp, "store"));
        using var stop = new CancellationTokenSource();
        var findings = new List<Finding>();
        var problems = new List<StoreProblem>();
        await using (StateStore one = await StateStore.OpenAsync(layout, s_options))
        await using (StateStore other = await StateStore.OpenAsync(layout, s_options))
        {
            foreach (string sandbox in new[] { "s0", "s1", "s2", "s3" })
            {
                await using SandboxLock held = await one.LockNewAsync(sandbox);
                _ = await held.Change().PutJson(StoreRoot.Run, null, "state.json", "0"u8).CommitAsync();
            }

            Task[] writers = [.. Enumerable.Range(0, Writers).Select(
                number => Task.Run(() => WriteAsync(number % 2 == 0 ? one : other, number, () => stop.IsCancellationRequested)))];
            for (int round = 0; round < Rounds && !writers.Any(static writer => writer.IsFaulted); round++)
            {
                using StoreView view = StoreView.Open(layout, s_options);
                findings.AddRange(view.Verify(new VerifyOptions { Parallel = 2 }).Where(static each => each.Code != "no-stamps"));
                problems.AddRange(view.ReadCondition().Problems);
            }

            await stop.CancelAsync();
            await Task.WhenAll(writers);
        }

        Assert.Empty(findings);
        Assert.Empty(problems);
    }

    /// <summary>Updates over one sandbox and two, containers and sandboxes that come and go, and checkpoints.</summary>
    private static async Task WriteAsync(StateStore store, int number, Func<bool> isStopped)
    {
        var random = new Random(number);
        for (int i = 0; !isStopped(); i++)
        {
            try
            {
                await ChangeAsync(store, number, random, i);
            }
            catch (SafeStoreException failure) when (failure.Code == "log-full")
            {
                // The log is small, so that checkpoints are frequent; a writer that is under way keeps one from being made.
            }
        }
    }

    private static async Task ChangeAsync(StateStore store, int number, Random random, int i)
    {
        string own = $"own-{number}";
        byte[] json = Encoding.UTF8.GetBytes($$"""{"number":{{i}},"text":"{{new string('x', random.Next(3000))}}"}""");
        switch (random.Next(5))
        {
            case 0:
                SandboxTarget[] targets = [SandboxTarget.Existing("s0"), SandboxTarget.Existing("s1")];
                await using (SandboxLocks both = await store.LockManyAsync(targets))
                {
                    Transaction change = both.Change();
                    _ = change.For("s0").PutJson(StoreRoot.Config, null, "config.json", json);
                    _ = change.For("s1").PutJson(StoreRoot.Run, null, "state.json", json);
                    _ = await change.CommitAsync();
                }

                break;
            case 1 when store.ListSandboxes().Contains(own):
                await store.RemoveSandboxAsync(own);
                break;
            case 1:
                await using (SandboxLock made = await store.LockNewAsync(own))
                {
                    _ = await made.Change().CreateContainer("web").PutJson(StoreRoot.Run, "web", "state.json", json).CommitAsync();
                }

                break;
            case 2 when number == 0:
                _ = await store.CheckpointAsync();
                break;
            default:
                await using (SandboxLock held = await store.LockAsync($"s{random.Next(4)}"))
                {
                    SandboxChange change = held.Change().PutJson(StoreRoot.Run, null, "state.json", json);
                    _ = held.ListContainers().Contains("db") ? change.RemoveContainer("db")
                        : change.CreateContainer("db").PutJson(StoreRoot.Config, "db", "config.json", json);
                    _ = await change.CommitAsync();
                }

                break;
        }
    }
}
