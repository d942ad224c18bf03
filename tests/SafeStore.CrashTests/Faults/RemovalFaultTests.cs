using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 7: what is in a removed sandbox and cannot be emptied.</summary>
public sealed class RemovalFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("immutable file")]
    [InlineData("immutable directory")]
    [InlineData("append-only directory")]
    [InlineData("name that is no UTF-8")]
    [InlineData("directory whose name is no UTF-8")]
    public async Task A_sandbox_is_removed_although_its_directory_cannot_be_emptied(string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        PutInTheWay(what, Path.Combine(layout.Config, Workloads.One));
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            await Sample.RemoveAsync(store, Workloads.One);
            Assert.DoesNotContain(Workloads.One, store.ListSandboxes());
        }

        await AssertGoneAndUsableAsync(layout);
    }

    [Theory]
    [InlineData("immutable file")]
    [InlineData("name that is no UTF-8")]
    public async Task A_container_is_removed_although_its_directory_cannot_be_emptied(string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        PutInTheWay(what, Path.Combine(layout.Run, Workloads.One, "web"));
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            _ = await Workloads.ChangeAsync(store, Workloads.One, static change => change.RemoveContainer("web"));
        }

        await using StateStore next = await Sample.OpenAsync(layout);
        Assert.Equal(["db"], next.ListContainers(Workloads.One));
        _ = await Workloads.ChangeAsync(next, Workloads.One, static change => change.CreateContainer("web"));
    }

    [Theory]
    [InlineData("immutable file")]
    [InlineData("append-only directory")]
    [InlineData("name that is no UTF-8")]
    public async Task A_durable_removal_of_what_cannot_be_emptied_does_not_close_the_store(string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        PutInTheWay(what, Path.Combine(layout.Run, Workloads.One));
        Deaths.BeforePublishing(layout, "remove sb-1");
        await AssertGoneAndUsableAsync(layout);
    }

    [Fact]
    public async Task What_could_not_be_emptied_is_emptied_by_an_opener_that_can()
    {
        StoreLayout layout = await _scene.SeedAsync();
        PutInTheWay("immutable file", Path.Combine(layout.Config, Workloads.One));
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            await Sample.RemoveAsync(store, Workloads.One);
        }

        Tool.Run("chattr", "-R", "-i", layout.ConfigMetadata);
        await using (await Sample.OpenAsync(layout))
        {
            Assert.DoesNotContain(Metadata.Scratches(layout, StoreRoot.Config).SelectMany(static scratch =>
                Directory.GetFiles(scratch, "*", SearchOption.AllDirectories)), static path => Path.GetFileName(path) == "stuck");
        }
    }

    [Fact]
    public async Task A_sandbox_is_removed_although_another_user_owns_a_directory_in_it()
    {
        using Users users = new();
        StoreLayout layout = await _scene.SeedAsync();
        Users.Own(layout);
        string foreign = Directory.CreateDirectory(Path.Combine(layout.Config, Workloads.One, "foreign")).FullName;
        Files.Write(Path.Combine(foreign, "stuck"), "root's");
        using (ChildProcess child = users.Child(layout))
        {
            _ = child.Expect("open");
            _ = child.Expect("remove sb-1");
            child.End();
        }

        using ChildProcess next = users.Child(layout);
        _ = next.Expect("open");
        _ = next.Expect("put sb-2 1 works 1");
        Assert.StartsWith("error NotFoundException", next.Ask("put sb-1 1 gone 1"));
        _ = next.Expect("create sb-1");
        next.End();
    }

    [Fact]
    public async Task A_sandbox_with_three_thousand_levels_is_removed_by_a_process_with_a_thousand_descriptors()
    {
        StoreLayout layout = await _scene.SeedAsync();
        string top = Path.Combine(layout.Config, Workloads.One);
        Tool.Run("mkdir", "-p", Path.Combine(top, string.Join('/', Enumerable.Repeat("d", 3000))));
        using var child = new ChildProcess(layout, "prlimit", "--nofile=1024:1024");
        _ = child.Expect("open");
        _ = child.Expect("remove sb-1");
        child.End();
        using var next = new ChildProcess(layout, "prlimit", "--nofile=1024:1024");
        _ = next.Expect("open");
        _ = next.Expect("put sb-2 1 works 1");
        next.End();
        Assert.Empty(Metadata.Scratches(layout, StoreRoot.Config).SelectMany(static scratch =>
            Directory.GetDirectories(scratch, "d", SearchOption.TopDirectoryOnly)));
    }

    [Fact]
    public async Task A_path_that_is_longer_than_the_kernel_takes_does_not_keep_a_sandbox_from_being_removed()
    {
        StoreLayout layout = await _scene.SeedAsync();
        string name = new('n', 250);
        Tool.Run("mkdir", "-p", Path.Combine(layout.Run, Workloads.One, string.Join('/', Enumerable.Repeat(name, 40))));
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            await Sample.RemoveAsync(store, Workloads.One);
        }

        await AssertGoneAndUsableAsync(layout);
    }

    private static async Task AssertGoneAndUsableAsync(StoreLayout layout)
    {
        await using StateStore store = await Sample.OpenAsync(layout);
        Assert.DoesNotContain(Workloads.One, store.ListSandboxes());
        await Sample.PutAsync(store, Workloads.Two, "works");
        _ = await Workloads.CreateAsync(store, Workloads.One, "web");
        Sample.AssertSays("old", store, Workloads.One);
    }

    private static void PutInTheWay(string what, string directory)
    {
        string inner = Directory.CreateDirectory(Path.Combine(directory, "foreign")).FullName;
        string stuck = Path.Combine(inner, "stuck");
        Files.Write(stuck, "");
        switch (what)
        {
            case "immutable file":
                Scene.Forbid(stuck);
                break;
            case "immutable directory":
                Scene.Forbid(inner);
                break;
            case "append-only directory":
                Scene.Forbid(inner, 'a');
                break;
            case "name that is no UTF-8":
                Tool.Run("sh", "-c", "touch \"$0/$(printf 'odd-\\377')\"", inner);
                break;
            default:
                Tool.Run("sh", "-c", "d=\"$0/$(printf 'odd-\\377')\"; mkdir \"$d\" && touch \"$d/file\"", inner);
                break;
        }
    }
}
