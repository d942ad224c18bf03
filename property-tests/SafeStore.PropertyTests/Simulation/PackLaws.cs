using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using FsCheck;
using FsCheck.Fluent;
using SafeStore.FileSystem;
using SafeStore.Testing;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>Whatever processes, other programs, the clock and power losses do between a pack and a reading in bulk: what is read is what the files hold.</summary>
public sealed class PackLaws
{
    private enum Deed
    {
        Commit,
        Create,
        Remove,
        Delete,
        MakeContainer,
        RemoveContainer,
        WriteOver,
        Replace,
        ForeignFile,
        ForeignRemoval,
        ChangeMode,
        SetTimes,
        Pack,
        PackMeanwhile,
        Wait,
        Checkpoint,
        Kill,
        LosePower,
    }

    private static readonly string[] s_sandboxes = ["a", "b", "c"];

    private static Gen<Step> AnyStep { get; } =
        from deed in Gen.Frequency(
            (4, Gen.Constant(Deed.Commit)), (2, Gen.Constant(Deed.Create)), (1, Gen.Constant(Deed.Remove)), (1, Gen.Constant(Deed.Delete)),
            (1, Gen.Constant(Deed.MakeContainer)), (1, Gen.Constant(Deed.RemoveContainer)), (3, Gen.Constant(Deed.WriteOver)), (2, Gen.Constant(Deed.Replace)),
            (1, Gen.Constant(Deed.ForeignFile)), (1, Gen.Constant(Deed.ForeignRemoval)), (1, Gen.Constant(Deed.ChangeMode)), (1, Gen.Constant(Deed.SetTimes)),
            (5, Gen.Constant(Deed.Pack)), (4, Gen.Constant(Deed.PackMeanwhile)), (8, Gen.Constant(Deed.Wait)), (1, Gen.Constant(Deed.Checkpoint)), (1, Gen.Constant(Deed.Kill)), (2, Gen.Constant(Deed.LosePower)))
        from process in Gen.Choose(0, 1)
        from sandbox in Gen.Elements(s_sandboxes)
        from inContainer in Gen.Frequency((3, Gen.Constant(false)), (1, Gen.Constant(true)))
        from root in Gen.Elements(StoreRoot.Config, StoreRoot.Run)
        from number in Gen.Choose(0, 9)
        from salt in Gen.Choose(0, 999)
        select new Step(deed, process, sandbox, inContainer ? "web" : null, root, number, salt);

    private static Gen<Script> Any { get; } =
        from profile in Gen.Elements(PersistenceProfile.Strict, PersistenceProfile.Ext4Ordered, PersistenceProfile.Btrfs)
        from run in Gen.Elements(RunRoot.SameDisk, RunRoot.OtherDisk, RunRoot.Tmpfs)
        from seed in Gen.Choose(1, int.MaxValue)
        from steps in AnyStep.ArrayOf(5, 60)
        select new Script(new Setting(profile, run, 2, 0, 1), (ulong)seed, steps);

    [Fact]
    public void What_is_read_in_bulk_is_what_the_files_hold()
    {
        var tally = new Tally();
        Laws.Check(Any, 600, script => new Play(script, tally).Run(), static script => Laws.DropChunks(script.Steps).Select(steps => script with { Steps = steps }));
        tally.Print("packs");
        Assert.True(tally["sandboxes read from a pack"] > 0 && tally["sandboxes read from their files"] > 0 && tally["deeds meanwhile"] > 0);
    }

    private sealed record Step(Deed Deed, int Process, string Sandbox, string? Container, StoreRoot Root, int Number, int Salt)
    {
        public string Path => $"{Setting.Layout.PathOf(Root)}/{Sandbox}{(Container is null ? "" : $"/{Container}")}";

        public string Document => $"{Path}/d{(Number % 2).ToString(CultureInfo.InvariantCulture)}.json";

        public byte[] Json => Encoding.UTF8.GetBytes(Number.ToString(CultureInfo.InvariantCulture));

        public override string ToString() => $"p{Process}: {Deed} {Root}:{Sandbox}/{Container} {Number} {Salt}";
    }

    private sealed record Script(Setting Setting, ulong Seed, Step[] Steps)
    {
        public override string ToString() => $"{Setting}, seed {Seed}:{Gens.Lines(Steps)}";
    }

    private sealed class Play(Script script, Tally tally)
    {
        private readonly SimulatedMachine _machine = script.Setting.SwitchOn(script.Seed);
        private readonly SimulatedProcess?[] _processes = new SimulatedProcess?[2];
        private readonly StateStore?[] _stores = new StateStore?[2];

        public void Run()
        {
            foreach (Step step in script.Steps)
            {
                Do(step, StoreOf(step.Process));
                Check(StoreOf(1 - step.Process));
            }
        }

        private void Do(Step step, StateStore store)
        {
            IPathCalls other = _machine.Start("other program").FileSystem;
            switch (step.Deed)
            {
                case Deed.Create:
                    _ = Record.Exception(() => Change(store.LockNewAsync(step.Sandbox).Now(), change => change.PutJson(step.Root, null, "d0.json", step.Json)));
                    break;
                case Deed.Commit:
                    Change(store, step, change => change.PutJson(step.Root, step.Container, $"d{step.Number % 2}.json", step.Json));
                    break;
                case Deed.Remove:
                    Change(store, step, static change => change.RemoveSandbox());
                    break;
                case Deed.Delete:
                    Change(store, step, change => change.Delete(step.Root, step.Container, $"d{step.Number % 2}.json"));
                    break;
                case Deed.MakeContainer:
                    Change(store, step, static change => change.CreateContainer("web"));
                    break;
                case Deed.RemoveContainer:
                    Change(store, step, static change => change.RemoveContainer("web"));
                    break;
                case Deed.WriteOver:
                    Write(other, step.Document, step.Json, OpenFlags.Write);
                    break;
                case Deed.Replace:
                    Write(other, step.Document + ".new", step.Json, OpenFlags.Write | OpenFlags.Create);
                    _ = other.Rename(step.Document + ".new", step.Document);
                    break;
                case Deed.ForeignFile:
                    Write(other, $"{step.Path}/foreign{step.Number}.json", step.Json, OpenFlags.Write | OpenFlags.Create);
                    break;
                case Deed.ForeignRemoval:
                    _ = other.Unlink(step.Document);
                    break;
                case Deed.ChangeMode:
                    _ = other.SetMode(step.Document, AtomicFile.DefaultMode);
                    break;
                case Deed.SetTimes:
                    _ = other.SetTimes(step.Document, _machine.Clock.GetUtcNow().AddDays(-step.Number), _machine.Clock.GetUtcNow().AddDays(-step.Number));
                    break;
                case Deed.Pack:
                    tally.Add("packs");
                    tally.Add("sandboxes packed", store.Pack().Sandboxes);
                    break;
                case Deed.PackMeanwhile:
                    PackMeanwhile(step, store, other);
                    break;
                case Deed.Wait:
                    _machine.Clock.Advance(TimeSpan.FromMilliseconds(step.Number * 500));
                    break;
                case Deed.Checkpoint:
                    _ = store.CheckpointAsync().Now();
                    break;
                case Deed.Kill:
                    _machine.Kill(_processes[step.Process]!);
                    _stores[step.Process] = null;
                    break;
                case Deed.LosePower:
                    if (step.Number % 2 == 0)
                    {
                        SyncPack(_machine.Start("kernel").FileSystem); // as it does some day by itself
                    }

                    _machine.LosePower((ulong)step.Number);
                    _stores.AsSpan().Clear();
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(step));
            }
        }

        /// <summary>Before some call of the making, which may wait for it for seconds, another program writes over a document.</summary>
        private void PackMeanwhile(Step step, StateStore store, IPathCalls other)
        {
            var pause = TimeSpan.FromMilliseconds(step.Number % 3 == 0 ? 3000 : 2);
            int done = 0;
            using ITimer timer = _machine.Clock.CreateTimer(
                _ =>
                {
                    done++;
                    Write(other, step.Document, step.Json, OpenFlags.Write | (step.Process == 0 ? OpenFlags.Create : 0));
                },
                null,
                pause / 2,
                Timeout.InfiniteTimeSpan);
            _machine.Faults = new FaultPlan().Add(new FaultRule
            {
                Process = $"p{step.Process}",
                Operations = [Operation.Stat, Operation.OpenFile, Operation.OpenDirectory, Operation.List, Operation.Read, Operation.CreateFile],
                Skip = step.Salt % 60,
                Fault = new SlowCall(pause),
            });
            tally.Add("sandboxes packed meanwhile", store.Pack().Sandboxes);
            _machine.Faults = new FaultPlan();
            tally.Add("deeds meanwhile", done);
        }

        private void Check(StateStore store)
        {
            using BulkReader reader = store.ReadInBulk();
            string[] found = Show(reader.ListSandboxes(), reader.ReadAllJson);
            Assert.Equal(Show(store.ListSandboxes(), store.ReadAllJson), found);
            tally.Add("sandboxes read from a pack", reader.ReadsFromPack);
            tally.Add("sandboxes read from their files", reader.ListSandboxes().Count - reader.ReadsFromPack);
        }

        private static string[] Show(IReadOnlyList<string> sandboxes, Func<string, IEnumerable<DocumentResult<byte[]>>> read) =>
            [.. sandboxes.SelectMany(sandbox => read(sandbox).Select(static result => $"{result.Document} {(result.Value is { } json ? Encoding.UTF8.GetString(json) : result.Error?.Code)}").Prepend(sandbox))];

        private StateStore StoreOf(int process)
        {
            if (_stores[process] is not { } store)
            {
                _processes[process] = _machine.Start($"p{process}");
                _stores[process] = store = script.Setting.OpenWithoutTimers(_processes[process]!);
            }

            return store;
        }

        /// <summary>A transaction that may be refused, for want of its sandbox or container: what was there stays.</summary>
        private static void Change(StateStore store, Step step, Action<SandboxChange> fill) =>
            _ = Record.Exception(() => Change(store.LockAsync(step.Sandbox).Now(), fill));

        private static void Change(SandboxLock held, Action<SandboxChange> fill)
        {
            try
            {
                SandboxChange change = held.Change();
                fill(change);
                _ = change.CommitAsync().Now();
            }
            finally
            {
                held.DisposeAsync().Now();
            }
        }

        private static void SyncPack(SimulatedFileSystem fs)
        {
            if (fs.OpenRoot(Setting.Layout.ConfigMetadata, out DirectoryHandle? metadata) == Errno.None && fs.OpenFile(metadata!, "pack", FileUse.Read, out FileHandle? pack) == Errno.None)
            {
                Assert.Equal((Errno.None, Errno.None), (fs.SyncFile(pack!), fs.SyncDirectory(metadata!)));
            }
        }

        private static void Write(IPathCalls program, string path, byte[] json, OpenFlags flags)
        {
            if (program.Open(path, flags, AtomicFile.DefaultMode, out FileHandle? file) == Errno.None)
            {
                using (file)
                {
                    _ = ((SimulatedFileSystem)program).Write(file!, json, 0, out _);
                }
            }
        }
    }
}
