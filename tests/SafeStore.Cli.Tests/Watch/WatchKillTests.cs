using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Watch;

/// <summary>
/// Several processes write and are killed: every acknowledged transaction comes once, in order, in this process and in the tool.
/// </summary>
public sealed class WatchKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Writers = 3;
    private const int Kills = 4;

    private static readonly string[] s_sandboxes = ["a", "b", "c", "d"];

    private readonly StoreFixture _fixture = new();
    private readonly ConcurrentBag<long> _acknowledged = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Each_acknowledged_transaction_of_processes_that_are_killed_comes_once_and_in_order()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed.ToString(CultureInfo.InvariantCulture)}");
        var random = new Random(seed);
        Assert.Equal(0, (await _fixture.ApplyAsync([.. s_sandboxes.Select(static sandbox =>
            $$"""{"sandbox":"{{sandbox}}","ops":[{"createSandbox":true}]}""")])).Code);
        var options = new StoreOptions { CheckpointInterval = Timeout.InfiniteTimeSpan };
        await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(_fixture.Store), options, Token);
        var last = new TaskCompletionSource<Lsn>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<(List<long> Given, Mirror Mirror)> watching = WatchAsync(store, last.Task);
        Task<Mirror> following = FollowAsync(store, last.Task);
        Task<(List<long> Given, Mirror Mirror)> printing = WatchByToolAsync(last.Task);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync(writer, new Random(random.Next()))));

        // What the dead have left is finished by the next lock of its sandbox, and all that comes before the last one is given before it.
        await using (SandboxLocks locks = await store.LockManyAsync(s_sandboxes.Select(SandboxTarget.Existing), cancellationToken: Token))
        {
            Transaction transaction = locks.Change();
            transaction.For("a").PutJson(StoreRoot.Run, null, "end.json", "0"u8);
            last.SetResult(await transaction.CommitAsync(Token));
        }

        (List<long> given, Mirror mirror) = await watching;
        Assert.Equal(Enumerable.Range(5, given.Count).Select(static lsn => (long)lsn), given); // the first four are the creations
        Assert.Empty(_acknowledged.Except(given));
        Assert.Equal(_acknowledged.Count, _acknowledged.Distinct().Count());
        Assert.Equal(Mirror.Of(store).Where(static line => line.Length > 1), mirror.All().Where(static line => line.Length > 1));
        Assert.Equal(Mirror.Of(store), (await following).All());
        (List<long> printed, Mirror ofTool) = await printing;
        Assert.Equal(given, printed);
        Assert.Equal(mirror.All(), ofTool.All());
        output.WriteLine($"{given.Count} transactions, {_acknowledged.Count} of them acknowledged");
    }

    private static async Task<(List<long> Given, Mirror Mirror)> WatchAsync(StateStore store, Task<Lsn> last)
    {
        var given = new List<long>();
        var mirror = new Mirror();
        await foreach (StoreChange change in store.WatchAsync(new Lsn(5), Token))
        {
            given.Add(change.Lsn.Value);
            mirror.Apply(change);
            if (IsEnd(change))
            {
                break;
            }
        }

        Assert.Equal((await last).Value, given[^1]);
        return (given, mirror);
    }

    private static async Task<Mirror> FollowAsync(StateStore store, Task<Lsn> last)
    {
        var mirror = new Mirror();
        await foreach (FollowItem item in store.FollowAsync(Token))
        {
            mirror.Apply(item);
            if (item is StoreChange change && IsEnd(change))
            {
                break;
            }
        }

        _ = await last;
        return mirror;
    }

    private async Task<(List<long> Given, Mirror Mirror)> WatchByToolAsync(Task<Lsn> last)
    {
        using ToolProcess tool = ToolProcess.Start("watch", "--json", "--from", "5", "--store", _fixture.Store);
        var given = new List<long>();
        var mirror = new Mirror();
        while (!last.IsCompleted || given.Count == 0 || given[^1] < (await last).Value)
        {
            JsonElement line = JsonElement.Parse(await tool.ReadLineAsync());
            given.Add(line.GetProperty("lsn").GetInt64());
            mirror.Apply(line);
        }

        return (given, mirror);
    }

    private async Task WriteAsync(int writer, Random random)
    {
        for (int life = 0; life <= Kills; life++)
        {
            using ToolProcess tool = ToolProcess.Start("apply", "--store", _fixture.Store);
            await Task.WhenAll(ReadAnswersAsync(tool), LiveAsync(tool, writer, life, random));
            _ = await tool.WaitAsync();
        }
    }

    /// <summary>Sends lines; but for the last life it is killed after them, in the middle of its work.</summary>
    private static async Task LiveAsync(ToolProcess tool, int writer, int life, Random random)
    {
        try
        {
            for (int i = random.Next(20, 60); i > 0; i--)
            {
                await tool.SendAsync(LineOf(writer, life, i, random));
            }
        }
        catch (IOException)
        {
            // It has ended, which its answers will tell.
        }

        if (life < Kills)
        {
            tool.Process.Kill();
        }

        tool.Input.Close();
    }

    private static bool IsEnd(StoreChange change) =>
        change.Sandboxes.Any(static each => each.Puts.Any(static put => put.Document.File == "end.json"));

    private static string LineOf(int writer, int life, int number, Random random)
    {
        string sandbox = s_sandboxes[random.Next(s_sandboxes.Length)];
        string container = $"c{random.Next(3)}";
        return random.Next(4) switch
        {
            0 => $$"""{"sandbox":"{{sandbox}}","ops":[{"createContainer":"{{container}}"},"""
                + $$"""{"put":"state.json","container":"{{container}}","value":"{{writer}}"}]}""",
            1 => $$"""{"sandbox":"{{sandbox}}","ops":[{"removeContainer":"{{container}}"}]}""",
            _ => $$"""{"sandbox":"{{sandbox}}","ops":[{"put":"w{{writer}}.json","value":"{{life}}.{{number}}"}]}""",
        };
    }

    private async Task ReadAnswersAsync(ToolProcess tool)
    {
        while (await tool.Output.ReadLineAsync(Token) is { } line)
        {
            if (line.EndsWith('}') && JsonElement.Parse(line) is var answer && answer.TryGetProperty("lsn", out JsonElement lsn))
            {
                _acknowledged.Add(lsn.GetInt64());
            }
        }
    }
}
