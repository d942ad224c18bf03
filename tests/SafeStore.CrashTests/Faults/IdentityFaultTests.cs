using System;
using System.IO;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 13 and 30: which store the roots belong to.</summary>
public sealed partial class IdentityFaultTests : IDisposable
{
    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("beside both")]
    [InlineData("beside config")]
    [InlineData("beside run")]
    [InlineData("elsewhere")]
    public async Task Roots_that_a_store_owns_are_refused_with_metadata_of_another_place(string where)
    {
        StoreLayout layout = await _scene.SeedAsync();
        using ChildProcess living = ChildProcess.Open(layout);
        _ = living.Expect("put sb-1 1 acknowledged 1");
        string before = Trees.Of(layout);
        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(
            async () => await Sample.OpenAsync(Other(layout, where)));
        Assert.Contains(".safestore", refused.Message); // where it really is
        Assert.Equal(before, Trees.Of(layout));
        _ = living.Expect("put sb-1 1 goes-on 1");
        living.End();
    }

    [Theory]
    [InlineData("beside both")]
    [InlineData("elsewhere")]
    public async Task Roots_that_a_store_owns_are_refused_with_metadata_of_another_place_when_it_is_closed(string where)
    {
        StoreLayout layout = await _scene.SeedAsync();
        _ = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(Other(layout, where)));
        await Sample.AssertOpensAndWorksAsync(layout);
    }

    [Fact]
    public async Task A_store_with_its_metadata_beside_is_refused_with_metadata_inside()
    {
        StoreLayout inside = _scene.Layout;
        StoreLayout beside = StoreLayout.Beside(inside.Config, inside.Run);
        _ = await Scene.SeedAsync(beside);
        _ = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(inside));
        await Sample.AssertOpensAndWorksAsync(beside);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Roots_of_two_stores_are_refused_together(bool withOwnMetadata)
    {
        StoreLayout one = await _scene.SeedAsync();
        StoreLayout other = await Scene.SeedAsync(StoreLayout.At(_scene.Make("other")));
        StoreLayout mixed = withOwnMetadata
            ? StoreLayout.Of(one.Config, other.Run)
            : StoreLayout.Of(one.Config, other.Run, one.ConfigMetadata, Path.Combine(other.Run, ".fresh"));
        _ = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(mixed));
        await Sample.AssertOpensAndWorksAsync(one);
        await Sample.AssertOpensAndWorksAsync(other);
    }

    /// <summary>The records of that root must not be skipped, and the log with them.</summary>
    [Theory]
    [InlineData(StoreRoot.Config, "changed digit")]
    [InlineData(StoreRoot.Run, "changed digit")]
    [InlineData(StoreRoot.Config, "deleted")]
    [InlineData(StoreRoot.Run, "deleted")]
    [InlineData(StoreRoot.Config, "emptied")]
    [InlineData(StoreRoot.Run, "emptied")]
    [InlineData(StoreRoot.Run, "metadata deleted")]
    [InlineData(StoreRoot.Run, "of another store")]
    public async Task A_root_whose_identity_was_changed_or_lost_is_refused_and_a_durable_transaction_stays_whole(
        StoreRoot root, string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Deaths.BeforePublishing(layout, "workload update");
        string aside = Path.Combine(_scene.Make("aside"), "root.json");
        string path = Metadata.RootFile(layout, root);
        File.Copy(path, aside);
        await BreakAsync(path, what);
        string before = Trees.Of(layout);
        _ = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout));
        Assert.Equal(before, Trees.Of(layout));

        if (what != "metadata deleted")
        {
            File.Copy(aside, path, overwrite: true);
            await using StateStore store = await Sample.OpenAsync(layout);
            Sample.AssertSays("new", store, Workloads.One);
            Assert.Contains("\"new\"", Sample.Read(store, Workloads.One, "state.json", null, StoreRoot.Run));
        }
    }

    [Theory]
    [InlineData(StoreRoot.Config)]
    [InlineData(StoreRoot.Run)]
    public async Task A_changed_digit_in_the_identity_of_a_store_that_was_closed_in_order_is_refused(StoreRoot root)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await BreakAsync(Metadata.RootFile(layout, root), "changed digit");
        _ = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout));
    }

    private static StoreLayout Other(StoreLayout layout, string where)
    {
        StoreLayout beside = StoreLayout.Beside(layout.Config, layout.Run);
        string store = Path.GetDirectoryName(layout.Config)!;
        return where switch
        {
            "beside both" => beside,
            "beside config" => StoreLayout.Of(layout.Config, layout.Run, beside.ConfigMetadata, layout.RunMetadata),
            "beside run" => StoreLayout.Of(layout.Config, layout.Run, layout.ConfigMetadata, beside.RunMetadata),
            _ => StoreLayout.Of(layout.Config, layout.Run, Path.Combine(store, "elsewhere", "c"), Path.Combine(store, "elsewhere", "r")),
        };
    }

    private async Task BreakAsync(string path, string what)
    {
        switch (what)
        {
            case "changed digit":
                string json = Files.Read(path);
                Match id = Identity().Match(json);
                Assert.True(id.Success, json);
                char digit = json[id.Groups[1].Index];
                Files.Write(path, json[..id.Groups[1].Index] + (digit == '7' ? '8' : '7') + json[(id.Groups[1].Index + 1)..]);
                break;
            case "deleted":
                File.Delete(path);
                break;
            case "emptied":
                Files.Write(path, "");
                break;
            case "metadata deleted":
                Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
                break;
            default:
                StoreLayout other = await Scene.SeedAsync(StoreLayout.At(_scene.Make("other")));
                File.Copy(Metadata.RootFile(other, StoreRoot.Run), path, overwrite: true);
                break;
        }
    }

    /// <summary>The first digit of the root's own id.</summary>
    [GeneratedRegex("\"root\":\\s*\"([0-9a-f])", RegexOptions.IgnoreCase)]
    private static partial Regex Identity();
}
