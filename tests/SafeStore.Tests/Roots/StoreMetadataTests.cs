using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Roots;

/// <summary>Where the identity of a store and of its roots stands, and what is refused when it does not agree.</summary>
public sealed class StoreMetadataTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Each_root_says_in_an_attribute_of_its_own_which_store_it_belongs_to()
    {
        await CloseNewAsync();
        string id = StringIn(Path.Combine(_test.Metadata, "store.json"), "store");
        Assert.Equal(id, Attribute(_test.Layout.Config));
        Assert.Equal(id, Attribute(_test.Layout.Run));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Roots_whose_metadata_lies_in_the_other_usual_place_are_refused(bool isBeside)
    {
        StoreLayout beside = StoreLayout.Beside(_test.Layout.Config, _test.Layout.Run);
        (StoreLayout own, StoreLayout wrong) = isBeside ? (beside, _test.Layout) : (_test.Layout, beside);
        await CloseNewAsync(own);
        foreach (string root in new[] { own.Config, own.Run })
        {
            RemoveAttribute(root); // as a copy without attributes has none
        }

        StoreMetadataException failure = await RefusesAsync(wrong);
        Assert.Contains(own.RunMetadata, failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(wrong.ConfigMetadata) || Directory.Exists(wrong.RunMetadata));
        await OpensWholeAsync(own);
    }

    [Fact]
    public async Task Roots_whose_metadata_lies_elsewhere_are_refused_by_their_attributes()
    {
        string meta = Path.Combine(_test.Directory, "meta");
        StoreLayout own = StoreLayout.Of(_test.Layout.Config, _test.Layout.Run, Path.Combine(meta, "c"), Path.Combine(meta, "r"));
        await CloseNewAsync(own);
        string id = StringIn(Path.Combine(own.ConfigMetadata, "store.json"), "store");
        Assert.Contains(id, (await RefusesAsync(_test.Layout)).Message, StringComparison.Ordinal);
        await OpensWholeAsync(own);
    }

    [Theory]
    [InlineData("run", true)]
    [InlineData("run", false)]
    [InlineData("config", true)]
    [InlineData("config", false)]
    public async Task A_root_document_that_is_lost_is_an_error_in_a_store_that_is_finished(string root, bool isDead)
    {
        StoreLayout layout = await PrepareAsync(isDead);
        string path = PathOf(layout, $"{root}/.safestore/root.json");
        byte[] saved = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        File.Delete(path);
        await RefusesUntouchedAsync(layout, path);
        await File.WriteAllBytesAsync(path, saved, TestContext.Current.CancellationToken);
        await OpensWholeAsync(layout);
    }

    [Theory]
    [InlineData("run/.safestore/root.json", "root", true)]
    [InlineData("run/.safestore/root.json", "root", false)]
    [InlineData("config/.safestore/root.json", "root", true)]
    [InlineData("run/.safestore/root.json", "store", false)]
    [InlineData("config/.safestore/root.json", "store", true)]
    [InlineData("config/.safestore/store.json", "store", false)]
    [InlineData("config/.safestore/store.json", "store", true)]
    public async Task One_changed_digit_of_an_id_is_an_error(string file, string member, bool isDead)
    {
        StoreLayout layout = await PrepareAsync(isDead);
        string path = PathOf(layout, file);
        string json = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        string id = StringIn(path, member);
        string other = (id[0] == '0' ? '1' : '0') + id[1..];
        await File.WriteAllTextAsync(path, json.Replace($"\"{id}\"", $"\"{other}\"", StringComparison.Ordinal));
        await RefusesUntouchedAsync(layout, expected: null);
        await File.WriteAllTextAsync(path, json, TestContext.Current.CancellationToken);
        await OpensWholeAsync(layout);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_without_the_store_s_document_is_refused(bool isDead)
    {
        StoreLayout layout = await PrepareAsync(isDead);
        string path = Path.Combine(layout.ConfigMetadata, "store.json");
        byte[] saved = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        File.Delete(path);
        await RefusesUntouchedAsync(layout, path);
        await File.WriteAllBytesAsync(path, saved, TestContext.Current.CancellationToken);
        await OpensWholeAsync(layout);
    }

    [Theory]
    [InlineData("config", true)]
    [InlineData("config", false)]
    [InlineData("run", true)]
    [InlineData("run", false)]
    public async Task A_link_in_the_place_of_a_metadata_directory_is_not_followed(string root, bool isNew)
    {
        if (!isNew)
        {
            await CloseNewAsync();
        }

        string metadata = Path.Combine(_test.Directory, root, ".safestore");
        using var elsewhere = new TempDirectory();
        string target = Path.Combine(elsewhere.Path, "target");
        if (isNew)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(metadata)!);
            Directory.CreateDirectory(Path.Combine(target, "scratch", "theirs"));
        }
        else
        {
            Directory.Move(metadata, target);
            Directory.CreateDirectory(Path.Combine(target, "new", "theirs"));
        }

        Directory.CreateSymbolicLink(metadata, target);
        SortedDictionary<string, string> before = TreeSnapshot.Of(target);
        StorageException failure = await Assert.ThrowsAsync<StorageException>(async () => await _test.OpenAsync());
        Assert.Equal(metadata, failure.Path);
        Assert.Equal(before, TreeSnapshot.Of(target));
    }

    [Theory]
    [InlineData("config", UnixFileMode.GroupWrite)]
    [InlineData("run", UnixFileMode.GroupWrite)]
    [InlineData("run", UnixFileMode.OtherWrite)]
    public async Task Metadata_that_others_may_write_is_refused_unless_the_options_say_that_it_is_meant(string root, UnixFileMode mode)
    {
        await CloseNewAsync();
        string metadata = Path.Combine(_test.Directory, root, ".safestore");
        File.SetUnixFileMode(metadata, File.GetUnixFileMode(metadata) | mode);
        Assert.Equal(metadata, (await RefusesAsync(_test.Layout)).Path);
        _test.Options = _test.Options with { DirectoryMode = _test.Options.DirectoryMode | mode };
        await OpensWholeAsync(_test.Layout);
    }

    [Theory]
    [InlineData("config")]
    [InlineData("run")]
    public async Task Metadata_that_belongs_to_another_user_than_its_root_is_refused(string root)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may give a directory away.");
        await CloseNewAsync();
        string metadata = Path.Combine(_test.Directory, root, ".safestore");
        BindMount.Run("chown", "12345", metadata);
        Assert.Equal(metadata, (await RefusesAsync(_test.Layout)).Path);
        BindMount.Run("chown", "0", metadata);
        await OpensWholeAsync(_test.Layout);
    }

    private static string PathOf(StoreLayout layout, string relative) => Path.Combine(Path.GetDirectoryName(layout.Config)!, relative);

    private static string StringIn(string path, string member)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.GetProperty(member).GetString()!;
    }

    private static string Attribute(string root)
    {
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(root, out DirectoryHandle? directory));
        using (directory)
        {
            Assert.Equal(Errno.None, fs.GetAttribute(directory!, "user.safestore.store", out byte[] value));
            return Encoding.ASCII.GetString(value);
        }
    }

    private static void RemoveAttribute(string root)
    {
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(root, out DirectoryHandle? directory));
        using (directory)
        {
            Assert.Equal(Errno.None, fs.SetAttribute(directory!, ".", "user.safestore.store", "none"u8));
        }
    }

    private async Task CloseNewAsync(StoreLayout? layout = null)
    {
        await using StateStore store = await StateStore.OpenAsync(layout ?? _test.Layout, _test.Options);
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null,
            "a.json", "1"));
    }

    private async Task<StoreLayout> PrepareAsync(bool isDead)
    {
        if (!isDead)
        {
            await CloseNewAsync();
            return _test.Layout;
        }

        await using StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1").PutText(StoreRoot.Config, null,
            "a.json", "1"));
        return _test.CopyAsAfterAKill();
    }

    private async Task<StoreMetadataException> RefusesAsync(StoreLayout layout) =>
        await Assert.ThrowsAsync<StoreMetadataException>(async () => await StateStore.OpenAsync(layout, _test.Options));

    private async Task RefusesUntouchedAsync(StoreLayout layout, string? expected)
    {
        SortedDictionary<string, string> before = Tree(layout);
        SafeStoreException failure = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await StateStore.OpenAsync(layout,
            _test.Options));
        Assert.True(failure is StoreMetadataException or LogCorruptException, failure.ToString());
        Assert.True(expected is null || failure is StoreMetadataException { Path: var path } && path == expected, failure.ToString());
        Assert.Equal(before, Tree(layout));
    }

    private async Task OpensWholeAsync(StoreLayout layout)
    {
        await using StateStore store = await StateStore.OpenAsync(layout, _test.Options);
        Assert.Equal(["config:sb/a.json", "run:sb/a.json"], store.ReadEverything().Keys);
    }

    /// <summary>Everything but the shared words, which say that the store is being recovered.</summary>
    private static SortedDictionary<string, string> Tree(StoreLayout layout)
    {
        SortedDictionary<string, string> tree = TreeSnapshot.Of(layout.Config, layout.Run);
        tree.Remove(Path.Combine(layout.RunMetadata, "words"));
        return tree;
    }
}
