using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 6 and 7 in the metadata: what cannot be used there, and can be done without, does not close the store.</summary>
public sealed class ObstructedMetadataFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("immutable scratch directory")]
    [InlineData("append-only scratch directory")]
    [InlineData("file among the scratch directories")]
    [InlineData("link among the scratch directories")]
    [InlineData("immutable unfinished segment")]
    [InlineData("immutable spare")]
    [InlineData("append-only spare")]
    public async Task A_store_recovers_and_works_although_something_of_its_metadata_cannot_be_used(string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        Obstruct(layout.ConfigMetadata, what);
        await using StateStore store = await Sample.OpenAsync(layout);
        Sample.AssertSays("new", store, Workloads.One);
        await Sample.PutAsync(store, Workloads.One, "later");
        await Sample.PutAsync(store, Workloads.Two, "works");
        Sample.AssertSays("later", store, Workloads.One);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_watermark_file_that_another_program_has_removed_or_emptied_is_named_if_it_was_the_newer_one(bool isRemoved)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await (await Sample.OpenAsync(layout)).DisposeAsync();
        Deaths.BeforePublishing(layout, "workload update");
        string[] files = [.. Directory.GetFiles(layout.ConfigMetadata, "watermark.*").OrderBy(Sequence)];
        if (isRemoved)
        {
            File.Delete(files[^1]);
        }
        else
        {
            Files.Write(files[^1], "");
        }

        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout));
        Assert.Contains($"'{Path.GetFileName(files[^1])}' is missing or damaged", refused.Message);

        static long Sequence(string file) => BitConverter.ToInt64(File.ReadAllBytes(file), 24);
    }

    private static void Obstruct(string metadata, string what)
    {
        string scratch = Path.Combine(metadata, "scratch");
        string log = Path.Combine(metadata, "log");
        char flag = what.StartsWith("append", StringComparison.Ordinal) ? 'a' : 'i';
        switch (what)
        {
            case "immutable scratch directory" or "append-only scratch directory":
                Directory.GetDirectories(scratch).ToList().ForEach(path => Scene.Forbid(path, flag));
                break;
            case "file among the scratch directories":
                Files.Write(Path.Combine(scratch, "odd"), "odd");
                break;
            case "link among the scratch directories":
                Tool.Run("ln", "-s", "/nowhere", Path.Combine(scratch, "odd"));
                break;
            case "immutable unfinished segment":
                string path = Path.Combine(log, "prepare-0123456789abcdef.tmp");
                Files.Write(path, "odd");
                Scene.Forbid(path);
                break;
            default:
                string[] spares = Directory.GetFiles(log, "spare-*");
                Assert.NotEmpty(spares);
                Array.ForEach(spares, spare => Scene.Forbid(spare, flag));
                break;
        }
    }
}
