using System;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Operations;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of backups.</summary>
public sealed class BackupMutantTests
{
    private const int Seeds = 100;
    private const int StepsMax = 30;

    /// <summary>
    /// Money moves between two accounts, one of which is closed and opened again; the log is shortened; all between a backup's calls.
    /// </summary>
    [Theory]
    [InlineData("backup-not-rolled-forward")]
    [InlineData("backup-of-shortened-log")]
    [InlineData("backup-not-joined")]
    [InlineData("backup-word-read-last")]
    public Task A_backup_is_of_one_point_in_time_whatever_happens_at_its_calls(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            var lab = new Lab();
            var random = new Random(seed);
            StateStore store = await lab.OpenAsync("writer");
            await store.CreateAsync("a", static change => PutTwice(change, 50));
            await store.CreateAsync("b", static change => PutTwice(change, 50));
            int every = 3 + random.Next(40);
            var writer = new Writer(store, random);
            int steps = 0;
            bool isBusy = false;
            lab.Machine.BeforeCall = (process, _) =>
            {
                if (process.Name == "backup" && !isBusy && steps < StepsMax && random.Next(every) == 0)
                {
                    steps++;
                    isBusy = true;
                    writer.StepAsync().GetAwaiter().GetResult();
                    isBusy = false;
                }
            };
            BackupResult result = await BackUpAsync(lab.Machine.Start("backup"));
            lab.Machine.BeforeCall = null;

            await writer.EndAsync();
            SimulatedProcess reader = lab.Machine.Start("reader");
            string path = result.Backup.Path;
            int sum = 0;
            foreach (string sandbox in new[] { "a", "b" }.Where(each => reader.FileSystem.Files.Directory.Exists($"{path}/run/{each}")))
            {
                Violation.Unless(
                    reader.FileSystem.Files.File.Exists($"{path}/run/{sandbox}/n.json")
                        && reader.FileSystem.Files.File.Exists($"{path}/config/{sandbox}/n.json"),
                    $"Seed {seed}: '{sandbox}' lacks a document.");
                int balance = NumberIn(reader, $"{path}/run/{sandbox}/n.json");
                Violation.Unless(
                    balance == NumberIn(reader, $"{path}/config/{sandbox}/n.json"), $"Seed {seed}: the roots of '{sandbox}' differ.");
                sum += balance;
            }

            Violation.Unless(sum == 100, $"Seed {seed}: the sum in the backup is {sum}.");
        }
    });

    [Theory]
    [InlineData("backup-not-synced")]
    public Task What_a_backup_holds_is_there_after_a_power_loss(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync("living");
        await store.CreateAsync("a", static change => change.Put("n.json", "1"));
        StateStore dying = await lab.OpenAsync("dying");
        _ = lab.Machine.Faults.Add(new FaultRule { Process = "dying", Operations = [Operation.SyncData], Fault = new ProcessKilled() });
        _ = await Record.ExceptionAsync(() => dying.ChangeAsync("a", static change => change.Put("n.json", "2")));
        lab.Machine.Faults = new FaultPlan();
        SimulatedProcess process = lab.Machine.Start("backup");
        BackupResult result = await BackUpAsync(process);
        string held = Read(process, $"{result.Backup.Path}/config/a/n.json");
        lab.Machine.LosePower(keepsUnsynced: false);
        _ = await lab.OpenAsync("after the power loss");
        Violation.Unless(held == lab.Visible()["config/a/n.json"], $"The backup has {held}, which the store has lost.");
    });

    [Theory]
    [InlineData("backup-rolled-over-edits")]
    public Task What_another_program_wrote_is_in_the_backup(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("a", static change => change.Put("n.json", "1"));
        SimulatedProcess process = lab.Machine.Start("backup");
        process.Clock.Advance(TimeSpan.FromSeconds(1)); // else it counts as damage
        lab.WriteFile("/store/config/a/n.json", "7");
        BackupResult result = await BackUpAsync(process);
        Violation.Unless(Read(process, $"{result.Backup.Path}/config/a/n.json") == "7", "The edit is lost.");
    });

    [Theory]
    [InlineData("backup-named-unsynced")]
    public Task A_backup_that_is_listed_is_whole_after_a_power_loss(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab();
        StateStore store = await lab.OpenAsync();
        await store.CreateAsync("a", static change => change.Put("n.json", "1"));
        _ = await BackUpAsync(lab.Machine.Start("backup"));
        lab.Machine.LosePower(keepsUnsynced: false);
        SimulatedProcess process = lab.Machine.Start("after the power loss");
        var backups = new BackupDirectory("/backups", OptionsOf(process));
        BackupReport listed = Assert.Single(backups.List());
        Violation.Unless(backups.Verify(listed.Name).Problems.Count == 0, "A backup is listed, and not whole.");
    });

    private static StoreOptions OptionsOf(SimulatedProcess process) =>
        Lab.Options with { FileSystem = process.FileSystem, TimeProvider = process.Clock };

    private static Task<BackupResult> BackUpAsync(SimulatedProcess process) =>
        new BackupDirectory("/backups", OptionsOf(process)).CreateAsync(Lab.Layout, new BackupOptions { LockTimeout = TimeSpan.Zero });

    private static string Read(SimulatedProcess process, string path) => process.FileSystem.Files.File.ReadAllText(path);

    private static int NumberIn(SimulatedProcess process, string path) => int.Parse(Read(process, path), CultureInfo.InvariantCulture);

    private static void PutTwice(SandboxChange change, int balance)
    {
        string text = balance.ToString(CultureInfo.InvariantCulture);
        _ = change.Put(StoreRoot.Config, null, "n.json", text).Put(StoreRoot.Run, null, "n.json", text);
    }

    /// <summary>Takes a step when it is told to. What it does may begin at one step and end at another.</summary>
    private sealed class Writer(StateStore store, Random random)
    {
        private SandboxLocks? _held;
        private string[] _existing = [];

        /// <summary>A checkpoint, or both locks are taken, or a transfer is committed; by one, an account is opened or closed.</summary>
        public async Task StepAsync()
        {
            int what = random.Next(6);
            if (what < 2)
            {
                _ = await store.CheckpointAsync();
                return;
            }

            try
            {
                _existing = _held is null ? [.. store.ListSandboxes()] : _existing;
                _held ??= await store.LockManyAsync(
                    new[] { "a", "b" }.Select(each => new SandboxTarget(each, IsNew: !_existing.Contains(each))), timeout: TimeSpan.Zero);
            }
            catch (LockTimeoutException)
            {
                return; // one is being read
            }

            if (what > 2)
            {
                await CommitAsync(_held);
                await EndAsync();
            }
        }

        public async Task EndAsync()
        {
            await (_held?.DisposeAsync() ?? ValueTask.CompletedTask);
            _held = null;
        }

        private async Task CommitAsync(SandboxLocks held)
        {
            Transaction change = held.Change();
            int moved = random.Next(100);
            if (_existing.Length == 1 || moved >= 30)
            {
                PutTwice(change.For("a"), moved);
            }
            else
            {
                _ = change.For("a").RemoveSandbox();
                moved = 0;
            }

            PutTwice(change.For("b"), 100 - moved);
            await change.CommitAsync();
        }
    }
}
