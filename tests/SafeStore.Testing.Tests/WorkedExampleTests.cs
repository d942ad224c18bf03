using System;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>
/// The worked example of docs/simulation.md: four ways to save a state, and the crash that each of them does not survive.
/// </summary>
public sealed class WorkedExampleTests
{
    private const string Path = "/state.json";
    private const string Old = """{"state":"ready"}""";
    private const string New = """{"state":"running"}""";

    [Fact]
    public async Task Writing_in_place_leaves_an_empty_file()
    {
        CrashReport report = await ExploreAsync(static run => run.Files.File.WriteAllText(Path, New));

        CrashViolation violation = Assert.Single(report.Violations);
        Assert.Contains("kill", violation.Crashes[0].Kind, StringComparison.Ordinal); // not even a power loss is needed
        Assert.Contains("found ''", violation.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renaming_a_temp_file_without_a_sync_leaves_an_empty_file_on_xfs()
    {
        CrashReport report = await ExploreAsync(WriteAndRename, PersistenceProfile.Xfs);

        CrashViolation violation = Assert.Single(report.Violations);
        Assert.Equal("power loss", violation.Crashes[0].Kind);
        Assert.Contains("found ''", violation.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renaming_a_temp_file_without_a_sync_loses_the_state_on_ext4_but_does_not_empty_it()
    {
        CrashReport report = await ExploreAsync(WriteAndRename, PersistenceProfile.Ext4Ordered);

        Assert.Contains(Old, Assert.Single(report.Violations).Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Syncing_the_temp_file_and_not_the_directory_loses_what_was_acknowledged()
    {
        CrashReport report = await ExploreAsync(static run =>
        {
            using (FileSystemStream stream = run.Files.FileStream.New("/state.tmp", FileMode.Create))
            {
                stream.Write(System.Text.Encoding.UTF8.GetBytes(New));
                stream.Flush(true);
            }

            run.Files.File.Move("/state.tmp", Path, overwrite: true);
        });

        CrashViolation violation = Assert.Single(report.Violations);
        Assert.Contains(Old, violation.Failure.Message, StringComparison.Ordinal);
        Assert.Contains(violation.Crashes[0].Lost, static line => line.Contains("name /state.json", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_atomic_file_survives_everything()
    {
        CrashReport report = await ExploreAsync(
            static run => new AtomicFile(run.FileSystem).Write(Path, System.Text.Encoding.UTF8.GetBytes(New)),
            [.. PersistenceProfile.Gates.Where(static profile => !profile.IsVolatile)]);

        report.ThrowIfViolated();
        Assert.True(report.PowerLossStates > 10);
    }

    [Fact]
    public async Task An_atomic_file_relies_on_an_atomic_rename_which_hostile_disks_do_not_give()
    {
        CrashReport report = await ExploreAsync(
            static run => new AtomicFile(run.FileSystem).Write(Path, System.Text.Encoding.UTF8.GetBytes(New)), PersistenceProfile.Hostile);

        Assert.Equal("power loss", Assert.Single(report.Violations).Crashes[0].Kind);
    }

    private static void WriteAndRename(CrashRun run)
    {
        run.Files.File.WriteAllText("/state.tmp", New);
        run.Files.File.Move("/state.tmp", Path, overwrite: true);
    }

    private static ValueTask<CrashReport> ExploreAsync(Action<CrashRun> save, params PersistenceProfile[] profiles)
    {
        var explorer = new CrashExplorer(new CrashExplorerOptions
        {
            Profiles = profiles.Length > 0 ? profiles : [PersistenceProfile.Strict],
            Prepare = static run =>
            {
                run.Files.File.WriteAllText(Path, Old);
                return default;
            },
        });
        return explorer.ExploreAsync(
            run =>
            {
                save(run);
                run.Acknowledge("saved");
                return default;
            },
            static state =>
            {
                string found = state.Files.File.ReadAllText(Path);
                return found == New || (found == Old && state.Acknowledged.Count == 0) ? default
                    : throw new InvalidDataException($"found '{found}'");
            },
            TestContext.Current.CancellationToken);
    }
}
