using System;
using System.Collections.Immutable;
using System.Threading.Tasks;

namespace SafeStore.Testing.Recipes;

/// <summary>A way to save several documents.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Text">How it saves, in a line.</param>
internal abstract record Recipe(string Name, string Text)
{
    /// <summary>The four that real runtimes use, and SafeStore.</summary>
    public static ImmutableArray<Recipe> All { get; } =
    [
        new FileRecipe("in place", "Each file is truncated and written.", FileSaving.InPlace),
        new FileRecipe("temp + rename", "Each file is written beside its place and renamed over it.", FileSaving.Rename),
        new FileRecipe("temp + fsync + rename", "The same, and each file is synced before it is renamed.", FileSaving.SyncAndRename),
        new FileRecipe(
            "… + directory sync", "The same, and its directory is synced after that, document by document.", FileSaving.SyncDirectoryToo),
        new StoreRecipe(),
    ];

    /// <summary>Saves the first version; the machine makes it durable afterwards.</summary>
    public abstract ValueTask PrepareAsync(SimulatedProcess process);

    /// <summary>Saves the other versions, one after the other: says which it begins, and which is saved.</summary>
    /// <param name="run">The run.</param>
    /// <param name="ready">To be called before the first of them.</param>
    public abstract ValueTask PerformAsync(CrashRun run, Action ready);

    /// <summary>What a program finds that starts after a crash, by this recipe's own way to recover.</summary>
    /// <exception cref="SafeStoreException">It does not start.</exception>
    /// <exception cref="CrashViolationException">It starts, and is not as it should be.</exception>
    public abstract ValueTask<Recovered> RecoverAsync(CrashState state);
}

/// <summary>What a program finds after a crash.</summary>
/// <param name="Documents">The text of each document that is there.</param>
/// <param name="Leftovers">The paths of files that are no documents.</param>
internal sealed record Recovered(ImmutableDictionary<string, string> Documents, ImmutableArray<string> Leftovers);
