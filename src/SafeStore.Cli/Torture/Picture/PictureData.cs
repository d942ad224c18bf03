using System.Collections.Immutable;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.Testing.Recipes;

namespace SafeStore.Cli.Torture.Picture;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImmutableArray<RecipeData>))]
internal sealed partial class PictureJson : JsonSerializerContext;

/// <summary>What a click on a cell shows, as the page's script reads it.</summary>
internal sealed record RecipeData(string Name, ImmutableArray<CellData> Cells)
{
    /// <summary>The recipes as JSON that may stand in a script element: the encoder leaves no &lt; as it is.</summary>
    public static string ToJson(ImmutableArray<RecipeStrip> strips) =>
        JsonSerializer.Serialize([.. strips.Select(Of)], PictureJson.Default.ImmutableArrayRecipeData);

    private static RecipeData Of(RecipeStrip strip) => new(strip.Recipe.Name, [.. strip.Cells.Select(CellData.Of)]);
}

/// <summary>A cell.</summary>
internal sealed record CellData(string Call, int States, ImmutableArray<FindData> Finds)
{
    public static CellData Of(RecipeCell cell) => new(CallText.Of(cell.Call), cell.States, [.. cell.Finds.Select(FindData.Of)]);
}

/// <summary>What is found in some of a cell's states.</summary>
internal sealed record FindData(
    Verdict Verdict, int States, string Crash, ImmutableArray<string> Lost, ImmutableArray<DocumentData> Documents, string? Failure,
    ImmutableArray<string> Leftovers)
{
    public static FindData Of(RecipeFind find) => new(
        find.Verdict,
        find.States,
        find.Crash.Kind,
        [.. find.Crash.Lost.Select(CallText.Shortened)],
        [.. find.Documents.Select(static document => new DocumentData(document.Path, Printable(document.Text), document.Condition))],
        find.Failure,
        find.Leftovers);

    /// <summary>Bytes that are no text as dots.</summary>
    private static string? Printable(string? text) =>
        text is null ? null : string.Concat(text.Select(static character => character is >= ' ' and <= '~' ? character : '·'));
}

/// <summary>A document as it is found.</summary>
internal sealed record DocumentData(string Path, string? Text, DocumentCondition Condition);
