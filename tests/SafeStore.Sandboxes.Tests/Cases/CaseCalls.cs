using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>What the seed's tests begin with, in a few words.</summary>
internal static class CaseCalls
{
    public static SandboxModel Model => SandboxModel.Default;

    /// <summary>A sandbox that is ready, with containers that are.</summary>
    public static NewSandbox Ready(string sandbox, params string[] containers) => new(sandbox)
    {
        Config = TestSandboxes.ConfigOf(sandbox) with { Containers = [.. containers.Select(ConfigOf)] },
        State = StateOf(Lifecycle.Ready),
        Containers =
        [.. containers.Select(
        static container => new NewContainer(container) { Config = ConfigOf(container), State = StateOf(Lifecycle.Ready) })],
    };

    public static ContainerConfig ConfigOf(string container) => new() { Id = container, RootFs = "/rootfs/" + container };

    public static State StateOf(Lifecycle lifecycle) => new() { Lifecycle = lifecycle };

    public static async Task<SandboxStore> OpenWithAsync(this TestSandboxes test, string sandbox, params string[] containers)
    {
        SandboxStore store = await test.OpenAsync();
        await store.CreateAsync(Ready(sandbox, containers));
        return store;
    }

    public static async Task<Lsn> ChangeAsync(this SandboxStore store, string sandbox, Action<ModelChange> fill)
    {
        await using ModelLock held = await store.LockAsync(sandbox);
        ModelChange edit = held.Change();
        fill(edit);
        return await edit.CommitAsync();
    }

    /// <summary>Moves a sandbox and all its containers in one transaction.</summary>
    public static async Task<Lsn> MoveAllAsync(this SandboxStore store, string sandbox, Lifecycle from, Lifecycle to)
    {
        await using ModelLock held = await store.LockAsync(sandbox);
        ModelChange edit = held.Change().Transition(from, to);
        foreach (string container in held.ListContainers())
        {
            edit.Transition(container, from, to);
        }

        return await edit.CommitAsync();
    }

    /// <summary>The states of a sandbox and of its containers, as another process finds them on the disk.</summary>
    public static async Task<Lifecycle[]> StatesAsync(this TestSandboxes test, string sandbox)
    {
        await using SandboxStore other = await test.OpenAsync();
        SandboxStatus status = await other.ReadStatusAsync(sandbox);
        Assert.Empty(status.Errors);
        return [status.Lifecycle, .. status.Containers.Select(static container => container.Lifecycle)];
    }

    /// <summary>All files and directories of the store, byte by byte.</summary>
    public static SortedDictionary<string, string> Tree(this TestSandboxes test) => Cases.Tree.Of(test.Layout);

    /// <summary>Writes a file as another program would.</summary>
    public static Task WriteRunFileAsync(this TestSandboxes test, string relative, string text) =>
        File.WriteAllTextAsync(test.RunPath(relative), text);

    public static void AssertFault(ResourceFault fault, Action call) =>
        Assert.Equal(fault, Assert.Throws<ResourceArgumentException>(call).Fault);

    public static async Task AssertFaultAsync(ResourceFault fault, Func<ValueTask> call)
    {
        ResourceArgumentException failure = await Assert.ThrowsAsync<ResourceArgumentException>(async () => await call());
        Assert.Equal(fault, failure.Fault);
    }

    public static Task AssertFaultAsync<T>(ResourceFault fault, Func<ValueTask<T>> call) =>
        AssertFaultAsync(fault, async () => { await call(); });

    public static void AssertSame<T>(DocumentKind<T> kind, T? expected, T? actual) =>
        Assert.True(SandboxModel.AreEqual(kind, expected, actual), $"{expected} is not {actual}");
}
