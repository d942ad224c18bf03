using System.Collections.Immutable;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Testing.Recipes;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>What <c>safestore torture --html</c> shows: the judge of what is found after a crash, and what each recipe comes to.</summary>
public sealed class RecipeTests
{
    private const string Ready = """{"state":"ready"}""";
    private const string Running = """{"state":"running"}""";

    public static TheoryData<string> Disks =>
        [.. PersistenceProfile.Gates.Where(static profile => !profile.IsVolatile).Select(static profile => profile.Name)];

    [Theory]
    [InlineData(Ready, Ready, Ready, 0, 1, nameof(Verdict.Whole))]
    [InlineData(Running, Running, Running, 0, 1, nameof(Verdict.Whole))]
    [InlineData(Running, Ready, Ready, 0, 1, nameof(Verdict.Half))]
    [InlineData(Running, Ready, Running, 1, 1, nameof(Verdict.Lost))]
    [InlineData(Running, Running, null, 1, 1, nameof(Verdict.Lost))]
    [InlineData(Running, Running, Running, 1, 2, nameof(Verdict.Whole))]
    [InlineData("", Ready, Ready, 0, 1, nameof(Verdict.Torn))]
    [InlineData("", Ready, null, 1, 1, nameof(Verdict.Torn))]
    [InlineData("""{"state":"ru""", Ready, Ready, 0, 1, nameof(Verdict.Torn))]
    public void What_is_found_is_whole_or_half_or_lost_or_torn(
        string sandbox, string web, string? db, int acknowledged, int begun, string verdict)
    {
        var found = ImmutableDictionary.CreateRange(
            new (string Path, string? Text)[] { ("state.json", sandbox), ("web/state.json", web), ("db/state.json", db) }
                .Where(static document => document.Text is not null)
                .Select(static document => new System.Collections.Generic.KeyValuePair<string, string>(document.Path, document.Text!)));

        ImmutableArray<FoundDocument> documents = SampleJudge.Compare(new Recovered(found, []), new Progress(begun, acknowledged));

        Assert.Equal(verdict, SampleJudge.Judge(documents).ToString());
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public async Task Each_recipe_but_SafeStore_leaves_a_change_half_made_or_worse(string disk)
    {
        PersistenceProfile profile = PersistenceProfile.Gates.Single(each => each.Name == disk);

        foreach (Recipe recipe in Recipe.All.Where(static recipe => recipe is FileRecipe))
        {
            RecipeStrip strip = await new RecipeExploration(recipe, profile, 1).RunAsync(
                static (_, _) => { }, TestContext.Current.CancellationToken);
            Assert.NotEqual(strip.Cells.Length, strip.CellsThatAre(Verdict.Whole));
            Assert.Equal(recipe is FileRecipe { Saving: FileSaving.SyncDirectoryToo }, strip.CellsThatAre(Verdict.Lost) == 0
                && strip.CellsThatAre(Verdict.Torn) == 0);
        }
    }
}
