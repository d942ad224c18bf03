using System;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>
/// A store on a simulated machine runs on systems that have no libc: here in assemblies of its own, that are refused every native call.
/// </summary>
public sealed class NativeCallTests
{
    [Fact]
    public Task A_store_on_a_simulated_machine_makes_no_native_call() => RunWithoutLibCAsync(nameof(NativeCallScenes.LiveAndDieAsync));

    [Fact]
    public async Task One_on_the_real_machine_is_refused_its_first() =>
        Assert.Contains(
            NativeCallScenes.Refusal,
            (await Assert.ThrowsAnyAsync<Exception>(() => RunWithoutLibCAsync(nameof(NativeCallScenes.OpenRealFilesAsync)))).ToString(),
            StringComparison.Ordinal);

    private static async Task RunWithoutLibCAsync(string scene)
    {
        var apart = new OwnCopies();
        try
        {
            NativeLibrary.SetDllImportResolver(
                apart.LoadFromAssemblyName(typeof(PosixFileSystem).Assembly.GetName()),
                static (library, _, _) => throw new InvalidOperationException($"{NativeCallScenes.Refusal}: {library}"));
            Assembly tests = apart.LoadFromAssemblyName(typeof(NativeCallScenes).Assembly.GetName());
            Type scenes = tests.GetType(typeof(NativeCallScenes).FullName!)!;
            Assert.NotEqual(typeof(NativeCallScenes), scenes);
            await (Task)scenes.GetMethod(scene)!.Invoke(null, null)!;
        }
        finally
        {
            apart.Unload();
        }
    }

    /// <summary>SafeStore's assemblies anew.</summary>
    private sealed class OwnCopies() : AssemblyLoadContext("without libc", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name!.StartsWith("SafeStore", StringComparison.Ordinal)
                ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll")) : null;
    }
}

/// <summary>What runs where libc is refused.</summary>
public static class NativeCallScenes
{
    internal const string Refusal = "a native call";

    public static async Task LiveAndDieAsync()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        var document = new DocumentId("sb", "web", StoreRoot.Config, "config.json");
        await using (SandboxLock held = await simulated.Store.LockNewAsync("sb"))
        {
            await held.Change().CreateContainer("web").PutJson(StoreRoot.Config, "web", "config.json", "1"u8).CommitAsync();
        }

        StateStore store = await simulated.LosePowerAsync(seed: 7);
        Assert.Equal("1"u8, store.ReadJson(document)!);
        await using (SandboxLock held = await store.LockAsync("sb"))
        {
            await held.Change().PutJson(StoreRoot.Config, "web", "config.json", "2"u8).CommitAsync();
        }

        store = await simulated.KillAsync();
        SandboxSnapshot snapshot = await store.SnapshotAsync("sb");
        Assert.Equal("2"u8, Assert.Single(snapshot.Documents).Value!);
        SimulatedProcess other = simulated.Machine.Start("other");
        await using (StateStore beside = await StateStore.OpenAsync(simulated.Layout, other.StoreOptions))
        await using (await beside.LockAsync("sb"))
        {
            await Assert.ThrowsAsync<LockTimeoutException>(async () => await store.LockAsync("sb"));
        }

        await store.CheckpointAsync();
        await store.RemoveSandboxAsync("sb");
        store = await simulated.ReopenAsync();
        Assert.Empty(store.ListSandboxes());
    }

    public static async Task OpenRealFilesAsync()
    {
        string place = Directory.CreateTempSubdirectory().FullName;
        try
        {
            await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(place));
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }
}
