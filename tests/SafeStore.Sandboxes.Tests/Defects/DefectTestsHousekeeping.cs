using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Kata;
using SafeStore.Sandboxes.Tests.Cases;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Defects;

/// <summary>docs/kata-defects.md, 62 to 70 and 80: leaks and housekeeping.</summary>
public sealed partial class DefectTestsHousekeeping : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Temp_files_of_the_sandbox_s_lifetime_keep_no_descriptor_open_and_go_with_the_sandbox()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        string directory = _test.RunPath("sb-1/tempDir");
        await using (ModelLock held = await store.LockAsync("sb-1"))
        {
            string[] paths = [.. Enumerable.Range(0, 50).Select(_ => held.CreateTempFile(TempFileLifetime.Sandbox).Path)];

            Assert.Equal(50, paths.Distinct().Count());
            Assert.All(paths, path => Assert.Matches(SeedName(), Path.GetRelativePath(directory, path)));
            Assert.All(paths,
                static path =>
                Assert.Equal(
                (UnixFileMode.UserRead | UnixFileMode.UserWrite, 0L), (File.GetUnixFileMode(path), new FileInfo(path).Length)));
            Assert.DoesNotContain(OpenFiles(), file => file.StartsWith(directory + "/", StringComparison.Ordinal));
        }

        Assert.Equal(50, Directory.GetFiles(directory).Length);
        await store.Kata().RemoveAsync("sb-1");
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public async Task Temp_files_of_an_owner_go_when_it_lets_them_go_and_when_it_is_dead()
    {
        var machine = new SimulatedMachine();
        SimulatedProcess owner = machine.Start("owner");
        SandboxStore store = await SimulatedSandboxes.OpenAsync(owner);
        await store.CreateAsync(CaseCalls.Ready("sb-1"));
        ModelLock held = await store.LockAsync("sb-1");
        string[] left = [.. Enumerable.Range(0, 8).Select(_ => held.CreateTempFile().Path)];
        TempFile released = held.CreateTempFile();
        string kept = held.CreateTempFile(TempFileLifetime.Sandbox).Path;
        released.Dispose();
        Assert.False(owner.FileSystem.Files.File.Exists(released.Path));
        Assert.All(left, path => Assert.True(owner.FileSystem.Files.File.Exists(path)));

        owner.Kill();
        SimulatedProcess next = machine.Start("next");
        await using SandboxStore again = await SimulatedSandboxes.OpenAsync(next);
        await using ModelLock second = await again.LockAsync("sb-1");

        Assert.All(left, path => Assert.False(next.FileSystem.Files.File.Exists(path)));
        Assert.True(next.FileSystem.Files.File.Exists(kept));
    }

    [Fact]
    public async Task Nothing_makes_a_directory_for_a_sandbox_that_does_not_exist()
    {
        await using SandboxStore store = await _test.OpenAsync();
        SortedDictionary<string, string> before = _test.Tree();

        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("vm-1"));
        await Assert.ThrowsAsync<NotFoundException>(
            async () => await store.Kata().StoreAsync("vm-1", SandboxResource.Hypervisor, new QemuState { Uuid = "vm-1" }));
        await Assert.ThrowsAsync<NotFoundException>(
            async () => await store.Kata().StoreContainerAsync("vm-1", "c-1", SandboxResource.State, new State()));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.TakeBlockIndexAsync("vm-1"));
        await using (ModelLock held = await store.LockNewAsync("vm-1"))
        {
            Assert.Throws<InvalidOperationException>(() => held.CreateTempFile());
        }

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_document_for_a_container_that_does_not_exist_is_refused()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        SortedDictionary<string, string> before = _test.Tree();

        NotFoundException failure =
            await Assert.ThrowsAsync<NotFoundException>(
            async () => await store.Kata().StoreContainerAsync("sb-1", "c-1", SandboxResource.State, new State()));

        Assert.Equal("container", failure.What);
        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    public async Task A_creation_that_fails_at_any_call_leaves_no_directory_and_one_over_an_existing_sandbox_leaves_that_alone()
    {
        int failures = 0;
        for (long call = 1; ; call++)
        {
            var machine = new SimulatedMachine();
            await using SandboxStore store = await SimulatedSandboxes.OpenAsync(machine.Start());
            await store.CreateAsync(CaseCalls.Ready("sb-1", "c-1"));
            machine.Faults = new FaultPlan().Add(new FaultRule
            {
                Operations = [Operation.MakeDirectory, Operation.CreateFile, Operation.Write, Operation.RenameNoReplace],
                Skip = (int)call - 1,
                Fault = new CallFails(Errno.NoSpace),
            });
            try
            {
                await store.CreateAsync(CaseCalls.Ready("sb-2", "c-1"));
            }
            catch (StorageException)
            {
                failures++;
                Assert.Equal(["sb-1"], store.Store.ListSandboxes());
            }
            catch (CommitNotPublishedException)
            {
                failures++;
                await (await store.LockAsync("sb-2")).DisposeAsync(); // durable, and finished by the next lock
                Assert.Equal("c-1", Assert.Single((await store.ReadStatusAsync("sb-2")).Containers).Id);
            }

            await Assert.ThrowsAsync<AlreadyExistsException>(async () => await store.CreateAsync(new NewSandbox("sb-1")));
            Assert.Empty((await store.ReadStatusAsync("sb-1")).Errors);
            Assert.NotNull((await store.ReadStatusAsync("sb-1")).Config);
            if (machine.Faults.Count == 0)
            {
                break;
            }
        }

        Assert.True(failures > 10, $"{failures} failures");
    }

    [Fact]
    public async Task A_list_shows_damaged_sandboxes_with_their_errors_and_stray_directories_as_sandboxes_without_anything()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "c-1");
        await store.CreateAsync(CaseCalls.Ready("sb-2"));
        Directory.CreateDirectory(_test.ConfigPath("stray"));
        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/config.json"), "");
        await _test.WriteRunFileAsync("sb-1/c-1/state.json", "{");

        IReadOnlyList<SandboxStatus> all = store.ReadStatuses();

        Assert.Equal(["sb-1", "sb-2", "stray"], all.Select(static status => status.Id));
        Assert.Equal(
            [_test.ConfigPath("sb-1/config.json"), _test.RunPath("sb-1/c-1/state.json")],
            all[0].Errors.Select(static failure => Assert.IsType<DocumentCorruptException>(failure).Path));
        Assert.Equal((Lifecycle.Ready, 0), (all[1].Lifecycle, all[1].Errors.Count));
        Assert.Equal((null, null, 0), (all[2].Config, all[2].State, all[2].Errors.Count));
        Assert.True(await store.Kata().RemoveAsync("stray"));
        Assert.False(Directory.Exists(_test.ConfigPath("stray")));
    }

    /// <summary>What this process has open, by the kernel's word.</summary>
    private static List<string> OpenFiles() =>
        [.. Directory.EnumerateFiles("/proc/self/fd").Select(static file => new FileInfo(file).LinkTarget ?? "")];

    [GeneratedRegex("^tmp-[0-9]+$")]
    private static partial Regex SeedName();
}
