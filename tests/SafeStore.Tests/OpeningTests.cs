using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests;

public sealed class OpeningTests : IDisposable
{
    private readonly TestStore _test = new();

    public static TheoryData<string> RefusedJson =>
    [
        "", " ", "{", "{}x", "\uFEFF{}", "1e999", "-1e999", """{"a":1,"a":2}""", """{"x":{"a":1,"\u0061":2}}""",
            """[{"a":1,"b":{"c":1,"c":1}}]""",
        """["\ud800"]""", """{"\ud800":1}""", "NaN", "{'a':1}", "// x\n1", "[1,]",
    ];

    public void Dispose() => _test.Dispose();

    [Theory]
    [MemberData(nameof(RefusedJson))]
    public async Task What_is_not_strict_json_is_refused_on_write(string json)
    {
        await using StateStore store = await _test.OpenAsync();
        await using SandboxLock held = await store.LockNewAsync("sb-1");
        Assert.Throws<ArgumentException>(() => held.Change().PutText(StoreRoot.Run, null, "a", json));
        Assert.Throws<ArgumentException>(() => held.Change().PutJson(StoreRoot.Run, null, "a", [(byte)'"', 0xFF, (byte)'"']));
    }

    [Fact]
    public async Task Json_may_be_64_deep_and_no_deeper()
    {
        await using StateStore store = await _test.OpenAsync();
        string deep = new string('[', 64) + new string(']', 64);
        await store.CreateAsync("sb-1", change => change.PutText(StoreRoot.Run, null, "a", deep));
        Assert.Equal(deep, store.ReadText("sb-1", StoreRoot.Run, null, "a"));
        await Assert.ThrowsAsync<ArgumentException>(
            () => store.ChangeAsync("sb-1", change => change.PutText(StoreRoot.Run, null, "a", "[" + deep + "]")));
    }

    [Theory]
    [InlineData(1)] // never released
    [InlineData(3)]
    public async Task A_store_of_another_version_is_refused_untouched(int format)
    {
        await CloseNewAsync();
        string store = Path.Combine(_test.Metadata, "store.json");
        string json = await File.ReadAllTextAsync(store);
        await File.WriteAllTextAsync(store, json.Replace("\"format\": 2", $"\"format\": {format}", StringComparison.Ordinal));
        foreach (string metadata in new[] { _test.Layout.ConfigMetadata, _test.Layout.RunMetadata })
        {
            Directory.Delete(Path.Combine(metadata, "scratch"), recursive: true); // another version may have none of them
            Directory.Delete(Path.Combine(metadata, "new"));
        }

        File.Delete(Path.Combine(_test.Layout.RunMetadata, "words"));
        SortedDictionary<string, string> before = TreeSnapshot.Of(_test.Directory);
        StoreFormatException failure = await Assert.ThrowsAsync<StoreFormatException>(async () => await _test.OpenAsync());
        Assert.Equal(format, failure.Format);
        Assert.Equal(before, TreeSnapshot.Of(_test.Directory));
    }

    [Theory]
    [InlineData("config/.safestore/store.json", "")]
    [InlineData("config/.safestore/store.json", "{}")]
    [InlineData("config/.safestore/store.json", "{\"format\":2}")]
    [InlineData("config/.safestore/store.json", "{\"format\":")]
    [InlineData("config/.safestore/store.json", "[]")]
    [InlineData("config/.safestore/store.json", "{\"format\":\"2\"}")]
    [InlineData("run/.safestore/root.json", "")]
    [InlineData("run/.safestore/root.json", "{\"format\":2}")]
    [InlineData("config/.safestore/root.json", "nonsense")]
    public async Task Damaged_metadata_is_reported(string file, string content)
    {
        await CloseNewAsync();
        string path = Path.Combine(_test.Directory, file);
        await File.WriteAllTextAsync(path, content, new UTF8Encoding(false));
        StoreMetadataException failure = await Assert.ThrowsAsync<StoreMetadataException>(async () => await _test.OpenAsync());
        Assert.Equal(path, failure.Path);
        Assert.Equal(content, await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task The_root_of_another_store_is_refused()
    {
        await CloseNewAsync();
        using var other = new TestStore();
        await using (await other.OpenAsync())
        {
        }

        await Assert.ThrowsAsync<StoreMetadataException>(
            async () => await StateStore.OpenAsync(StoreLayout.Of(_test.Layout.Config, other.Layout.Run), _test.Options));
    }

    [Fact]
    public async Task Metadata_lies_on_the_filesystem_of_its_root()
    {
        using var elsewhere = new TempDirectory(TempDirectory.SharedMemory);
        var layout =
            StoreLayout.Of(_test.Layout.Config, _test.Layout.Run, Path.Combine(elsewhere.Path, "c"), Path.Combine(_test.Directory, "r"));
        await Assert.ThrowsAsync<StoreMetadataException>(async () => await StateStore.OpenAsync(layout, _test.Options));
    }

    [Fact]
    public async Task Metadata_beside_the_roots_leaves_them_with_sandboxes_only()
    {
        var layout =
            StoreLayout.Of(
            _test.Layout.Config, _test.Layout.Run, Path.Combine(_test.Directory, "meta", "c"), Path.Combine(_test.Directory, "meta", "r"));
        await using StateStore store = await StateStore.OpenAsync(layout, _test.Options);
        await store.CreateAsync("sb-1");
        await store.ChangeAsync("sb-1", static change => change.CreateContainer("web"));
        Assert.Equal([Path.Combine(layout.Run, "sb-1")], Directory.GetFileSystemEntries(layout.Run));
        Assert.Equal([Path.Combine(layout.Config, "sb-1")], Directory.GetFileSystemEntries(layout.Config));
    }

    [Fact]
    public void A_layout_whose_directories_overlap_is_refused()
    {
        Assert.Throws<ArgumentException>(() => StoreLayout.Of("/a", "/a"));
        Assert.Throws<ArgumentException>(() => StoreLayout.Of("/a", "/a/b"));
        Assert.Throws<ArgumentException>(() => StoreLayout.Of("/a", "/b", "/a/meta", "/b/.meta"));
        Assert.Throws<ArgumentException>(() => StoreLayout.Of("/a", "/b", "/m", "/m"));
        Assert.Throws<ArgumentException>(() => StoreLayout.At(""));
        Assert.Throws<ArgumentException>(() => StoreLayout.At("a\0b"));
    }

    [Fact]
    public async Task Options_out_of_range_are_refused()
    {
        foreach (StoreOptions options in new[]
        {
            _test.Options with { DocumentBytesMax = 0 }, _test.Options with { DocumentBytesMax = (64 * 1024 * 1024) + 1 },
            _test.Options with { SegmentBytes = 12 * 1024 }, _test.Options with { SegmentBytes = 20_000 },
            _test.Options with { LockTimeout = TimeSpan.FromSeconds(-2) }, _test.Options with { CheckpointInterval = TimeSpan.Zero },
            _test.Options with { IdleSandboxesMax = -1 }, _test.Options with { LogBytesMax = -1 },
        })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await StateStore.OpenAsync(_test.Layout, options));
        }

        Assert.Empty(Directory.GetFileSystemEntries(_test.Directory));
    }

    private async Task CloseNewAsync()
    {
        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb-1");
    }
}

[Collection(nameof(UmaskGroup))]
public sealed class StoreModeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0x3F)]
    public async Task Directories_have_mode_0750_files_0640_and_those_with_the_store_s_locks_0600_whatever_the_umask(uint mask)
    {
        using var test = new TestStore();
        uint before = Native.SetUmask(mask);
        try
        {
            await using StateStore store = await test.OpenAsync();
            await store.CreateAsync(
                "sb-1", static change =>
                change.CreateContainer("web").PutText(StoreRoot.Run, "web", "a", "1").PutText(StoreRoot.Config, null, "a", "1"));
            await store.ChangeAsync(
                "sb-1", static change =>
                change.PutText(StoreRoot.Run, "web", "a", "2").CreateContainer("db").PutText(StoreRoot.Config, null, "b", "1"));
            await store.CheckpointAsync();
        }
        finally
        {
            _ = Native.SetUmask(before);
        }

        foreach ((string path, string content) in TreeSnapshot.Of(test.Layout.Config, test.Layout.Run))
        {
            string mode = path.EndsWith('/') ? "750"
                : Path.GetFileName(path) is "store.json" or "words" ? "600" : "640";
            Assert.True(content.StartsWith(mode, StringComparison.Ordinal), $"{path}: {content[..3]}");
        }
    }
}
