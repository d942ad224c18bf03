using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Backups;

/// <summary>
/// Accounts between which money is moved, opened and closed, each in two documents of two roots; and pairs of sandboxes that other
/// processes count up together. Whatever the moment, the sum is the same and pairs are equal.
/// </summary>
public sealed class BackupConsistencyTests : IDisposable
{
    private const int Accounts = 12;
    private const int Writers = 64;
    private const int Transfers = 15;
    private const int Lines = 60;
    private const long Sum = Accounts * 100;

    private readonly BackupScene _scene = new() { Options = new StoreOptions { SegmentBytes = 64 * 1024, LogBytesMax = 1024 * 1024 } };

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Each_backup_is_of_one_point_in_time_while_64_writers_and_other_processes_write()
    {
        await using StateStore one = await _scene.OpenAsync();
        await using StateStore other = await _scene.OpenAsync();
        for (int account = 0; account < Accounts; account++)
        {
            await CreateAsync(one, NameOf(account));
        }

        Task all = Task.WhenAll(
            Task.WhenAll(Enumerable.Range(0, Writers).Select(seed => Task.Run(
                () => MoveMoneyAsync(seed % 2 == 0 ? one : other, seed), TestContext.Current.CancellationToken))),
            CountAsync("left", "right"), CountAsync("up", "down"));
        int backups = 0;
        while (!all.IsCompleted)
        {
            BackupResult result = await _scene.BackUpAsync(new BackupOptions { Keep = 2, IsFull = backups++ % 2 == 1 });
            AssertConsistent(result.Backup);
        }

        await all;
        AssertConsistent((await _scene.BackUpAsync()).Backup);
        TestContext.Current.TestOutputHelper?.WriteLine($"{backups} backups beside the writers");
    }

    private static string NameOf(int account) => string.Create(CultureInfo.InvariantCulture, $"account-{account}");

    private static void AssertConsistent(Backup backup)
    {
        SortedDictionary<string, string> documents = BackupScene.DocumentsIn(backup.Path);
        long[] balances = [.. documents.Where(static each => each.Key.StartsWith("config/account-", StringComparison.Ordinal)
            && each.Value != "directory").Select(static each => BackupScene.NumberIn(each.Value))];
        Assert.Equal(Sum, balances.Sum());
        foreach (string sandbox in documents.Keys.Where(static each => each.StartsWith("run/account-", StringComparison.Ordinal)
            && each.EndsWith(".json", StringComparison.Ordinal)))
        {
            Assert.Equal(documents[sandbox], documents[$"config/{sandbox.Split('/')[1]}/balance.json"]);
        }

        foreach ((string one, string other) in new[] { ("left", "right"), ("up", "down") })
        {
            Assert.Equal(documents.GetValueOrDefault($"run/{one}/state.json"), documents.GetValueOrDefault($"run/{other}/state.json"));
        }
    }

    private static async Task CreateAsync(StateStore store, string sandbox)
    {
        await using SandboxLock held = await store.LockNewAsync(sandbox);
        await Put(held.Change(), 100).CommitAsync(TestContext.Current.CancellationToken);
    }

    private static SandboxChange Put(SandboxChange change, long balance) => change
        .PutJson(StoreRoot.Config, null, "balance.json", BackupScene.Number(balance))
        .PutJson(StoreRoot.Run, null, "balance.json", BackupScene.Number(balance));

    private static async Task MoveMoneyAsync(StateStore store, int seed)
    {
        var random = new Random(seed);
        for (int done = 0; done < Transfers;)
        {
            string[] pair = [.. Enumerable.Range(0, Accounts).OrderBy(_ => random.Next()).Take(2).Select(NameOf)];
            int what = random.Next(10);
            try
            {
                done += await MoveAsync(store, pair[0], pair[1], what, random) ? 1 : 0;
            }
            catch (SafeStoreException failure) when (failure.Code is "not-found" or "exists" or "log-full")
            {
                // closed, or opened by another; or the machine checkpoints more slowly than it commits, and nothing was changed
            }
        }
    }

    /// <summary>Moves some money; in one case of ten all, and closes the account; in another to an account that is opened for it.</summary>
    private static async Task<bool> MoveAsync(StateStore store, string from, string to, int what, Random random)
    {
        await using SandboxLocks locks = await store.LockManyAsync(
            [new SandboxTarget(from, IsNew: false), new SandboxTarget(to, IsNew: what == 1)], LockMode.Exclusive, TimeSpan.FromMinutes(5));
        long has = BalanceOf(store, from);
        long moved = what == 0 ? has : random.Next((int)has + 1);
        Transaction change = locks.Change();
        _ = what == 0 ? change.For(from).RemoveSandbox() : Put(change.For(from), has - moved);
        Put(change.For(to), moved + (what == 1 ? 0 : BalanceOf(store, to)));
        await change.CommitAsync(TestContext.Current.CancellationToken);
        return true;
    }

    private static long BalanceOf(StateStore store, string account) => BackupScene.NumberIn(System.Text.Encoding.UTF8.GetString(
        store.ReadJson(new DocumentId(account, null, StoreRoot.Config, "balance.json"))!));

    private static string Member(string sandbox, int number, string create) => string.Create(
        CultureInfo.InvariantCulture,
        $$$"""{"sandbox":"{{{sandbox}}}","ops":[{{{create}}}{"put":"state.json","value":{"n":{{{number}}}}}]}""");

    private async Task CountAsync(string one, string other)
    {
        using ToolProcess tool = ToolProcess.Start("apply", "--store", _scene.Store);
        for (int line = 0; line <= Lines;)
        {
            string create = line == 0 ? """{"createSandbox":true},""" : "";
            await tool.SendAsync($$"""{"sandboxes":[{{Member(one, line, create)}},{{Member(other, line, create)}}]}""");
            string answer = await tool.ReadLineAsync();
            Assert.Matches("lsn\":|log-full", answer);
            line += answer.Contains("log-full", StringComparison.Ordinal) ? 0 : 1;
        }

        tool.Input.Close();
        Assert.Equal(0, await tool.WaitAsync());
    }
}
