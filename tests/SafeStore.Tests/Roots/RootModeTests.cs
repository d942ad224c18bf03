using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Tests.Roots;

/// <summary>Roots to which other users may write.</summary>
public sealed class RootModeTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData("config", UnixFileMode.GroupWrite, "0770")]
    [InlineData("run", UnixFileMode.OtherWrite, "0752")]
    [InlineData("config/.safestore", UnixFileMode.GroupWrite | UnixFileMode.OtherWrite, "0772")]
    [InlineData("run/.safestore", UnixFileMode.OtherWrite, "0752")]
    [InlineData("config/.safestore/log", UnixFileMode.GroupWrite, "0770")]
    public async Task A_store_to_whose_directories_other_users_may_write_is_refused_unless_told(
        string place, UnixFileMode mode, string shown)
    {
        await MakeAsync();
        string path = Open(place, mode);
        StoreMetadataException refused = await RefusesAsync();
        Assert.Equal(path, refused.Path);
        Assert.Contains($"may write to it (mode {shown})", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"chmod go-w '{path}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("StoreOptions.AllowRootsWritableByOthers.", refused.Message, StringComparison.Ordinal);
        _test.Options = _test.Options with { AllowRootsWritableByOthers = true };
        await OpensAsync();
        _test.Options = _test.Options with { AllowRootsWritableByOthers = false, DirectoryMode = _test.Options.DirectoryMode | mode };
        await OpensAsync();
    }

    [Fact]
    public async Task A_directory_mode_for_a_group_does_not_let_all_users_write()
    {
        await MakeAsync();
        _test.Options = _test.Options with { DirectoryMode = _test.Options.DirectoryMode | UnixFileMode.GroupWrite };
        string path = Open("run", UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
        Assert.Contains("every user may write to it (mode 0772)", (await RefusesAsync()).Message, StringComparison.Ordinal);
        Assert.Equal("0772", Convert.ToString((int)File.GetUnixFileMode(path), 8).PadLeft(4, '0'));
    }

    [Theory]
    [InlineData("config")]
    [InlineData("run")]
    public async Task Nothing_is_made_in_a_new_store_one_of_whose_roots_all_users_may_write_to(string root)
    {
        Directory.CreateDirectory(_test.Layout.Config);
        Directory.CreateDirectory(_test.Layout.Run);
        Open(root, UnixFileMode.OtherWrite);
        SortedDictionary<string, string> before = TreeSnapshot.Of(_test.Directory);
        Assert.Equal(Path.Combine(_test.Directory, root), (await RefusesAsync()).Path);
        Assert.Equal(before, TreeSnapshot.Of(_test.Directory));
    }

    /// <summary>As in a volume of a container, whose mode is 0777 or 2775 and cannot be changed.</summary>
    [Fact]
    public async Task Roots_are_made_with_a_safe_mode_below_a_directory_that_all_users_may_write_to()
    {
        Open("", UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
        await MakeAsync();
        Assert.All([_test.Layout.Config, _test.Layout.Run], static root => Assert.Equal(0x1E8, (int)File.GetUnixFileMode(root)));
        await OpensAsync();
    }

    [Fact]
    public async Task Such_a_store_may_be_looked_at_with_a_warning()
    {
        await MakeAsync();
        string path = Open("run", UnixFileMode.OtherWrite);
        var messages = new Messages();
        _test.Options = _test.Options with { Opening = StoreOpening.ReadOnly, Logger = messages };
        await OpensAsync();
        Assert.StartsWith(
            $"What is in {path} cannot be trusted: every user may", Assert.Single(messages.OfEvent(27)), StringComparison.Ordinal);
        _test.Options = _test.Options with { AllowRootsWritableByOthers = true };
        await OpensAsync();
        Assert.Single(messages.OfEvent(27));
    }

    private async Task MakeAsync()
    {
        await using StateStore store = await _test.OpenAsync();
        _ = await store.CreateAsync("sb", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
    }

    private async Task OpensAsync()
    {
        await using StateStore store = await _test.OpenAsync();
        Assert.Equal(["run:sb/a.json"], store.ReadEverything().Keys);
    }

    private async Task<StoreMetadataException> RefusesAsync() =>
        await Assert.ThrowsAsync<StoreMetadataException>(async () => await _test.OpenAsync());

    private string Open(string place, UnixFileMode mode)
    {
        string path = Path.Combine(_test.Directory, place).TrimEnd('/');
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | mode);
        return path;
    }
}
