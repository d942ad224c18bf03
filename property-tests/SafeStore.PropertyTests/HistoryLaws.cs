using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using FsCheck.Fluent;
using Xunit;

namespace SafeStore.PropertyTests;

public sealed class HistoryLaws
{
    private const string Document = "n.json";

    [Fact]
    public void Increments_by_any_flows_of_two_processes_add_up_to_what_was_acknowledged_in_the_order_of_their_lsns() => Laws.Check(
        from flows in Gen.Choose(2, 8)
        from sandboxes in Gen.Choose(1, 3)
        from rounds in Gen.Choose(1, 15)
        from onDisk in Gen.Elements(true, false)
        from seed in Gen.Choose(0, int.MaxValue)
        select new Plan(flows, sandboxes, rounds, onDisk, seed),
        20,
        static plan => RunAsync(plan).GetAwaiter().GetResult());

    private static async Task RunAsync(Plan plan)
    {
        using var temp = new TempDirectory(plan.OnDisk);
        var options = new StoreOptions { SegmentBytes = 16 * 1024, LogBytesMax = 0, IdleSandboxesMax = 1 };
        var history = new ConcurrentBag<Increment>();
        await using (StateStore one = await StateStore.OpenAsync(StoreLayout.At(temp.Path), options))
        {
            for (int i = 0; i < plan.Sandboxes; i++)
            {
                await using SandboxLock created = await one.LockNewAsync($"s{i}");
                await created.Change().PutJson(StoreRoot.Config, null, Document, "0"u8).CommitAsync();
            }

            await using StateStore two = await StateStore.OpenAsync(StoreLayout.At(temp.Path), options);
            await Task.WhenAll(
                Enumerable.Range(0, plan.Flows)
                .Select(flow => Task.Run(() => IncrementAsync(flow % 2 == 0 ? one : two, new Random(plan.Seed + flow), plan, history))));
            Check(two, plan, history);
        }

        await using StateStore again = await StateStore.OpenAsync(StoreLayout.At(temp.Path), options);
        Check(again, plan, history);
    }

    private static async Task IncrementAsync(StateStore store, Random random, Plan plan, ConcurrentBag<Increment> history)
    {
        for (int i = 0; i < plan.Rounds; i++)
        {
            // Now and then over two sandboxes at once, now and then given up in the middle.
            string[] sandboxes =
                [.. Enumerable.Range(0, random.Next(4) == 0 ? 2 : 1).Select(_ => $"s{random.Next(plan.Sandboxes)}").Distinct()];
            using var patience =
                new CancellationTokenSource(random.Next(5) == 0 ? TimeSpan.FromMilliseconds(random.Next(4)) : Timeout.InfiniteTimeSpan);
            try
            {
                await using SandboxLocks locks =
                    await store.LockManyAsync(sandboxes.Select(SandboxTarget.Existing), cancellationToken: patience.Token);
                Transaction transaction = locks.Change();
                var values = new Dictionary<string, int>();
                foreach (SandboxLock held in locks.Locks)
                {
                    values[held.Sandbox] = Read(store, held.Sandbox) + 1;
                    transaction.For(held.Sandbox)
                        .RequireVersion(held.Version)
                        .PutJson(StoreRoot.Config, null, Document, JsonSerializer.SerializeToUtf8Bytes(values[held.Sandbox]));
                }

                Lsn lsn = await transaction.CommitAsync(patience.Token);
                foreach ((string sandbox, int value) in values)
                {
                    history.Add(new Increment(sandbox, lsn, value));
                }
            }
            catch (OperationCanceledException)
            {
                // Not acknowledged, hence not counted.
            }
        }
    }

    private static void Check(StateStore store, Plan plan, ConcurrentBag<Increment> history)
    {
        for (int i = 0; i < plan.Sandboxes; i++)
        {
            Increment[] acknowledged =
                [.. history.Where(increment => increment.Sandbox == $"s{i}").OrderBy(static increment => increment.Lsn)];
            Assert.Equal(Enumerable.Range(1, acknowledged.Length), acknowledged.Select(static increment => increment.Value));
            Assert.Equal(acknowledged.Length, acknowledged.Select(static increment => increment.Lsn).Distinct().Count());
            Assert.Equal(acknowledged.Length, Read(store, $"s{i}"));
        }

        // An LSN is one transaction: it holds each sandbox once at most.
        Assert.All(history.GroupBy(static increment => (increment.Lsn, increment.Sandbox)), static group => Assert.Single(group));
    }

    private static int Read(StateStore store, string sandbox) =>
        int.Parse(Encoding.UTF8.GetString(store.ReadJson(new DocumentId(sandbox, null, StoreRoot.Config, Document))!),
            System.Globalization.CultureInfo.InvariantCulture);

    private sealed record Plan(int Flows, int Sandboxes, int Rounds, bool OnDisk, int Seed);

    private sealed record Increment(string Sandbox, Lsn Lsn, int Value);
}
