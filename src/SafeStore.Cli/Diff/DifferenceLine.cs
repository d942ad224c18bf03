using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.Cli.Look;
using SafeStore.Operations;

namespace SafeStore.Cli.Diff;

/// <summary>What <c>diff --json</c> writes of a document or container that differs.</summary>
internal sealed record DifferenceLine(string Sandbox, string Other, DifferenceKind Difference)
{
    public required string? Container { get; init; }

    public required StoreRoot? Root { get; init; }

    public required string? File { get; init; }

    public required IReadOnlyList<ValueMember> Values { get; init; }

    public required string? Error { get; init; }

    public static DifferenceLine Of(SandboxDifference sandbox, DocumentDifference each) => new(sandbox.Left, sandbox.Right, each.Kind)
    {
        Container = each.Container,
        Root = each.Root,
        File = each.File,
        Values = [.. each.Values.Select(static value => new ValueMember(value.Place) { Left = value.Left, Right = value.Right })],
        Error = each.Error?.Message,
    };
}

/// <summary>A place at which values differ. What a side does not have is left out: its value may be null.</summary>
internal sealed record ValueMember(string Pointer)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Left { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Right { get; init; }
}

[JsonSerializable(typeof(DifferenceLine))]
internal sealed partial class DifferenceJson : JsonSerializerContext
{
    public static DifferenceJson Types { get; } = new(new JsonSerializerOptions(JsonOutput.Types.Options)
    {
        TypeInfoResolver = null,
        Converters = { new JsonStringEnumConverter<DifferenceKind>(JsonNamingPolicy.CamelCase) },
    });
}

/// <summary>A difference for eyes.</summary>
internal static class DifferenceText
{
    private const int CharactersMax = 60;

    public static IEnumerable<string> LinesOf(string sandbox, DocumentDifference difference, string right)
    {
        string name = difference.File is { } file ? new DocumentId(sandbox, difference.Container, difference.Root!.Value, file).ToString()
            : $"{sandbox}/{difference.Container}/";
        return difference.Kind switch
        {
            DifferenceKind.OnlyLeft => [$"{name}: not in {right}"],
            DifferenceKind.OnlyRight => [$"{name}: only in {right}"],
            DifferenceKind.Unreadable => [$"{name}: {difference.Error!.Message}"],
            _ => difference.Values.Select(value =>
                $"{name} {(value.Place.Length == 0 ? "(whole)" : value.Place)}: {Shown(value.Left)} -> {Shown(value.Right)}"),
        };
    }

    private static string Shown(JsonElement? value)
    {
        string text = value is { } json ? json.GetRawText().ReplaceLineEndings(" ") : "(nothing)";
        return text.Length <= CharactersMax ? text : string.Concat(text.AsSpan(0, CharactersMax), "...");
    }
}
