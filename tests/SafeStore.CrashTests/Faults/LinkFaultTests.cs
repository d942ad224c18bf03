using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 14: copies of a store that share files with the original.</summary>
public sealed class LinkFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    private string Store => Path.Combine(_scene.Path, "store");

    private string Copy => Path.Combine(_scene.Path, "copy");

    private StoreLayout CopyLayout => StoreLayout.At(Copy);

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("cp")]
    [InlineData("rsync")]
    public async Task Writing_to_a_copy_of_hard_links_does_not_change_the_original(string how)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Link(how);
        string before = Contents(Store);
        await UseLinkedAsync(CopyLayout);
        Assert.Equal(before, Contents(Store));
        await using StateStore store = await Sample.OpenAsync(layout);
        Sample.AssertSays("old", store, Workloads.One);
        Sample.AssertSays("old", store, Workloads.Two);
    }

    [Theory]
    [InlineData("cp")]
    [InlineData("rsync")]
    public async Task Writing_to_the_original_does_not_change_a_copy_of_hard_links(string how)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Link(how);
        string before = Contents(Copy);
        await UseLinkedAsync(layout);
        Assert.Equal(before, Contents(Copy));
        await using StateStore store = await Sample.OpenAsync(CopyLayout);
        Sample.AssertSays("old", store, Workloads.Two);
    }

    /// <summary>All that may be written in place: the log, its watermark, shared words, lock words. What is refused is refused.</summary>
    private static async Task UseLinkedAsync(StoreLayout layout)
    {
        await using StateStore store = await Sample.OpenAsync(layout);
        _ = await Workloads.CreateAsync(store, Workloads.Three, "web");
        foreach (string sandbox in new[] { Workloads.One, Workloads.Two })
        {
            Exception? refused = await Record.ExceptionAsync(() => Sample.PutAsync(store, sandbox, "changed"));
            Assert.True(refused is null or SafeStoreException, refused?.ToString());
        }

        _ = await store.CheckpointAsync();
    }

    private void Link(string how)
    {
        if (how == "cp")
        {
            Tool.Run("cp", "-al", Store, Copy);
        }
        else
        {
            Tool.Run("rsync", "-a", $"--link-dest={Store}", Store + "/", Copy + "/");
        }
    }

    private static string Contents(string directory) => string.Join('\n', Directory.GetFiles(directory, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(path => $"{path[directory.Length..]} {Convert.ToHexString(SHA256.HashData(Files.Bytes(path)))}"));
}
