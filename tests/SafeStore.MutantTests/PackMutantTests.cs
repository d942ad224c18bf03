using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using SafeStore.Testing.Files;
using Xunit;

namespace SafeStore.MutantTests;

/// <summary>Mutants of the pack: what is read in bulk must be what the files hold.</summary>
public sealed class PackMutantTests
{
    private static readonly TimeSpan s_while = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("pack-of-unsettled")]
    public Task A_document_that_changes_in_the_same_tick_of_the_clock_is_read_as_it_is(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Scene scene = await Scene.MakeAsync();
        scene.WriteOver("config/a/a.json", "2");
        _ = scene.Store.Pack();
        scene.WriteOver("config/a/a.json", "3");
        scene.Check();
    });

    [Theory]
    [InlineData("pack-without-documents")]
    public Task A_document_that_another_program_writes_over_is_read_as_it_is(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Scene scene = await Scene.PackAsync();
        scene.WriteOver("config/a/a.json", "2");
        scene.Check();
    });

    [Theory]
    [InlineData("pack-without-directories")]
    public Task A_document_that_comes_later_is_read_too(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Scene scene = await Scene.PackAsync();
        await scene.Store.ChangeAsync("a", static change => change.Put("b.json", "2"));
        scene.Check();
    });

    [Theory]
    [InlineData("pack-list-believed")]
    public Task A_sandbox_that_comes_later_is_listed(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Scene scene = await Scene.PackAsync();
        await scene.Store.CreateAsync("later", static change => change.Put("a.json", "1"));
        scene.Check();
    });

    [Theory]
    [InlineData("pack-of-another-run")]
    public Task What_a_power_loss_has_taken_back_is_read_as_it_is_now(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Scene scene = await Scene.MakeAsync();
        await scene.Store.CheckpointAsync();
        scene.WriteOver("config/a/a.json", "2"); // another program, and it does not sync
        scene.Lab.Machine.Clock.Advance(s_while);
        _ = scene.Store.Pack();
        scene.Sync("config/.safestore", "pack"); // as the kernel does some day
        await scene.Store.DisposeAsync();
        scene.Lab.Machine.LosePower(keepsUnsynced: false);

        scene.Store = await scene.Lab.OpenAsync("next");
        scene.Check();
    });

    [Theory]
    [InlineData("pack-survives-crash")]
    public Task What_a_lost_disk_has_taken_back_is_read_as_it_is_now(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        Scene scene = await Scene.MakeAsync();
        await scene.Store.CheckpointAsync();
        scene.WriteOver("config/a/a.json", "2");
        scene.Lab.Machine.Clock.Advance(s_while);
        _ = scene.Store.Pack();
        scene.Sync("config/.safestore", "pack");
        int run = scene.Lab.Machine.Boots;
        scene.Lab.Machine.LosePower(keepsUnsynced: false);
        scene.Lab.Machine.Boots = run; // only the disk was away for a moment

        scene.Store = await scene.Lab.OpenAsync("next");
        scene.Check();
    });

    [Theory]
    [InlineData("pack-across-mounts")]
    public Task What_is_mounted_below_a_root_is_read_as_it_is(string mutant) => Kill.ByAsync(mutant, static async () =>
    {
        var lab = new Lab(new SimulatedMachineOptions { Mounts = [new SimulatedMount("/store/config/m", PersistenceProfile.Strict)] });
        lab.Machine.Mounts.Disks[1].Clock = static () => DateTimeOffset.UnixEpoch; // as /sys and others have none
        StateStore store = await lab.OpenAsync();
        await store.ChangeAsync("m", static change => change.Put("a.json", "1"));
        var scene = new Scene(lab, store);
        lab.Machine.Clock.Advance(s_while);
        _ = store.Pack();
        scene.WriteOver("config/m/a.json", "2", keepsTime: true);
        scene.Check();
    });

    /// <summary>A store with two sandboxes.</summary>
    private sealed class Scene(Lab lab, StateStore store)
    {
        public Lab Lab { get; } = lab;

        public StateStore Store { get; set; } = store;

        public static async Task<Scene> MakeAsync()
        {
            var lab = new Lab();
            StateStore store = await lab.OpenAsync();
            await store.CreateAsync("a", static change => change.Put("a.json", "1").CreateContainer("web").Put(StoreRoot.Run, "web", "d.json", "1"));
            await store.CreateAsync("b", static change => change.Put("a.json", "1"));
            lab.Machine.Clock.Advance(s_while);
            return new Scene(lab, store);
        }

        public static async Task<Scene> PackAsync()
        {
            Scene scene = await MakeAsync();
            Violation.Unless(scene.Store.Pack() is { Sandboxes: 2, LeftOut: 0 }, "Something was left out.");
            scene.Lab.Machine.Clock.Advance(s_while);
            using (BulkReader reader = scene.Store.ReadInBulk())
            {
                _ = reader.ReadAllJson("a");
                Violation.Unless(reader.ReadsFromPack == 1, "The pack is not used.");
            }

            return scene;
        }

        /// <summary>What is read in bulk is what is read from the files.</summary>
        public void Check()
        {
            using BulkReader reader = Store.ReadInBulk();
            string found = string.Join(", ", reader.ListSandboxes().SelectMany(reader.ReadAllJson).Select(Show));
            string there = string.Join(", ", Store.ListSandboxes().SelectMany(Store.ReadAllJson).Select(Show));
            Violation.Unless(found == there, $"{found} instead of {there}");
        }

        public void WriteOver(string path, string text, bool keepsTime = false)
        {
            SimulatedFileSystem fs = Open(path, out string name, out DirectoryHandle directory);
            Assert.Equal(Errno.None, fs.OpenFile(directory, name, FileUse.ReadWrite, out FileHandle? file));
            Assert.Equal(Errno.None, fs.Stamp(file!, out FileStamp before));
            Assert.Equal(Errno.None, fs.Write(file!, Encoding.UTF8.GetBytes(text), 0, out _));
            if (keepsTime)
            {
                Assert.Equal(Errno.None, ((IPathCalls)fs).SetTimes($"/store/{path}", null, DateTimeOffset.UnixEpoch.AddTicks(before.Written / TimeSpan.NanosecondsPerTick)));
            }
        }

        public void Sync(string place, string name)
        {
            SimulatedFileSystem fs = Open($"{place}/{name}", out _, out DirectoryHandle directory);
            Assert.Equal(Errno.None, fs.OpenFile(directory, name, FileUse.Read, out FileHandle? file));
            Assert.Equal(Errno.None, fs.SyncFile(file!));
            Assert.Equal(Errno.None, fs.SyncDirectory(directory));
        }

        private SimulatedFileSystem Open(string path, out string name, out DirectoryHandle directory)
        {
            SimulatedFileSystem fs = Lab.Machine.Start("other program").FileSystem;
            int slash = path.LastIndexOf('/');
            name = path[(slash + 1)..];
            Assert.Equal(Errno.None, fs.OpenRoot($"/store/{path[..slash]}", out DirectoryHandle? opened));
            directory = opened!;
            return fs;
        }

        private static string Show(DocumentResult<byte[]> result) => $"{result.Document} {(result.Value is { } bytes ? Encoding.UTF8.GetString(bytes) : result.Error?.Code)}";
    }
}
