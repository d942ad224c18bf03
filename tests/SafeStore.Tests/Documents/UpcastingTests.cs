using System;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Tests.Documents;

public sealed record Person(string First, string Last);

public sealed record Marked(int Version, string Text);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Exact(string Text);

[JsonSerializable(typeof(Person))]
[JsonSerializable(typeof(Marked))]
[JsonSerializable(typeof(Exact))]
internal sealed partial class UpcastingJson : JsonSerializerContext;

/// <summary>DocumentKind.WithUpcasters.</summary>
public sealed class UpcastingTests : IDisposable
{
    private static readonly DocumentKind<Person> s_person =
        DocumentKind.OfSandbox("settings.json", StoreRoot.Config, UpcastingJson.Default.Person).WithUpcasters(
            "v",
            static old => new JsonObject { ["Whole"] = (string?)old["name"] },
            static old =>
            {
                string[] names = ((string)old["Whole"]!).Split(' ');
                (old["First"], old["Last"]) = (names[0], names[1]);
                old.Remove("Whole");
                return old;
            });

    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData("""{"name":"Ada Lovelace"}""")]
    [InlineData("""{"v":0,"name":"Ada Lovelace"}""")]
    [InlineData("""{"Whole":"Ada Lovelace","v":1}""")]
    [InlineData("""{"v":2,"First":"Ada","Last":"Lovelace"}""")]
    public async Task A_document_of_any_version_is_read_as_the_current_one_and_stays_as_it_is(string json)
    {
        await using StateStore store = await OpenAsync(json);

        Assert.Equal(new Person("Ada", "Lovelace"), store.Read("sb", s_person));
        Assert.Equal(new Person("Ada", "Lovelace"), store.ReadVersioned("sb", s_person)!.Value);
        Assert.Equal(new Person("Ada", "Lovelace"), Assert.Single(store.ReadAll(s_person)).Value);
        Assert.Equal(json, Text(store));
    }

    [Fact]
    public async Task The_next_put_writes_the_current_version()
    {
        await using StateStore store = await OpenAsync("""{"name":"Ada Lovelace"}""");
        await store.UpdateAsync("sb", static (held, change) => change.Put(s_person, held.Read(s_person)! with { First = "A." }));

        Assert.Equal("""{"v":2,"First":"A.","Last":"Lovelace"}""", Text(store));
        Assert.Equal("A.", store.Read("sb", s_person)!.First);
    }

    [Fact]
    public async Task The_member_is_set_where_the_type_has_it_and_hidden_where_it_may_not_have_it()
    {
        DocumentKind<Marked> marked = DocumentKind.OfSandbox("settings.json", StoreRoot.Config, UpcastingJson.Default.Marked)
            .WithUpcasters("Version", static old => old);
        await using StateStore store = await OpenAsync("""{"Text":"a"}""");
        Assert.Equal(new Marked(1, "a"), store.Read("sb", marked));
        await store.UpdateAsync("sb", (_, change) => change.Put(marked, new Marked(7, "b")));
        Assert.Equal("""{"Version":1,"Text":"b"}""", Text(store));

        DocumentKind<Exact> exact = DocumentKind.OfSandbox("settings.json", StoreRoot.Config, UpcastingJson.Default.Exact)
            .WithUpcasters("v");
        await store.UpdateAsync("sb", (_, change) => change.Put(exact, new Exact("c")));
        Assert.Equal("""{"v":0,"Text":"c"}""", Text(store));
        Assert.Equal(new Exact("c"), store.Read("sb", exact));
    }

    [Fact]
    public async Task A_version_that_the_program_does_not_know_is_refused()
    {
        const string Json = """{"v":3,"First":"Ada","Last":"Lovelace"}""";
        await using StateStore store = await OpenAsync(Json);

        DocumentVersionException refusal = Assert.Throws<DocumentVersionException>(() => store.Read("sb", s_person));

        Assert.Equal((3, 2, "document-version"), (refusal.Version, refusal.Known, refusal.Code));
        Assert.Equal("config:sb/settings.json", refusal.Document.ToString());
        Assert.IsType<DocumentVersionException>(Assert.Single(store.ReadAll(s_person)).Error);
        Assert.Equal(Json, Text(store));
    }

    [Theory]
    [InlineData("""{"other":1}""", "the step from version 1 to 2 failed")]
    [InlineData("""{"v":"2"}""", "its member 'v' is not the number of a version")]
    [InlineData("""{"v":-1}""", "its member 'v' is not the number of a version")]
    [InlineData("""{"v":1.5}""", "its member 'v' is not the number of a version")]
    [InlineData("""[1]""", "it is not a Person")]
    [InlineData("""{"v":1,"Whole":""", "")]
    [InlineData("""{"v":1,"Whole":"a b","Whole":"c d"}""", "")]
    public async Task What_cannot_be_brought_to_the_current_version_is_corrupt_and_left_as_it_is(string json, string reason)
    {
        await using StateStore store = await OpenAsync("{}");
        string path = _test.PathOf(StoreRoot.Config, "sb/settings.json");
        await System.IO.File.WriteAllTextAsync(path, json);

        DocumentCorruptException damage = Assert.Throws<DocumentCorruptException>(() => store.Read("sb", s_person));

        Assert.Contains(reason, damage.Reason, StringComparison.Ordinal);
        Assert.Equal(json, await System.IO.File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task A_value_that_cannot_have_the_member_is_refused_before_anything_is_written()
    {
        await using StateStore store = await OpenAsync("{}");
        await using SandboxLock held = await store.LockAsync("sb");

        Assert.Throws<ArgumentException>(() => held.Change().Put(s_person, null!));
        Assert.Throws<ArgumentException>(() => s_person.WithUpcasters(" "));
        Assert.Throws<ArgumentException>(() => s_person.WithUpcasters("v", null!, null!));
    }

    private static string Text(StateStore store) => store.ReadText("sb", StoreRoot.Config, null, "settings.json")!;

    private async Task<StateStore> OpenAsync(string json)
    {
        StateStore store = await _test.OpenAsync();
        await store.CreateAsync("sb", change => change.PutText(StoreRoot.Config, null, "settings.json", json));
        return store;
    }
}
