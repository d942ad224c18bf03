using System.IO;
using System.Linq;
using System.Text;
using SafeStore.Fuzzing;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>What the fuzzer has kept (docs/fuzzing.md).</summary>
public sealed class FuzzCorpusTests
{
    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(static target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Inputs_that_were_found_by_fuzzing_are_read_without_harm(string name)
    {
        IFuzzTarget target = FuzzTargets.All.Single(each => each.Name == name);
        (string Name, byte[] Input)[] kept = [.. new Corpus(Directory()).Read(target)];
        Assert.NotEmpty(kept);
        Assert.All(target.Seeds, seed => Assert.NotEmpty(target.Run(seed)));
        Assert.All(kept, each => Assert.NotEmpty(target.Run(each.Input)));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"format":1,"sandboxes":null}""")]
    [InlineData("""{"format":1,"sandboxes":[null]}""")]
    public void A_manifest_of_a_backup_that_is_JSON_and_no_manifest_is_reported(string manifest) =>
        Assert.NotEmpty(FuzzTargets.All.Single(static each => each.Name == "backup").Run(Encoding.UTF8.GetBytes(manifest)));

    private static string Directory()
    {
        DirectoryInfo at = new(System.AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "SafeStore.sln")))
        {
            at = at.Parent!;
        }

        return Path.Combine(at.FullName, "tests/data/fuzz");
    }
}
