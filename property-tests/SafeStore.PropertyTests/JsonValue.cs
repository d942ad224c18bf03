using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace SafeStore.PropertyTests;

/// <summary>A JSON value as a tree, and its text.</summary>
internal abstract record JsonValue
{
    private static readonly string[] s_literals =
        ["null", "true", "false", "0", "-0", "-1.5e-7", "9007199254740993", "1e308", "\"\"",
            "\"caf\u00e9 \\u00e9 \\ud83d\\ude00 \ud83d\ude00 \\n\\/\\\\\\\"\"", "\"\\u0000\"", "[]", "{}"];

    private static readonly string[] s_names =
        ["a", "b", "A", "", "a b", "\u00e9", "e\u0301", "\"", "\\", "a\n", "\ud83d\ude00", "very long name that does not fit anywhere",
        "__proto__"];

    public static Gen<JsonValue> Any { get; } = Gen.Sized(static size => OfSize(size, depth: 1));

    /// <summary>A value that holds an object with at least one property, somewhere.</summary>
    public static Gen<JsonValue> WithProperty { get; } = Any.Zip(Gens.ArrayOf(Gen.Choose(0, 1), 0, 40), static (value, path) =>
    {
        JsonValue wrapped = new Map([new Property("k", "\"k\"", value)]);
        foreach (int kind in path)
        {
            wrapped = kind == 0 ? new Items([new Literal("1"), wrapped]) : new Map([new Property("o", "\"o\"", wrapped)]);
        }

        return wrapped;
    }).Where(static value => value.Depth <= 63);

    public abstract int Depth { get; }

    public string Text
    {
        get
        {
            var text = new StringBuilder();
            Write(text);
            return text.ToString();
        }
    }

    protected abstract void Write(StringBuilder text);

    public abstract IEnumerable<Map> Maps();

    /// <summary>
    /// The same name as JSON text, with some of its characters escaped; the two halves of a pair alike, or neither would be text.
    /// </summary>
    public static string Quote(string name, int escapes) => "\"" + string.Concat(name.Select((character, i) =>
        character is '"' or '\\' or < ' ' || ((escapes >> (char.IsSurrogate(character) ? 0 : i % 16)) & 1) == 1
            ? $"\\u{((int)character).ToString("x4", CultureInfo.InvariantCulture)}" : character.ToString())) + "\"";

    private static Gen<JsonValue> OfSize(int size, int depth)
    {
        Gen<JsonValue> literal = Gen.Elements(s_literals).Select(static text => (JsonValue)new Literal(text));
        if (size <= 1 || depth >= 20)
        {
            return literal;
        }

        Gen<JsonValue> inner = OfSize(size / 3, depth + 1);
        Gen<Property> property =
            from name in Gen.OneOf(Gen.Elements(s_names), Gen.Choose(0, 300).Select(static number => $"n{number}"))
            from escapes in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, 0xFFFF))
            from value in inner
            select new Property(name, Quote(name, escapes), value);
        Gen<JsonValue> map = Gen.Frequency((9, Gens.ArrayOf(property, 0, 6)), (1, Gens.ArrayOf(property, 30, 60)))
            .Select(static properties => (JsonValue)new Map([.. properties.DistinctBy(static property => property.Name)]));
        return Gen.Frequency((1, literal), (2, Gens.ArrayOf(inner, 0, 5).Select(static items => (JsonValue)new Items(items))), (3, map));
    }

    internal sealed record Property(string Name, string Quoted, JsonValue Value);

    internal sealed record Literal(string Json) : JsonValue
    {
        public override int Depth => Json is "[]" or "{}" ? 1 : 0;

        public override IEnumerable<Map> Maps() => [];

        protected override void Write(StringBuilder text) => text.Append(Json);
    }

    internal sealed record Items(JsonValue[] Values) : JsonValue
    {
        public override int Depth => 1 + Values.Select(static value => value.Depth).DefaultIfEmpty().Max();

        public override IEnumerable<Map> Maps() => Values.SelectMany(static value => value.Maps());

        protected override void Write(StringBuilder text)
        {
            text.Append("[ ");
            for (int i = 0; i < Values.Length; i++)
            {
                text.Append(i > 0 ? ", " : "");
                Values[i].Write(text);
            }

            text.Append(']');
        }
    }

    internal sealed record Map(Property[] Properties) : JsonValue
    {
        /// <summary>What is written once more at the end, while a duplicate is being tried.</summary>
        public Property? Extra { get; set; }

        public override int Depth => 1 + Properties.Select(static property => property.Value.Depth).DefaultIfEmpty().Max();

        public override IEnumerable<Map> Maps() => Properties.SelectMany(static property => property.Value.Maps()).Prepend(this);

        protected override void Write(StringBuilder text)
        {
            text.Append('{');
            string separator = "";
            foreach (Property property in Extra is null ? Properties : [.. Properties, Extra])
            {
                text.Append(separator).Append(property.Quoted).Append(':');
                property.Value.Write(text);
                separator = ",\n";
            }

            text.Append('}');
        }
    }
}
