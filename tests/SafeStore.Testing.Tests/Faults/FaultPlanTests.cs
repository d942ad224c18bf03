using System;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.Testing.Tests.Faults;

public sealed class FaultPlanTests
{
    private static readonly CallFails s_fault = new(Errno.InputOutput);

    [Fact]
    public void The_nth_call_of_the_machine_fails()
    {
        var rig = new Rig();
        rig.Machine.Faults = FaultPlan.At(3, s_fault);

        Assert.Equal([false, false, true, false], Stats(rig, "/", 4));
    }

    [Fact]
    public void A_rule_skips_some_calls_and_befalls_some()
    {
        var rig = new Rig();
        rig.Machine.Faults = new FaultPlan().Add(new FaultRule { Skip = 1, Times = 2, Fault = s_fault });

        Assert.Equal([false, true, true, false], Stats(rig, "/", 4));
        Assert.Equal(2, rig.Machine.Faults.Count);
    }

    [Fact]
    public void A_rule_is_for_paths_operations_and_processes()
    {
        Rig rig = new Rig().Make("/d").Write("/d/a.tmp", "").Write("/d/b", "");
        SimulatedProcess other = rig.Machine.Start("other");
        rig.Machine.Faults =
            new FaultPlan()
            .Add(new FaultRule
            {
                Path = "/d/*.tmp",
                Operations = [Operation.Stat, Operation.Unlink],
                Process = "process1",
                Times = int.MaxValue,
                Fault = s_fault
            });

        Assert.Equal([true], Stats(rig, "/d/a.tmp", 1));
        Assert.Equal([false], Stats(rig, "/d/b", 1));
        Assert.Equal("", rig.Read("/d/a.tmp"));
        Assert.Equal(Errno.None, ((IPathCalls)other.FileSystem).Stat("/d/a.tmp", follow: true, out _));
        Assert.Equal(Errno.InputOutput, rig.Calls.Unlink("/d/a.tmp"));
    }

    [Fact]
    public void The_first_rule_that_applies_decides()
    {
        var rig = new Rig();
        rig.Machine.Faults = new FaultPlan()
            .Add(new FaultRule { Fault = new CallFails(Errno.NoSpace) })
            .Add(new FaultRule { Fault = s_fault });

        Assert.Equal(Errno.NoSpace, rig.Calls.Stat("/", follow: true, out _));
        Assert.Equal(Errno.InputOutput, rig.Calls.Stat("/", follow: true, out _));
        Assert.Equal(Errno.None, rig.Calls.Stat("/", follow: true, out _));
    }

    [Fact]
    public void Chance_follows_from_the_machines_seed()
    {
        bool[] first = Chances(1);
        Assert.Equal(first, Chances(1));
        Assert.NotEqual(first, Chances(2));
        Assert.InRange(first.Count(static fails => fails), 60, 140);
    }

    [Fact]
    public void Rules_that_make_no_sense_are_refused()
    {
        var plan = new FaultPlan();
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.Add(new FaultRule { Skip = -1, Fault = s_fault }));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.Add(new FaultRule { Times = -1, Fault = s_fault }));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.Add(new FaultRule { Probability = 1.1, Fault = s_fault }));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.Add(new FaultRule { Probability = double.NaN, Fault = s_fault }));
    }

    [Fact]
    public void The_trace_tells_every_call_with_its_result()
    {
        var rig = new Rig();
        rig.Machine.Faults = FaultPlan.At(2, s_fault);
        Stats(rig, "/", 2);
        Stats(rig, "/missing", 1);

        Assert.Equal(
            [(1, Errno.None), (2, Errno.InputOutput), (3, Errno.NotFound)],
            rig.Machine.Trace.Select(static call => ((int)call.Number, call.Result)));
    }

    private static bool[] Chances(ulong seed)
    {
        var rig = new Rig(new SimulatedMachineOptions { Seed = seed });
        rig.Machine.Faults = new FaultPlan().Add(new FaultRule { Probability = 0.5, Times = int.MaxValue, Fault = s_fault });
        return Stats(rig, "/", 200);
    }

    private static bool[] Stats(Rig rig, string path, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => rig.Calls.Stat(path, follow: true, out NodeStatus _) == Errno.InputOutput)];
}
