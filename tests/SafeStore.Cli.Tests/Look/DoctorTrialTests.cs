using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Operations;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary>What the doctor tries, on simulated machines whose calls are refused.</summary>
public sealed class DoctorTrialTests
{
    private const int All = int.MaxValue;

    private readonly SimulatedMachine _machine = new(new SimulatedMachineOptions { KeepsTrace = true });

    [Fact]
    public void A_machine_that_can_all_gets_no_finding_and_keeps_nothing_of_the_trial()
    {
        Assert.Empty(Try());
        Assert.Contains(_machine.Trace, static call => call.Operation == Operation.Exchange);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(Operation.MakeDirectory, "problem create")]
    [InlineData(Operation.CreateFile, "problem create")]
    [InlineData(Operation.TryLock, "problem flock|problem byte-locks")]
    [InlineData(Operation.SyncFile, "problem sync")]
    [InlineData(Operation.SyncData, "problem sync")]
    [InlineData(Operation.SyncDirectory, "problem sync-directory")]
    [InlineData(Operation.Allocate, "problem allocate")]
    [InlineData(Operation.MapWords, "problem shared-words")]
    [InlineData(Operation.RenameNoReplace, "problem rename")]
    [InlineData(Operation.Exchange, "note exchange")]
    [InlineData(Operation.SetAttribute, "note attributes")]
    public void A_call_that_is_refused_is_found_and_nothing_is_left(Operation operation, string expected)
    {
        _machine.Faults = new FaultPlan().Add(
            new FaultRule { Operations = [operation], Times = All, Fault = new CallFails(Errno.NotSupported) });

        IReadOnlyList<DoctorFinding> found = Try();

        Assert.Equal(expected.Split('|'), found.Select(Shown).Distinct());
        Assert.All(found, static each => Assert.Contains("EOPNOTSUPP", each.Message, StringComparison.Ordinal));
        AssertNothingLeft();
    }

    [Fact]
    public void What_a_killed_trial_has_left_the_next_one_removes()
    {
        for (long call = 1; ; call++)
        {
            var machine = new SimulatedMachine { Faults = FaultPlan.At(call, new ProcessKilled(Afterwards: true)) };
            if (!DiesIn(machine))
            {
                Assert.True(call > 20, "the trial was not killed");
                return;
            }

            machine.Faults = new FaultPlan();
            Assert.Empty(Try(machine));
            Assert.Empty(NamesIn(machine));
        }
    }

    [Fact]
    public void A_trial_that_is_under_way_is_left_alone()
    {
        IDurableFileSystem other = _machine.Start().FileSystem;
        Assert.Equal(Errno.None, other.OpenRoot("/", out DirectoryHandle? root));
        Assert.Equal(Errno.None, other.MakeDirectory(root!, ".safestore-doctor-0123456789abcdef", default, out DirectoryHandle? held));
        Assert.Equal(Errno.None, other.TryLock(held!, LockRange.Whole, LockMode.Exclusive));

        Assert.Empty(Try());

        Assert.Equal([".safestore-doctor-0123456789abcdef"], NamesIn(_machine));
    }

    private static IReadOnlyList<DoctorFinding> Try(SimulatedMachine machine) =>
        StoreDoctor.Try(StoreLayout.At("/store"), new StoreOptions { FileSystem = machine.Start().FileSystem });

    private static bool DiesIn(SimulatedMachine machine)
    {
        try
        {
            _ = Try(machine);
            return false;
        }
        catch (SimulatedCrashException)
        {
            return true;
        }
    }

    private static IEnumerable<string> NamesIn(SimulatedMachine machine)
    {
        SimulatedFileSystem fs = machine.Start().FileSystem;
        var entries = new List<DirectoryEntry>();
        Assert.Equal(Errno.None, fs.OpenRoot("/", out DirectoryHandle? root));
        using (root)
        {
            Assert.Equal(Errno.None, fs.List(root!, entries));
        }

        return entries.Select(static entry => entry.Name);
    }

    private static string Shown(DoctorFinding found) =>
        $"{(found.Level == FindingLevel.Problem ? "problem" : "note")} {found.Code}";

    private IReadOnlyList<DoctorFinding> Try() => Try(_machine);

    private void AssertNothingLeft()
    {
        _machine.Faults = new FaultPlan();
        Assert.Empty(NamesIn(_machine));
    }
}
