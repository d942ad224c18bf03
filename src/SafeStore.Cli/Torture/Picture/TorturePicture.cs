using System.Collections.Immutable;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Testing;
using SafeStore.Testing.Recipes;

namespace SafeStore.Cli.Torture.Picture;

/// <summary><c>safestore torture --html</c>: sets SafeStore beside other ways to save, call by call.</summary>
internal static class TorturePicture
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Explores all recipes and writes the report; a file that is there is replaced by it as a whole.</summary>
    public static async Task<int> WriteAsync(string file, PersistenceProfile profile, ulong seed, CancellationToken stop)
    {
        string path = Path.GetFullPath(file);
        ThrowIfNoPlace(path);
        var strips = ImmutableArray.CreateBuilder<RecipeStrip>();
        using var line = new ProgressLine();
        foreach (Recipe recipe in Recipe.All)
        {
            var exploration = new RecipeExploration(recipe, profile, seed);
            strips.Add(await exploration.RunAsync((done, all) => line.Show($"{recipe.Name}: {done} of {all} calls"), stop));
        }

        string page = new PicturePage(strips.ToImmutable(), profile, seed).ToString();
        new AtomicFile(new PosixFileSystem()) { Mode = ReadableByAll }.Write(path, Encoding.UTF8.GetBytes(page));
        return ExitCode.Ok;
    }

    /// <summary>Before the long work.</summary>
    private static void ThrowIfNoPlace(string path)
    {
        if (Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new CommandException(
                $"The page cannot be written to '{path}': there is no such directory, or that is one. Make it, or name a file in another.");
        }
    }
}
