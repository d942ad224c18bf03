using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's filesystem_resource_storage_test.go: directories, and documents of a program's own.</summary>
public sealed class ResourceStorageCases : IDisposable
{
    private const UnixFileMode Mode750 = Mode640 | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
    private const UnixFileMode Mode640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("case", "1")]
    public async Task CreateAllResourcesSuccessful_makes_both_directories_of_the_sandbox_and_of_each_container()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1", "1", "10", "100");

        foreach (string directory in new[] { "sb-1", "sb-1/1", "sb-1/10", "sb-1/100" })
        {
            Assert.Equal(Mode750, File.GetUnixFileMode(_test.ConfigPath(directory)));
            Assert.Equal(Mode750, File.GetUnixFileMode(_test.RunPath(directory)));
            Assert.Equal(Mode640, File.GetUnixFileMode(_test.ConfigPath(directory + "/config.json")));
            Assert.Equal(Mode640, File.GetUnixFileMode(_test.RunPath(directory + "/state.json")));
        }

        Assert.True(File.Exists(_test.RunPath("sb-1/lock")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [Trait("case", "2")]
    public async Task CreateAllResourcesFailingSandboxIDEmpty_says_which_id_is_missing(string id)
    {
        await using SandboxStore store = await _test.OpenAsync();
        SortedDictionary<string, string> before = _test.Tree();

        await CaseCalls.AssertFaultAsync(
            ResourceFault.SandboxIdMissing, () => store.Kata().CreateAsync(new NewSandbox(id) { Containers = [new NewContainer("100")] }));

        Assert.Equal(before, _test.Tree());
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [Trait("case", "3")]
    public async Task CreateAllResourcesFailingContainerIDEmpty_says_which_id_is_missing_and_leaves_nothing(string id)
    {
        await using SandboxStore store = await _test.OpenAsync();
        SortedDictionary<string, string> before = _test.Tree();

        await CaseCalls.AssertFaultAsync(
            ResourceFault.ContainerIdMissing, () =>
            store.Kata().CreateAsync(new NewSandbox("sb-1") { Containers = [new NewContainer("100"), new NewContainer(id)] }));

        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    [Trait("case", "4")]
    public async Task StoreFileSuccessfulNotExisting_writes_exactly_this_text()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        await store.ChangeAsync("sb-1", static edit => edit.Put(FieldPair.Kind, FieldPair.Value));

        Assert.Equal(FieldPair.Text, await File.ReadAllTextAsync(_test.ConfigPath("sb-1/testconfig.json")));
    }

    [Fact]
    [Trait("case", "5")]
    public async Task StoreFileSuccessfulExisting_replaces_an_empty_file()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        string file = _test.ConfigPath("sb-1/testconfig.json");
        await File.WriteAllTextAsync(file, "");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await store.ChangeAsync("sb-1", static edit => edit.Put(FieldPair.Kind, FieldPair.Value));

        Assert.Equal(FieldPair.Text, await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)); // what is replaced keeps its mode
    }

    [Fact]
    [Trait("case", "6")]
    public async Task StoreFileFailingMarshalling_is_refused_at_once_and_the_file_keeps_what_it_had()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await store.ChangeAsync("sb-1", static edit => edit.Put(FieldPair.Kind, FieldPair.Value));
        await using ModelLock held = await store.LockAsync("sb-1");
        SortedDictionary<string, string> before = _test.Tree();

        ArgumentException failure =
            Assert.Throws<ArgumentException>(() => held.Change().Put(Unencodable.Kind, new Unencodable(static () => { })));

        Assert.Contains("testconfig.json", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, _test.Tree());
    }

    [Fact]
    [Trait("case", "7")]
    public async Task FetchFileSuccessful_gives_an_equal_value_of_a_kind_that_is_no_resource()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        await File.WriteAllTextAsync(_test.ConfigPath("sb-1/testconfig.json"), FieldPair.Text);

        Assert.Equal(FieldPair.Value, store.Store.Read("sb-1", FieldPair.Kind));
    }

    [Fact]
    [Trait("case", "8")]
    public async Task FetchFileFailingNoFile_is_null_or_an_error_as_the_caller_wants()
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");

        Assert.Null(store.Store.Read("sb-1", FieldPair.Kind));
        NotFoundException failure = Assert.Throws<NotFoundException>(() => store.Store.Require("sb-1", FieldPair.Kind));
        Assert.Equal("document", failure.What);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \n")]
    [InlineData("""{"Field1":"value1",""")]
    [Trait("case", "9")]
    public async Task FetchFileFailingUnMarshalling_names_the_file_and_leaves_it_as_it_is(string text)
    {
        await using SandboxStore store = await _test.OpenWithAsync("sb-1");
        string file = _test.ConfigPath("sb-1/testconfig.json");
        await File.WriteAllTextAsync(file, text);

        DocumentCorruptException failure = Assert.Throws<DocumentCorruptException>(() => store.Store.Read("sb-1", FieldPair.Kind));

        Assert.Equal(file, failure.Path);
        Assert.Equal(text, await File.ReadAllTextAsync(file));
    }
}
