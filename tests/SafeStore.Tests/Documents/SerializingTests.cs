using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Tests.Documents;

public sealed record Measured(double Value);

public sealed record Narrow(string Name);

public sealed class Tolerant
{
    public string Name { get; set; } = "";

#pragma warning disable CA2227 // the serializer sets it
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
#pragma warning restore CA2227
}

[JsonConverter(typeof(FailingConverter))]
public sealed record Failing(Exception Failure);

/// <summary>Writes half of its value and fails; fails to read.</summary>
public sealed class FailingConverter : JsonConverter<Failing>
{
    public static Exception? AtRead { get; set; }

    public override Failing? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw AtRead!;

    public override void Write(Utf8JsonWriter writer, Failing value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartObject();
        writer.WriteString("half", "written");
        throw value.Failure;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Measured))]
[JsonSerializable(typeof(Narrow))]
[JsonSerializable(typeof(Tolerant))]
[JsonSerializable(typeof(Failing))]
internal sealed partial class SerializingJson : JsonSerializerContext;

/// <summary>What the user's own types do on their way into a document and back.</summary>
public sealed class SerializingTests : IDisposable
{
    private static readonly DocumentKind<Measured> s_measured =
        DocumentKind.OfSandbox("measured.json", StoreRoot.Run, SerializingJson.Default.Measured);
    private static readonly DocumentKind<Narrow> s_narrow =
        DocumentKind.OfSandbox("name.json", StoreRoot.Run, SerializingJson.Default.Narrow);
    private static readonly DocumentKind<Tolerant> s_tolerant =
        DocumentKind.OfSandbox("name.json", StoreRoot.Run, SerializingJson.Default.Tolerant);
    private static readonly DocumentKind<Failing> s_failing =
        DocumentKind.OfSandbox("failing.json", StoreRoot.Config, SerializingJson.Default.Failing);

    private readonly TestStore _disk = new();

    public static TheoryData<Type> Failures =>
        [typeof(InsufficientMemoryException), typeof(InvalidOperationException), typeof(TimeZoneNotFoundException)];

    public void Dispose() => _disk.Dispose();

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_serializer_that_fails_changes_nothing_on_the_disk_and_keeps_neither_lock_nor_transaction_busy(Type failure)
    {
        await using StateStore store = await _disk.OpenAsync();
        await using StateStore other = await _disk.OpenAsync();
        await store.CreateAsync("sb-1", static change => change.PutText(StoreRoot.Config, null, "failing.json", "{}"));
        var thrown = (Exception)Activator.CreateInstance(failure)!;
        SortedDictionary<string, string> tree = TreeSnapshot.OfStore(_disk.Layout);
        await using (SandboxLock held = await store.LockAsync("sb-1"))
        {
            SandboxChange change = held.Change().PutText(StoreRoot.Run, null, "state.json", "1");
            Exception reported = Assert.ThrowsAny<Exception>(() => change.Put(s_failing, new Failing(thrown)));
            Assert.Same(thrown, reported is ArgumentException ? reported.InnerException : reported);
            FailingConverter.AtRead = thrown;
            _ = Assert.ThrowsAny<Exception>(() => held.Read(s_failing));
            Assert.Equal(tree, TreeSnapshot.OfStore(_disk.Layout));
            await change.CommitAsync();
        }

        Assert.Equal("{}", await File.ReadAllTextAsync(_disk.PathOf(StoreRoot.Config, "sb-1/failing.json")));
        Assert.Equal("1", store.ReadText("sb-1", StoreRoot.Run, null, "state.json"));
        await using SandboxLock free = await other.LockAsync("sb-1", timeout: StoreCalls.Once);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public async Task A_value_with_a_number_that_is_not_finite_is_refused(double value)
    {
        await using StateStore store = await _disk.OpenAsync();
        await using SandboxLock held = await store.LockNewAsync("sb-1");
        SandboxChange change = held.Change();
        Assert.Throws<ArgumentException>(() => change.Put(s_measured, new Measured(value)));
        await change.Put(s_measured, new Measured(double.MaxValue)).CommitAsync();
        Assert.Equal(double.MaxValue, store.Require("sb-1", s_measured).Value);
    }

    /// <summary>The second half is a limit: what a type has no place for is not in the value that it writes.</summary>
    [Fact]
    public async Task Members_that_a_type_does_not_know_are_read_over_and_kept_if_it_has_a_place_for_them()
    {
        await using StateStore store = await _disk.OpenAsync();
        await store.CreateAsync(
            "sb-1", static change =>
            change.PutText(StoreRoot.Run, null, "name.json", """{"name":"a","of a later version":[1.50,{"x":null}]}"""));
        Assert.Equal("a", store.Require("sb-1", s_narrow).Name);

        Tolerant tolerant = store.Require("sb-1", s_tolerant);
        tolerant.Name = "b";
        await store.ChangeAsync("sb-1", change => change.Put(s_tolerant, tolerant));
        Assert.Equal("""{"name":"b","of a later version":[1.50,{"x":null}]}""", store.ReadText("sb-1", StoreRoot.Run, null, "name.json"));

        await store.ChangeAsync("sb-1", change => change.Put(s_narrow, store.Require("sb-1", s_narrow)));
        Assert.Equal("""{"name":"b"}""", store.ReadText("sb-1", StoreRoot.Run, null, "name.json"));
    }
}
