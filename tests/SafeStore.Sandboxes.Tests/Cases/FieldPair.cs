using System;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SafeStore.Sandboxes.Tests.Cases;

/// <summary>The seed's test data: a document that is none of the model's.</summary>
internal sealed record FieldPair(string Field1, string Field2)
{
    public const string Text = """{"Field1":"value1","Field2":"value2"}""";

    public static FieldPair Value { get; } = new("value1", "value2");

    public static DocumentKind<FieldPair> Kind { get; } =
        DocumentKind.OfSandbox(
        "testconfig.json", StoreRoot.Config, (JsonTypeInfo<FieldPair>)JsonSerializerOptions.Default.GetTypeInfo(typeof(FieldPair)));
}

/// <summary>What no encoder takes, as the seed's channel.</summary>
internal sealed record Unencodable(Action Channel)
{
    public static DocumentKind<Unencodable> Kind { get; } =
        DocumentKind.OfSandbox(
        "testconfig.json", StoreRoot.Config, (JsonTypeInfo<Unencodable>)JsonSerializerOptions.Default.GetTypeInfo(typeof(Unencodable)));
}
