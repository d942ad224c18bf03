using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;

namespace SafeStore.PropertyTests.Store;

/// <summary>A store's settings and what is done to it.</summary>
internal sealed record Script(long LogBytesMax, bool OnDisk, Op[] Ops)
{
    public override string ToString() => $"log at most {LogBytesMax} bytes, {(OnDisk ? "disk" : "memory")}:{Gens.Lines(Ops)}";
}

/// <summary>Generates scripts with few names, so that they collide, and shrinks them: fewer steps first, then simpler ones.</summary>
internal static class Scripts
{
    // "x" is a container as well as a document: the two share the names of a directory.
    private static readonly string[] s_containers = ["a", "b", "x"];
    private static readonly string[] s_files = ["s.json", "x"];
    private static readonly string[] s_sandboxes = ["p", "q", "r"];

    public static Gen<Script> Any { get; } =
        from logBytesMax in Gen.Elements(0L, 32 * 1024L, 16 * 1024 * 1024L)
        from onDisk in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        from ops in Ops.ArrayOf(1, 30)
        select new Script(logBytesMax, onDisk, ops);

    private static Gen<int> Process => Gen.Choose(0, 1);

    private static Gen<StoreRoot> Root => Gen.Elements(StoreRoot.Config, StoreRoot.Run);

    private static Gen<string?> Container =>
        Gen.OneOf(Gen.Constant<string?>(null), Gen.Elements(s_containers).Select(static name => (string?)name));

    private static Gen<Step> Put =>
        from root in Root
        from container in Container
        from file in Gen.Elements(s_files)
        from value in Gen.Choose(0, 99)
        from size in Gen.Frequency((8, Gen.Constant(0)), (3, Gen.Choose(1000, 5000)), (1, Gen.Choose(15_000, 30_000)))
        select (Step)new Step.Put(root, container, file, value, size);

    private static Gen<Step> Delete =>
        from root in Root
        from container in Container
        from file in Gen.Elements(s_files)
        select (Step)new Step.Delete(root, container, file);

    private static Gen<Step> Steps => Gen.Frequency(
        (10, Put),
        (3, Delete),
        (4, Gen.Elements(s_containers).Select(static name => (Step)new Step.CreateContainer(name))),
        (3, Gen.Elements(s_containers).Select(static name => (Step)new Step.RemoveContainer(name))),
        (1, Gen.Constant<Step>(new Step.RemoveSandbox())),
        (1, Gen.Frequency((3, Gen.Constant(true)), (1, Gen.Constant(false))).Select(static right => (Step)new Step.Require(right))));

    public static Gen<Change> Changes =>
        from sandbox in Gen.Elements(s_sandboxes)
        from isNew in Gen.Frequency((3, Gen.Constant(false)), (2, Gen.Constant(true)))
        from steps in Steps.ArrayOf(0, 5)
        select new Change(sandbox, isNew, steps);

    private static Gen<Op> Ops => Gen.Frequency(
        (20, Process.Zip(Changes.ArrayOf(1, 1), static (process, changes) => (Op)new Op.Commit(process, changes))),
        (4, Process.Zip(
        Changes.ArrayOf(2, 3), static (process, changes) =>
        (Op)new Op.Commit(process, [.. changes.DistinctBy(static change => change.Sandbox)]))),
        (2, Process.Select(static process => (Op)new Op.Checkpoint(process))),
        (2, Gen.Choose(0, 2).Select(static process => (Op)new Op.Reopen(process))),
        (2, Gen.Constant<Op>(new Op.Kill())),
        (2, Gen.Elements(s_sandboxes).Select(static sandbox => (Op)new Op.Snapshot(sandbox))));

    public static IEnumerable<Script> Shrink(Script script)
    {
        foreach (Op[] fewer in Laws.DropChunks(script.Ops))
        {
            yield return script with { Ops = fewer };
        }

        for (int i = 0; i < script.Ops.Length; i++)
        {
            if (script.Ops[i] is Op.Commit commit)
            {
                foreach (Change[] simpler in Shrink(commit.Changes))
                {
                    yield return script with { Ops = [.. script.Ops[..i], commit with { Changes = simpler }, .. script.Ops[(i + 1)..]] };
                }
            }
        }

        if (script.OnDisk)
        {
            yield return script with { OnDisk = false };
        }
    }

    public static IEnumerable<Change[]> Shrink(Change[] changes)
    {
        for (int i = 0; i < changes.Length; i++)
        {
            if (changes.Length > 1)
            {
                yield return [.. changes[..i], .. changes[(i + 1)..]];
            }

            Change change = changes[i];
            foreach (Step[] fewer in Laws.DropChunks(change.Steps).Concat(Smaller(change.Steps)))
            {
                yield return [.. changes[..i], change with { Steps = fewer }, .. changes[(i + 1)..]];
            }
        }
    }

    private static IEnumerable<Step[]> Smaller(Step[] steps)
    {
        for (int i = 0; i < steps.Length; i++)
        {
            if (steps[i] is Step.Put { Size: > 0 } put)
            {
                yield return [.. steps[..i], put with { Size = 0 }, .. steps[(i + 1)..]];
            }
        }
    }
}
