using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FsCheck.Fluent;
using SafeStore.Documents;
using Xunit;

namespace SafeStore.PropertyTests.Sandboxes.Model;

public sealed class RoundTripLaws
{
    private readonly HashSet<(Type Record, string Member)> _reached = [];

    [Fact]
    public void A_complete_value_of_each_document_reaches_every_record_and_every_member_and_comes_back_equal()
    {
        foreach (JsonTypeInfo root in ModelTypes.Roots)
        {
            JsonValue json = new StoredJson(new Random(1), Dose.Complete, [new JsonValue.Literal("1")], _reached).Of(root);
            Obey(new Stored(root, json));
            byte[] text = Encoding.UTF8.GetBytes(json.Text);
            Assert.True(JsonElement.DeepEquals(JsonElement.Parse(text), JsonElement.Parse(WriteBack(text, root))), root.Type.Name);
        }

        Assert.Empty(
            ModelTypes.Records.SelectMany(static record => ModelTypes.MembersOf(record).Select(member => (record.Type, member.Name)))
            .Except(_reached));
        Assert.Empty(
            ModelTypes.Records.Where(static record => ModelTypes.MembersOf(record).Any()).Select(static record => record.Type)
            .Except(_reached.Select(static pair => pair.Record)));
    }

    [Fact]
    public void Whatever_a_record_is_read_from_is_written_back_and_only_zero_values_are_added() => Laws.Check(
        from seed in Gen.Choose(0, int.MaxValue)
        from type in Gen.Elements(ModelTypes.Roots.Concat(ModelTypes.Records))
        from dose in Gen.Elements(
            Dose.Complete, new Dose(0, 20, 0, 0), new Dose(30, 10, 0, 10), new Dose(10, 10, 30, 30), new Dose(80, 10, 50, 0))
        from anything in Gens.ArrayOf(JsonValue.Any, 4, 4)
        select new Stored(type, new StoredJson(new Random(seed), dose, anything, _reached).Of(type)),
        2000,
        Obey,
        static stored => StoredShrinking.Shrink(stored.Json).Select(json => stored with { Json = json }));

    private static void Obey(Stored stored)
    {
        byte[] text = Encoding.UTF8.GetBytes(stored.Json.Text);
        JsonElement before = JsonElement.Parse(text);

        object? value = JsonSerializer.Deserialize(text, stored.Type);
        byte[] again = JsonSerializer.SerializeToUtf8Bytes(value, stored.Type);

        Losses.AssertNone(text, again, stored.Type);
        TypedValues.Agree(before, value, stored.Type);
        TypedValues.Agree(JsonElement.Parse(again), JsonSerializer.Deserialize(again, stored.Type), stored.Type);
        Assert.Equal(Encoding.UTF8.GetString(again), Encoding.UTF8.GetString(WriteBack(again, stored.Type)));
        Assert.Null(JsonRules.FindFaultStrictly(again)?.Reason); // the store takes what it has read
    }

    private static byte[] WriteBack(byte[] json, JsonTypeInfo type) =>
        JsonSerializer.SerializeToUtf8Bytes(JsonSerializer.Deserialize(json, type), type);

    internal sealed record Stored(JsonTypeInfo Type, JsonValue Json)
    {
        public override string ToString() => $"{Type.Type.Name} {Json.Text}";
    }
}
