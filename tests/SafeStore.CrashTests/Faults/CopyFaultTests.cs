using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 11 and 12: copies of a store whose parts are of different times.</summary>
public sealed class CopyFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    private string Store => Path.Combine(_scene.Path, "store");

    private string Copy => Path.Combine(_scene.Path, "copy");

    private StoreLayout CopyLayout => StoreLayout.At(Copy);

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("config", true)]
    [InlineData("config", false)]
    [InlineData("run", true)]
    [InlineData("run", false)]
    public async Task A_root_that_was_restored_alone_from_an_older_copy_is_noticed(string root, bool closes)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Tool.Run("cp", "-a", Store, Copy);
        Use(layout, closes);
        Directory.Delete(Path.Combine(Store, root), recursive: true);
        Tool.Run("cp", "-a", Path.Combine(Copy, root), Store);
        await AssertRefusedAsync(layout);
    }

    [Theory]
    [InlineData("config")]
    [InlineData("run")]
    public async Task A_root_that_was_restored_alone_is_noticed_when_the_store_has_lived_several_lives_since(string root)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Tool.Run("cp", "-a", Store, Copy);
        for (int lives = 0; lives < 3; lives++)
        {
            await using StateStore store = await Sample.OpenAsync(layout);
            await Sample.PutAsync(store, Workloads.Two, "later");
        }

        Directory.Delete(Path.Combine(Store, root), recursive: true);
        Tool.Run("cp", "-a", Path.Combine(Copy, root), Store);
        await AssertRefusedAsync(layout);
    }

    [Fact]
    public async Task Roots_that_were_restored_from_copies_of_different_times_are_noticed()
    {
        StoreLayout layout = await _scene.SeedAsync();
        Tool.Run("cp", "-a", Store, Copy);
        Use(layout, closes: true);
        string second = Path.Combine(_scene.Path, "second");
        Tool.Run("cp", "-a", Store, second);
        Use(layout, closes: true);
        Directory.Delete(Store, recursive: true);
        _scene.Make("store");
        Tool.Run("cp", "-a", Path.Combine(Copy, "run"), Store);
        Tool.Run("cp", "-a", Path.Combine(second, "config"), Store);
        await AssertRefusedAsync(layout);
    }

    /// <summary>What a whole copy is good for.</summary>
    [Fact]
    public async Task A_store_that_was_restored_as_a_whole_opens()
    {
        StoreLayout layout = await _scene.SeedAsync();
        Tool.Run("cp", "-a", Store, Copy);
        Use(layout, closes: true);
        await Sample.AssertOpensAndWorksAsync(CopyLayout);
    }

    [Theory]
    [InlineData("config", "run", false)]
    [InlineData("config", "run", true)]
    [InlineData("run", "config", true)] // without the checkpoint the log has it all
    public async Task A_quiet_store_that_was_copied_root_by_root_with_a_transaction_in_between_does_not_open_torn(
        string first, string then, bool checkpointed)
    {
        StoreLayout layout = await _scene.SeedAsync();
        _scene.Make("copy");
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("put sb-2 1 before 1");
        Tool.Run("cp", "-a", Path.Combine(Store, first), Copy);
        _ = child.Expect("workload update");
        if (checkpointed)
        {
            _ = child.Expect("checkpoint");
        }

        Tool.Run("cp", "-a", Path.Combine(Store, then), Copy);
        child.End();
        await AssertRefusedAsync(CopyLayout);
    }

    [Fact]
    public async Task A_store_that_was_opened_and_closed_between_the_copies_of_its_roots_does_not_open_torn()
    {
        StoreLayout layout = await _scene.SeedAsync();
        _scene.Make("copy");
        Tool.Run("cp", "-a", Path.Combine(Store, "run"), Copy);
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            _ = await Workloads.RunAsync(store, "update");
        }

        Tool.Run("cp", "-a", Path.Combine(Store, "config"), Copy);
        await AssertRefusedAsync(CopyLayout);
    }

    private static void Use(StoreLayout layout, bool closes)
    {
        using ChildProcess child = ChildProcess.Open(layout);
        _ = child.Expect("workload update");
        _ = child.Expect("put sb-2 1 later 3");
        if (closes)
        {
            child.End();
        }
        else
        {
            _ = child.Kill();
        }
    }

    private static async Task AssertRefusedAsync(StoreLayout layout)
    {
        string before = Trees.Of(layout);
        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout));
        Assert.Equal(before, Trees.Of(layout));
        Assert.Contains(Path.GetDirectoryName(layout.Config)!, refused.Message);
    }
}
