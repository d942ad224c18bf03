using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.CrashTests.Support;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.CrashTests.Kills;

/// <summary>
/// <c>safestore backup create</c> and <c>safestore restore</c>, killed by strace at a system call. (Its counting is per thread: where the
/// call falls may differ from run to run, and whatever it is, what is said here holds.)
/// </summary>
public sealed class BackupKillTests : IDisposable
{
    private const int Killed = 128 + 9;

    private static readonly int[] s_ends = [Killed, 0]; // no thread may make so many calls
    private static readonly string[] s_sandboxes = ["a", "b"];

    private readonly TempDirectory _temp = new();

    private StoreLayout Store => StoreLayout.At(Path.Combine(_temp.Path, "store"));

    private BackupDirectory Backups => new(Path.Combine(_temp.Path, "backups"));

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData("mkdirat:2")]
    [InlineData("pwrite64:4")]
    [InlineData("fsync:8")]
    [InlineData("renameat2:1")]
    public async Task A_killed_backup_is_not_listed_and_the_next_one_removes_it(string call)
    {
        await using StateStore store = await SeedAsync();
        Backup first = (await Backups.CreateAsync(Store)).Backup;
        await PutAsync(store, 2);

        Assert.Equal(Killed, RunKilled(call, "backup", "create", Backups.Path, "--store", Path.GetDirectoryName(Store.Config)!));
        Assert.Equal([first.Name], Listed());
        Assert.Single(Directory.GetDirectories(Backups.Path, ".unfinished-*"));
        BackupResult next = await Backups.CreateAsync(Store);

        Assert.Equal([first.Name, next.Backup.Name], Listed());
        Assert.Equal(2, Directory.GetFileSystemEntries(Backups.Path).Length);
        Assert.Equal("2", await File.ReadAllTextAsync($"{next.Backup.Path}/run/a/n.json", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("mkdirat:2")]
    [InlineData("fsync:60")]
    [InlineData("fdatasync:1")]
    [InlineData("renameat2:4")]
    public async Task A_killed_restore_into_a_new_store_is_repeated(string call)
    {
        await using (StateStore store = await SeedAsync())
        {
            await Backups.CreateAsync(Store);
        }

        Backup backup = Backups.List()[0].Backup!;
        string copy = Path.Combine(_temp.Path, "copy");

        int code = RunKilled(call, "restore", backup.Path, "--store", copy);
        List<RestoredSandbox> again = await RestoreAsync(backup, StoreLayout.At(copy));

        Assert.Contains(code, s_ends);
        Assert.Single(again.Select(static each => each.Kind).Distinct()); // both or none were there
        await using StateStore restored = await StateStore.OpenAsync(StoreLayout.At(copy));
        Assert.Equal(["1", "1"], Read(restored));
    }

    [Theory]
    [InlineData("pwrite64:3")]
    [InlineData("fdatasync:1")]
    [InlineData("renameat2:1")]
    [InlineData("renameat2:2")]
    public async Task A_killed_restore_into_a_store_in_use_has_brought_back_all_or_nothing_and_is_repeated(string call)
    {
        await using StateStore store = await SeedAsync();
        Backup backup = (await Backups.CreateAsync(Store)).Backup;
        await PutAsync(store, 2);

        int code = RunKilled(call, "restore", backup.Path, "--replace", "--store", Path.GetDirectoryName(Store.Config)!);
        await using (await store.LockManyAsync(s_sandboxes.Select(static each => new SandboxTarget(each, IsNew: false))))
        {
            Assert.Single(Read(store).Distinct());
        }

        List<RestoredSandbox> again = await RestoreAsync(backup, Store);

        Assert.Contains(code, s_ends);
        Assert.Single(again.Select(static each => each.Kind).Distinct());
        Assert.Equal(["1", "1"], Read(store));
    }

    private static List<string> Read(StateStore store) =>
    [
        .. s_sandboxes.Select(sandbox =>
            Encoding.UTF8.GetString(store.ReadJson(new DocumentId(sandbox, null, StoreRoot.Run, "n.json"))!)),
    ];

    private static async Task<List<RestoredSandbox>> RestoreAsync(Backup backup, StoreLayout layout)
    {
        var restored = new List<RestoredSandbox>();
        await foreach (RestoredSandbox each in BackupRestore.RunAsync(backup.Path, layout, new RestoreOptions { Replace = true }))
        {
            restored.Add(each);
        }

        return restored;
    }

    /// <param name="call">A system call, and the how manieth of a thread kills.</param>
    /// <param name="arguments">Those of the tool.</param>
    private static int RunKilled(string call, params string[] arguments)
    {
        string[] parts = call.Split(':');
        return Tool.TryRun(
            "strace",
            [
                "-f", "-o", "/dev/null", "-e", $"trace={parts[0]}", "-e", $"inject={parts[0]}:signal=SIGKILL:when={parts[1]}", "dotnet",
                Path.Combine(AppContext.BaseDirectory, "SafeStore.Cli.dll"), .. arguments,
            ]).Code;
    }

    private async Task<StateStore> SeedAsync()
    {
        StateStore store = await StateStore.OpenAsync(Store);
        await using SandboxLocks locks = await store.LockManyAsync(s_sandboxes.Select(static each => new SandboxTarget(each, IsNew: true)));
        await PutAsync(locks, 1);
        return store;
    }

    private static async Task PutAsync(StateStore store, int number)
    {
        await using SandboxLocks locks = await store.LockManyAsync(
            s_sandboxes.Select(static each => new SandboxTarget(each, IsNew: false)));
        await PutAsync(locks, number);
    }

    private static async Task PutAsync(SandboxLocks locks, int number)
    {
        Transaction change = locks.Change();
        foreach (string sandbox in s_sandboxes)
        {
            _ = change.For(sandbox).PutJson(
                StoreRoot.Run, null, "n.json", Encoding.UTF8.GetBytes(number.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        await change.CommitAsync();
    }

    /// <summary>The names of those that are listed; they must be whole.</summary>
    private List<string> Listed()
    {
        var names = Backups.List().Select(static each => each.Name).ToList();
        Assert.All(names, name => Assert.Empty(Backups.Verify(name).Problems));
        return names;
    }
}
