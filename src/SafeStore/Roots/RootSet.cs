using System;
using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>The open roots of a store.</summary>
internal sealed class RootSet(RootDirectory config, RootDirectory run) : IDisposable
{
    /// <summary>The roots in the order in which a new sandbox appears in them: the one with the lock files first.</summary>
    public RootDirectory[] InOrderOfAppearance { get; } = [run, config];

    /// <summary>The roots in the order in which a removed sandbox leaves them: the one with the lock files last.</summary>
    public RootDirectory[] InOrderOfRemoval { get; } = [config, run];

    public RootDirectory Config => config;

    public RootDirectory Run => run;

    public RootDirectory this[StoreRoot root] => root == StoreRoot.Config ? config : run;

    public static RootSet Open(IDurableFileSystem fs, StoreLayout layout)
    {
        RootDirectory config = RootDirectory.Open(fs, layout, StoreRoot.Config);
        try
        {
            return new RootSet(config, RootDirectory.Open(fs, layout, StoreRoot.Run));
        }
        catch
        {
            config.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        config.Dispose();
        run.Dispose();
    }
}
