using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using SafeStore.Commit;

namespace SafeStore.Fuzzing.Targets;

/// <summary>The payload of a commit record: what is read of it is written again as the same bytes.</summary>
internal sealed class PayloadTarget : IFuzzTarget
{
    public string Name => "payload";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        Write(new SandboxPlan(
            "sb", PlanKind.Create, ["web"], [],
            [new DocumentPut(new DocumentKey(StoreRoot.Run, "web", "a.json"), Encoding.UTF8.GetBytes("{}"))], [])),
        Write(
            new SandboxPlan("a", PlanKind.Update, [], ["web"], [], [new DocumentKey(StoreRoot.Config, null, "b.json")]),
            new SandboxPlan("b", PlanKind.Remove, [], [], [], [])),
    ];

    public void Seal(byte[] input)
    {
    }

    public string Run(byte[] input)
    {
        List<SandboxPlan>? plans;
        try
        {
            plans = PlanCodec.TryRead(input);
        }
        catch (Exception failure)
        {
            throw new FuzzViolationException($"It threw {failure.GetType().Name}: {failure.Message}", failure);
        }

        return plans is null ? "none"
            : Write([.. plans]).AsSpan().SequenceEqual(input) ? $"{Math.Min(plans.Count, 3)} plans"
            : throw new FuzzViolationException("It is not written as it was read.");
    }

    private static byte[] Write(params SandboxPlan[] plans)
    {
        byte[] bytes = new byte[PlanCodec.SizeOf(plans)];
        PlanCodec.Write(plans, bytes);
        return bytes;
    }
}
