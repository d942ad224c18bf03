using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 37: values that would be changed on their way to the disk, and arguments out of range.</summary>
public sealed partial class ArgumentFaultTests : IDisposable
{
    private const string Lone = "a\ud800z";

    private readonly Scene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Theory]
    [InlineData("value")]
    [InlineData("key")]
    [InlineData("low surrogate")]
    [InlineData("in a list")]
    [InlineData("in a container")]
    public async Task A_typed_value_that_has_no_UTF8_is_refused_and_nothing_is_stored(string where)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        await using SandboxLock held = await store.LockAsync(Workloads.One);
        var text = DocumentKind.OfSandbox("text.json", StoreRoot.Config, Json.Default.String);
        var ofContainer = DocumentKind.OfContainer("text.json", StoreRoot.Config, Json.Default.String);
        var map = DocumentKind.OfSandbox("map.json", StoreRoot.Config, Json.Default.DictionaryStringString);
        var list = DocumentKind.OfSandbox("list.json", StoreRoot.Config, Json.Default.ListString);
        Exception? refused = await Record.ExceptionAsync(async () => _ = await (where switch
        {
            "value" => held.Change().Put(text, Lone),
            "low surrogate" => held.Change().Put(text, "\udc00"),
            "key" => held.Change().Put(map, new Dictionary<string, string> { [Lone] = "value" }),
            "in a list" => held.Change().Put(list, ["fine", Lone]),
            _ => held.Change().Put("web", ofContainer, Lone),
        }).CommitAsync());
        Assert.True(refused is ArgumentException or SafeStoreException, refused?.ToString() ?? "It was committed.");
        Assert.Null(store.Read(Workloads.One, text));
        Assert.Null(store.Read(Workloads.One, map));
        Assert.Null(store.Read(Workloads.One, list));
    }

    [Fact]
    public async Task A_pair_of_surrogates_is_stored_as_it_is()
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        var text = DocumentKind.OfSandbox("text.json", StoreRoot.Config, Json.Default.String);
        _ = await Workloads.ChangeAsync(store, Workloads.One, change => change.Put(text, "\ud83d\ude00\ufffd"));
        Assert.Equal("\ud83d\ude00\ufffd", store.Read(Workloads.One, text));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(-1)]
    [InlineData(2)]
    public async Task A_lock_mode_that_does_not_exist_is_refused(int mode)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        _ = await Assert.ThrowsAnyAsync<ArgumentException>(async () => await store.LockAsync(Workloads.One, (LockMode)mode));
        _ = await Assert.ThrowsAnyAsync<ArgumentException>(
            async () => await store.LockManyAsync([SandboxTarget.Existing(Workloads.One)], (LockMode)mode));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-1)]
    public async Task A_root_that_does_not_exist_is_refused(int root)
    {
        StoreLayout layout = await _scene.SeedAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        await using SandboxLock held = await store.LockAsync(Workloads.One);
        _ = Assert.ThrowsAny<ArgumentException>(() => held.Change().PutJson((StoreRoot)root, null, "a.json", "1"u8));
        _ = Assert.ThrowsAny<ArgumentException>(() => held.Change().Remove((StoreRoot)root, null, "a.json"));
        _ = Assert.ThrowsAny<ArgumentException>(() => new DocumentId(Workloads.One, null, (StoreRoot)root, "a.json"));
        _ = Assert.ThrowsAny<ArgumentException>(() => DocumentKind.OfSandbox("a.json", (StoreRoot)root, Json.Default.String));
    }

    [JsonSerializable(typeof(string))]
    [JsonSerializable(typeof(List<string>))]
    [JsonSerializable(typeof(Dictionary<string, string>))]
    private sealed partial class Json : JsonSerializerContext;
}
