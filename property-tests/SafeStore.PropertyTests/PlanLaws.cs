using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using SafeStore.Commit;
using Xunit;

namespace SafeStore.PropertyTests;

public sealed class PlanLaws
{
    private static Gen<DocumentKey> Keys { get; } =
        from root in Gen.Elements(StoreRoot.Config, StoreRoot.Run)
        from container in Gen.Frequency((1, Gen.Constant<string?>(null)), (1, Gens.Id.Select(static id => (string?)id)))
        from file in Gens.Id
        select new DocumentKey(root, container, file);

    private static Gen<SandboxPlan> Plans { get; } =
        from sandbox in Gens.Id
        from kind in Gen.Elements(PlanKind.Update, PlanKind.Create, PlanKind.Remove)
        from created in Gens.Id.ArrayOf(0, 4)
        from removed in Gens.Id.ArrayOf(0, 4)
        from puts in Keys.Zip(Gens.Bytes(0, 200), static (key, bytes) => new DocumentPut(key, bytes)).ArrayOf(0, 5)
        from deletes in Keys.ArrayOf(0, 5)
        select new SandboxPlan(sandbox, kind, [.. created], [.. removed], [.. puts], [.. deletes]);

    [Fact]
    public void Every_plan_decodes_to_itself_and_no_proper_prefix_decodes() => Laws.Check(
        Plans.ArrayOf(1, 4).Zip(Gen.Choose(0, 1_000_000)), 500, both =>
        {
            byte[] bytes = Encode(both.Item1);
            List<SandboxPlan>? read = PlanCodec.TryRead(bytes);
            Assert.NotNull(read);
            Assert.Equal(both.Item1.Select(Show), read.Select(Show));
            Assert.Null(PlanCodec.TryRead(bytes.AsMemory(0, both.Item2 % bytes.Length)));
        });

    [Fact]
    public void Arbitrary_bytes_never_throw_and_what_is_read_from_them_encodes_to_them() => Laws.Check(
        Gens.Bytes(0, 300), 1000, static bytes => CheckReadable(bytes));

    [Fact]
    public void A_plan_with_damaged_bytes_never_throws_and_what_is_read_from_it_encodes_to_it() => Laws.Check(
        from plans in Plans.ArrayOf(1, 3)
        from place in Gen.Choose(0, 1_000_000)
        from noise in Gens.Bytes(1, 5)
        select (plans, place, noise),
        1500,
        static damage =>
        {
            byte[] bytes = Encode(damage.plans);
            int start = damage.place % bytes.Length;
            damage.noise.AsSpan(0, Math.Min(damage.noise.Length, bytes.Length - start)).CopyTo(bytes.AsSpan(start));
            CheckReadable(bytes);
        });

    private static void CheckReadable(byte[] bytes)
    {
        if (PlanCodec.TryRead(bytes) is { } plans)
        {
            Assert.Equal(bytes, Encode([.. plans]));
        }
    }

    private static byte[] Encode(SandboxPlan[] plans)
    {
        byte[] bytes = new byte[PlanCodec.SizeOf(plans)];
        PlanCodec.Write(plans, bytes);
        return bytes;
    }

    private static string Show(SandboxPlan plan) =>
        $"{plan.Kind} {plan.Sandbox} +[{string.Join(',', plan.CreatedContainers)}] -[{string.Join(',', plan.RemovedContainers)}] "
        + $"put [{string.Join(',', plan.Puts.Select(static put => $"{put.Key}={Convert.ToHexStringLower(put.Content.Span)}"))}] delete "
            + $"[{string.Join(',', plan.Deletes)}]";
}
