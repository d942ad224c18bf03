using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Kills;

/// <summary>Where to kill a child: before its n-th changing call, or in the middle of that call when it is a write.</summary>
internal sealed record KillPoint(int Step, string Verb, bool InTheMiddle)
{
    public string Command => string.Create(CultureInfo.InvariantCulture, $"arm {Step} {(InTheMiddle ? "half" : "before")}");

    public static KillPoint Never { get; } = new(0, "", false);

    /// <summary>All points of a sequence of calls, as the child lists them.</summary>
    public static IEnumerable<KillPoint> Of(string steps)
    {
        string[] verbs = steps.Split(',');
        for (int i = 0; i < verbs.Length; i++)
        {
            yield return new KillPoint(i + 1, verbs[i], InTheMiddle: false);
            if (verbs[i] == "write")
            {
                yield return new KillPoint(i + 1, verbs[i], InTheMiddle: true);
            }
        }
    }

    /// <summary>In the middle of the append: the last write before the log is synced.</summary>
    public static KillPoint OfAppend(IReadOnlyList<KillPoint> points)
    {
        int synced = points.First(static point => point.Verb == "fdatasync").Step;
        return points.Last(point => point.InTheMiddle && point.Step < synced);
    }

    public override string ToString() => $"step {Step} ({(InTheMiddle ? "in the middle of" : "before")} {Verb})";
}

/// <summary>A child that was killed: where it stood, and whether it had acknowledged its transaction.</summary>
internal sealed record Victim(string StoppedAt, bool HasAcknowledged)
{
    /// <summary>Lets a child run a workload until it stops itself, or to its end, and kills it there.</summary>
    public static Victim Of(StoreLayout layout, string workload, KillPoint point)
    {
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect(point.Command);
        child.Send("workload " + workload);
        string answer = child.ReadLine()!;
        bool acknowledged = answer.StartsWith("ok ", System.StringComparison.Ordinal);
        if (acknowledged && workload == "checkpoint")
        {
            child.Send("checkpoint");
            answer = child.ReadLine()!;
        }

        Assert.StartsWith(point == KillPoint.Never ? "ok " : "stopped ", answer);
        Assert.Empty(child.Kill());
        return new Victim(answer, acknowledged);
    }

    /// <summary>The calls of a workload that nobody stops.</summary>
    public static string StepsOf(StoreLayout layout, string workload)
    {
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect(KillPoint.Never.Command);
        _ = child.Expect("workload " + workload);
        if (workload == "checkpoint")
        {
            _ = child.Expect("checkpoint");
        }

        string steps = child.Expect("disarm");
        child.End();
        return steps;
    }

    /// <summary>The calls of an opening, recovery included.</summary>
    public static string StepsOfOpening(StoreLayout layout)
    {
        using var child = new ChildProcess(layout);
        _ = child.Expect(KillPoint.Never.Command);
        _ = child.Expect("open");
        string steps = child.Expect("disarm");
        _ = child.Kill();
        return steps;
    }
}
