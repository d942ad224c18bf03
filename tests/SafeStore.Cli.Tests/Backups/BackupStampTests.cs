using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Operations;
using SafeStore.Testing;
using Xunit;
using static SafeStore.Cli.Tests.SimulatedOptions;

namespace SafeStore.Cli.Tests.Backups;

/// <summary>
/// Documents that are damaged in the store, or edited by another program. (In memory, where every filesystem has room for stamps.)
/// </summary>
public sealed class BackupStampTests
{
    private static readonly StoreLayout s_layout = StoreLayout.At("/s");

    private readonly SimulatedMachine _machine = new();

    [Fact]
    public async Task A_document_that_its_stamp_calls_damaged_is_told_each_time_kept_as_it_stands_and_never_restored_in_silence()
    {
        SimulatedProcess process = await SeedAsync();
        BackupResult whole = await BackUpAsync(process);
        Overwrite(process, "sb-1", """{"n":9}""");

        BackupResult first = await BackUpAsync(process, keep: 1, isFull: true);
        BackupResult second = await BackUpAsync(process, keep: 1);

        Assert.Empty(whole.Problems);
        Assert.All([first, second], static each =>
        {
            StoreProblem told = Assert.Single(each.Problems);
            Assert.Equal("stamp", told.Code);
            Assert.Contains("/s/run/sb-1/state.json' is in the backup as it stands", told.Message, StringComparison.Ordinal);
            Assert.Empty(each.Removed); // the only backup that has it whole
        });
        Assert.Equal(1, second.Reused); // the other sandbox
        Assert.Equal("""{"n":9}""", Read(process, $"{second.Backup.Path}/run/sb-1/state.json"));
        BackupException refused = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(process, second.Backup, skipDamaged: false));
        Assert.Contains("'run/sb-1/state.json' was damaged in the store", refused.Message, StringComparison.Ordinal);
        Assert.Equal(
            [RestoredKind.Damaged, RestoredKind.New],
            (await RestoreAsync(process, second.Backup, skipDamaged: true)).Select(static each => each.Kind));
    }

    [Fact]
    public async Task A_damaged_document_is_taken_from_the_log_if_that_has_it()
    {
        SimulatedProcess process = await SeedAsync();
        await using StateStore store = await OpenAsync(process);
        await PutAsync(store, "sb-1", 2);
        Overwrite(process, "sb-1", """{"n":9}""");

        BackupResult result = await BackUpAsync(process);

        Assert.Equal(
            "'run/sb-1/state.json' is damaged in the store. The backup has it whole, from the log.",
            Assert.Single(result.Problems).Message);
        Assert.Equal("""{"n":2}""", Read(process, $"{result.Backup.Path}/run/sb-1/state.json"));
        List<RestoredSandbox> restored = await RestoreAsync(process, result.Backup, skipDamaged: false);
        Assert.All(restored, static each => Assert.Equal(RestoredKind.New, each.Kind));
    }

    [Fact]
    public async Task An_edit_by_another_program_is_copied_and_restored_and_noticed_although_version_and_size_are_the_same()
    {
        SimulatedProcess process = await SeedAsync();
        _ = await BackUpAsync(process);
        process.Clock.Advance(TimeSpan.FromSeconds(1));
        Overwrite(process, "sb-1", """{"n":9}""");

        BackupResult result = await BackUpAsync(process);

        Assert.Empty(result.Problems);
        Assert.Equal(1, result.Reused);
        Assert.Equal("""{"n":9}""", Read(process, $"{result.Backup.Path}/run/sb-1/state.json"));
        _ = await RestoreAsync(process, result.Backup, skipDamaged: false);
        await using StateStore copy = await StateStore.OpenAsync(
            StoreLayout.At("/copy"), OptionsOf(process) with { CheckStamps = true }, TestContext.Current.CancellationToken);
        Assert.All(["sb-1", "sb-2"], sandbox =>
            Assert.NotNull(copy.ReadVersioned(new DocumentId(sandbox, null, StoreRoot.Run, "state.json"))!.Version)); // stamped anew
    }

    [Theory]
    [InlineData(Errno.InputOutput)]
    [InlineData(Errno.AccessDenied)]
    public async Task A_document_that_cannot_be_read_ends_no_backup_and_is_told_and_never_restored(Errno errno)
    {
        SimulatedProcess process = await SeedAsync();
        BackupResult whole = await BackUpAsync(process);
        _machine.Faults = new FaultPlan().Add(new FaultRule
        {
            Fault = new CallFails(errno),
            Operations = [Operation.Stat, Operation.OpenFile],
            Path = "/s/run/sb-1/state.json",
            Times = int.MaxValue,
        });

        BackupResult result = await BackUpAsync(process, keep: 1, isFull: true);

        _machine.Faults = new FaultPlan();
        StoreProblem told = Assert.Single(result.Problems);
        Assert.Equal(("unreadable", "/s/run/sb-1/state.json"), (told.Code, told.Path));
        Assert.Contains("It is not in the backup.", told.Message, StringComparison.Ordinal);
        Assert.Empty(result.Removed); // one that has it
        Assert.False(process.FileSystem.Files.File.Exists($"{result.Backup.Path}/run/sb-1/state.json"));
        Assert.Empty(new BackupDirectory("/b", OptionsOf(process)).Verify(result.Backup.Name).Problems);
        await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(process, result.Backup, skipDamaged: false));
        Assert.Equal(
            [RestoredKind.Damaged, RestoredKind.New],
            (await RestoreAsync(process, result.Backup, skipDamaged: true)).Select(static each => each.Kind));
        Assert.Equal(1, (await BackUpAsync(process)).Reused); // the other sandbox
        Assert.NotEqual(whole.Backup.Name, result.Backup.Name);
    }

    [Fact]
    public async Task A_full_disk_of_the_backups_is_told_as_such()
    {
        SimulatedProcess process = await SeedAsync();
        _machine.Faults = new FaultPlan().Add(new FaultRule
        {
            Fault = new CallFails(Errno.NoSpace),
            Operations = [Operation.CreateFile],
            Path = "/b/*",
        });

        StorageException failure = await Assert.ThrowsAsync<StorageException>(() => BackUpAsync(process));

        Assert.Equal("no-space", failure.Code);
        Assert.EndsWith("The disk of the backups is full: free some space there, or choose a directory on another disk.", failure.Message);
        Assert.Empty(new BackupDirectory("/b", OptionsOf(process)).List());
    }

    private static ValueTask<StateStore> OpenAsync(SimulatedProcess process) => StateStore.OpenAsync(s_layout, OptionsOf(process));

    private static Task<BackupResult> BackUpAsync(SimulatedProcess process, int? keep = null, bool isFull = false) =>
        new BackupDirectory("/b", OptionsOf(process)).CreateAsync(
            s_layout, new BackupOptions { Keep = keep, IsFull = isFull }, TestContext.Current.CancellationToken);

    private static async Task<List<RestoredSandbox>> RestoreAsync(SimulatedProcess process, Backup backup, bool skipDamaged)
    {
        var restored = new List<RestoredSandbox>();
        await foreach (RestoredSandbox each in BackupRestore.RunAsync(
            backup.Path, StoreLayout.At("/copy"), new RestoreOptions { SkipDamaged = skipDamaged }, OptionsOf(process)))
        {
            restored.Add(each);
        }

        return restored;
    }

    private static async Task PutAsync(StateStore store, string sandbox, int number)
    {
        await using SandboxLock held = await store.LockAsync(sandbox);
        await held.Change().PutJson(StoreRoot.Run, null, "state.json", BackupScene.Number(number)).CommitAsync();
    }

    private static string Read(SimulatedProcess process, string path) => process.FileSystem.Files.File.ReadAllText(path);

    /// <summary>Writes in place, at the time of the process.</summary>
    private static void Overwrite(SimulatedProcess process, string sandbox, string text)
    {
        Assert.Equal(Errno.None, process.FileSystem.OpenRoot("/s/run", out DirectoryHandle? run));
        Assert.Equal(Errno.None, process.FileSystem.OpenFile(run!, $"{sandbox}/state.json", FileUse.ReadWrite, out FileHandle? file));
        Assert.Equal(Errno.None, process.FileSystem.Write(file!, Encoding.UTF8.GetBytes(text), 0, out _));
        file!.Dispose();
        run!.Dispose();
    }

    private async Task<SimulatedProcess> SeedAsync()
    {
        SimulatedProcess process = _machine.Start();
        await using StateStore store = await OpenAsync(process);
        foreach (string sandbox in new[] { "sb-1", "sb-2" })
        {
            await using SandboxLock held = await store.LockNewAsync(sandbox);
            await held.Change().PutJson(StoreRoot.Run, null, "state.json", BackupScene.Number(1)).CommitAsync();
        }

        return process;
    }
}
