using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.Testing.Tests.Persistence;

/// <summary>What holds of every power loss, whatever was done before; random scripts of fixed seeds.</summary>
public sealed class SoundnessTests
{
    private static readonly string[] s_files = ["/a", "/b", "/d/a", "/d/b", "/e/a"];

    public static TheoryData<string> Profiles => [.. All.Select(static profile => profile.Name)];

    private static IEnumerable<PersistenceProfile> All =>
        PersistenceProfile.Gates.Append(PersistenceProfile.Hostile).Where(static profile => !profile.IsVolatile);

    [Theory]
    [MemberData(nameof(Profiles))]
    public void If_everything_is_kept_what_programs_saw_is_there_and_the_same_choice_gives_the_same(string name)
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            Rig rig = Run(name, seed, steps: 40, canFail: true);
            var space = new PowerLossSpace(rig.Disk);
            int[] last = [.. space.Options.Select(static options => options - 1)];
            Assert.Equal(rig.Tree(), Rig.Tree(space.Materialize(last, seed)));

            var random = new Randomness(seed);
            int[] any = [.. space.Options.Select(random.Next)];
            Assert.Equal(Rig.Tree(space.Materialize(any, seed)), Rig.Tree(new PowerLossSpace(rig.Disk.Clone()).Materialize(any, seed)));
            Assert.All(Enumerable.Range(0, space.Count), atom => Assert.NotEmpty(space.Describe(atom, 0)));
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void After_a_sync_of_everything_nothing_is_left_to_chance(string name)
    {
        for (ulong seed = 0; seed < 60; seed++)
        {
            Rig rig = Run(name, seed, steps: 40, canFail: false).SyncAll();
            var space = new PowerLossSpace(rig.Disk);

            Assert.Empty(space.Options);
            Assert.Equal(rig.Tree(), Rig.Tree(space.Materialize([], 0)));
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void What_was_synced_and_left_alone_is_there_after_any_power_loss(string name)
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            Rig rig = Run(name, seed, steps: 20, canFail: false).Make("/kept").Write("/kept/x", "synced").Write("/kept/y", "also")
                .SyncAll();
            Step(rig, new Randomness(seed + 1000), steps: 20, canFail: true);
            rig.Write("/kept/z", "later").Sync("/kept/z");
            var space = new PowerLossSpace(rig.Disk);
            var random = new Randomness(seed);
            for (int i = 0; i < 20; i++)
            {
                string left = Rig.Tree(space.Materialize([.. space.Options.Select(random.Next)], seed));
                Assert.Contains("kept/x=synced", left, StringComparison.Ordinal);
                Assert.Contains("kept/y=also", left, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_machine_goes_on_after_a_power_loss_and_the_next_finds_what_it_left(string name)
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            Rig rig = Run(name, seed, steps: 30, canFail: true);
            rig.Machine.LosePower(seed);
            rig.Process = rig.Machine.Start();
            string left = rig.Tree();
            Assert.Equal([left], rig.Outcomes());

            Step(rig, new Randomness(seed), steps: 30, canFail: true);
            rig.Machine.LosePower(seed + 1);
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Whatever_a_profile_allows_after_a_few_calls_the_strict_one_allows_too(string name)
    {
        for (ulong seed = 0; seed < 300 && name != "hostile"; seed++)
        {
            Rig rig = Run("strict", seed, steps: 6, canFail: false);
            if (new PowerLossSpace(rig.Disk).Options.Aggregate(1.0, static (product, count) => product * count) > 500)
            {
                continue; // too many to write them all down
            }

            string[] strict = rig.Outcomes();
            string[] outcomes = Run(name, seed, steps: 6, canFail: false).Outcomes();

            Assert.True(!outcomes.Except(strict, StringComparer.Ordinal).Any(),
                $"seed {seed}: {string.Join(" | ", outcomes.Except(strict, StringComparer.Ordinal))} not in {string.Join(" | ", strict)}");
        }
    }

    private static Rig Run(string profile, ulong seed, int steps, bool canFail)
    {
        var rig = new Rig(All.First(each => each.Name == profile) with { SectorBytes = steps < 10 ? 512 : 4 });
        Step(rig, new Randomness(seed), steps, canFail);
        return rig;
    }

    private static void Step(Rig rig, Randomness random, int steps, bool canFail)
    {
        string Any() => s_files[random.Next(s_files.Length)];
        for (int i = 0; i < steps; i++)
        {
            string path = Any();
            string other = Any();
            switch (random.Next(14))
            {
                case 0:
                    _ = rig.Calls.MakeDirectory("/d", Rig.Mode750);
                    break;
                case 1:
                    _ = rig.Calls.MakeDirectory("/e", Rig.Mode750);
                    break;
                case 2:
                    _ = rig.Calls.Unlink(path);
                    break;
                case 3:
                    _ = rig.Calls.RemoveDirectory("/e");
                    break;
                case 4 or 5:
                    _ = rig.Calls.Rename(path, other);
                    break;
                case 6:
                    _ = rig.Calls.Rename("/d", "/e");
                    break;
                case 7:
                    _ = rig.Calls.Link(path, other);
                    break;
                case 8:
                    using (DirectoryHandle root = rig.Directory())
                    {
                        _ = rig.Files.Rename(root, "a", root, "b", RenameKind.Exchange);
                        _ = random.Next(2) == 0 ? rig.Files.SyncDirectory(root) : Errno.None;
                    }

                    break;
                default:
                    OnFile(rig, random, path, canFail);
                    break;
            }
        }
    }

    private static void OnFile(Rig rig, Randomness random, string path, bool canFail)
    {
        if (rig.Calls.Open(path, OpenFlags.Write | OpenFlags.Create, Rig.Mode640, out FileHandle? file) != Errno.None)
        {
            return;
        }

        using FileHandle opened = file!;
        switch (random.Next(8))
        {
            case 0:
                Assert.Equal(Errno.None, rig.Calls.Truncate(opened, random.Next(20)));
                break;
            case 1:
                Assert.Equal(Errno.None, rig.Files.Allocate(opened, random.Next(20)));
                break;
            case 2:
                rig.Machine.Faults = canFail && random.Next(2) == 0
                    ? new FaultPlan().Add(new FaultRule { Fault = new SyncLosesData(Errno.InputOutput, (LostSync)random.Next(3)) })
                    : new FaultPlan();
                _ = random.Next(2) == 0 ? rig.Files.SyncFile(opened) : rig.Files.SyncData(opened);
                if (random.Next(4) == 0)
                {
                    rig.Machine.DropCaches();
                }

                break;
            case 3:
                rig.Write(opened, new string((char)('A' + random.Next(26)), 5000), random.Next(8000));
                break;
            default:
                rig.Write(opened, new string((char)('a' + random.Next(26)), random.Next(12) + 1), random.Next(16));
                break;
        }
    }
}
