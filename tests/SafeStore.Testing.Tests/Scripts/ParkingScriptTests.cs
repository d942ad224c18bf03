using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing.Stores;
using Xunit;

namespace SafeStore.Testing.Tests.Scripts;

/// <summary>
/// A process is killed anywhere in a transaction, another program puts something in the way of a document, and others go on: all of it is
/// crashed at every call.
/// </summary>
public sealed class ParkingScriptTests(ITestOutputHelper output)
{
    private const string Blocked = "p";
    private const string Free = "q";
    private const string Place = $"/store/config/{Blocked}/{NumberedSandboxes.Document}";
    private const string Aside = "/store/aside";

    private readonly StoreWorkload _workload = new(
        new StoreInvariants(StoreLayout.At("/store")) { AllowsUnstamped = true }, // what the other program puts in the way
        isConfigVolatile: false,
        isRunVolatile: false);

    [Fact]
    public Task A_recovery_parks_what_a_mounted_document_is_in_the_way_of_and_a_lock_applies_it() => ExploreAsync(script =>
    {
        Mount(script);
        script.Process("second").Run("opens", OpenAsync);
        script.Process("second").Run("commits another", step => CommitAsync(step, Free));
        script.Process("second").Run("checkpoints", CheckpointAsync);
        Unmount(script);
        script.Process("second").Run("locks and reads", step => NumberedSandboxes.LookAsync(step, Blocked));
        script.Process("second").Run("checkpoints again", CheckpointAsync);
    });

    [Fact]
    public Task A_checkpoint_parks_what_a_mounted_document_is_in_the_way_of_and_a_lock_applies_it() => ExploreAsync(script =>
    {
        script.Process("second").Run("opens", OpenAsync);
        Mount(script);
        script.Process("second").Run("checkpoints", CheckpointAsync);
        script.Process("second").Run("commits another", step => CommitAsync(step, Free));
        Unmount(script);
        script.Process("second").Run("locks and reads", step => NumberedSandboxes.LookAsync(step, Blocked));
        script.Process("second").Run("checkpoints again", CheckpointAsync);
    });

    [Fact]
    public Task A_sandbox_with_parked_transactions_can_be_removed() => ExploreAsync(script =>
    {
        script.Foreign(ForeignAction.Custom($"{Place} becomes a directory", static fs => Obstruct(fs)));
        script.Process("second").Run("opens", OpenAsync);
        script.Process("second").Run("removes", async step =>
        {
            step.Begin("removed");
            await step.Kept<StateStore>().RemoveSandboxAsync(Blocked);
            step.Acknowledge("removed");
        });
        script.Process("second").Run("checkpoints", CheckpointAsync);
    });

    private static void Mount(MachineScript script)
    {
        script.Foreign(ForeignAction.WriteFile(Aside, "\"foreign\""));
        script.Foreign(ForeignAction.BindMount(Aside, Place));
    }

    private static void Unmount(MachineScript script) => script.Foreign(ForeignAction.Unmount(Place));

    /// <summary>Puts a directory with a file in it in the place of the document.</summary>
    private static void Obstruct(SimulatedFileSystem fs)
    {
        Require(fs.OpenRoot("/store", out DirectoryHandle? store));
        Require(fs.OpenRoot($"/store/config/{Blocked}", out DirectoryHandle? sandbox));
        using (store)
        using (sandbox)
        {
            Require(fs.Rename(sandbox!, NumberedSandboxes.Document, store!, "aside", RenameKind.Replace));
            Require(fs.MakeDirectory(sandbox!, NumberedSandboxes.Document, (UnixFileMode)0b111_101_000, out DirectoryHandle? made));
            using (made)
            {
                Require(fs.CreateFile(made!, "inner", (UnixFileMode)0b110_100_000, out FileHandle? inner));
                inner!.Dispose();
            }
        }
    }

    private static void Require(Errno errno) => Assert.Equal(Errno.None, errno);

    private async ValueTask OpenAsync(StepContext step) => step.Keep(await _workload.Invariants.OpenAsync(step.Process));

    private static async ValueTask CheckpointAsync(StepContext step) => await step.Kept<StateStore>().CheckpointAsync();

    private static async ValueTask CommitAsync(StepContext step, string sandbox)
    {
        step.Begin(sandbox);
        await NumberedSandboxes.ChangeAsync(step.Kept<StateStore>(), 2, sandbox);
        step.Acknowledge(sandbox);
    }

    private async Task ExploreAsync(Action<MachineScript> others)
    {
        var script = new MachineScript();
        script.Process("first").Run("opens", OpenAsync);
        script.Process("first").Run("commits", step => CommitAsync(step, Blocked)).KillAtAnyCall();
        others(script);
        CrashReport report = await new CrashExplorer(new CrashExplorerOptions
        {
            ScriptRunsMax = 12,
            ExhaustiveMax = 3,
            Samples = 1,
            NestedEvery = 512,
            Prepare = async run =>
            {
                StateStore store = await _workload.Invariants.OpenAsync(run.Process);
                await NumberedSandboxes.ChangeAsync(store, 1, Blocked, Free);
                await store.DisposeAsync();
            },
        }).ExploreScriptAsync(script, CheckAsync, TestContext.Current.CancellationToken);
        output.WriteLine(report.ToString());
        report.ThrowIfViolated();
        Assert.True(report is { Runs: > 8, PowerLossStates: > 100 }, report.ToString());
    }

    private async ValueTask CheckAsync(CrashState state)
    {
        StateStore store = await _workload.Invariants.RecoverAsync(state);
        try
        {
            state.Machine.Unmount(Place);
        }
        catch (IOException)
        {
            // Nothing is mounted.
        }

        bool isRemoved = state.Acknowledged.Contains("removed");
        if (state.Begun.Contains("removed") || IsDirectory(state.Machine.Start("onlooker").FileSystem))
        {
            if (!isRemoved)
            {
                await RemoveAsync(store);
            }
            else if (store.ListSandboxes().Contains(Blocked))
            {
                throw new InvalidDataException("What was removed is back.");
            }

            await using SandboxLock anew = await store.LockNewAsync(Blocked);
            return;
        }

        await using SandboxLock held = await store.LockAsync(Blocked);
        NumberedSandboxes.Check(store, Blocked, state);
        NumberedSandboxes.Check(store, Free, state);
    }

    /// <summary>Something that is in the way of the removal itself is gone with the directory.</summary>
    private static async Task RemoveAsync(StateStore store)
    {
        try
        {
            await store.RemoveSandboxAsync(Blocked);
        }
        catch (NotFoundException)
        {
            // It is removed already.
        }
    }

    private static bool IsDirectory(SimulatedFileSystem fs)
    {
        if (fs.OpenRoot($"/store/config/{Blocked}", out DirectoryHandle? sandbox) != Errno.None)
        {
            return false;
        }

        using (sandbox)
        {
            return fs.Stat(sandbox!, NumberedSandboxes.Document, out FileStatus status) != Errno.None || status.Kind == FileKind.Directory;
        }
    }
}
