using System;
using System.Collections.Generic;
using SafeStore.Diagnostics;
using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>The open roots of a store.</summary>
internal sealed class RootSet(IDurableFileSystem fs, RootDirectory config, RootDirectory run, TimeProvider clock) : IDisposable
{
    public IDurableFileSystem FileSystem => fs;

    /// <summary>The roots in the order in which a new sandbox appears in them: the one with the lock files first.</summary>
    public RootDirectory[] InOrderOfAppearance { get; } = [run, config];

    /// <summary>The roots in the order in which a removed sandbox leaves them: the one with the lock files last.</summary>
    public RootDirectory[] InOrderOfRemoval { get; } = [config, run];

    public RootDirectory Config => config;

    public RootDirectory Run => run;

    public RootDirectory this[StoreRoot root] => root == StoreRoot.Config ? config : run;

    /// <summary>When the recovery has ended that this process has made or joined, by the clock of files.</summary>
    public DateTimeOffset OpenSince { get; set; } = DateTimeOffset.MaxValue;

    /// <summary>Tells the time of stamps.</summary>
    public TimeProvider Clock => clock;

    /// <summary>Whether both outlive a power loss in the shape in which the filesystem has synced them.</summary>
    public bool AreJournaled => config.Traits.IsJournaled && run.Traits.IsJournaled;

    public static RootSet Open(IDurableFileSystem fs, StoreLayout layout, StoreOptions options) =>
        Open(fs, root => RootDirectory.Open(fs, layout, root, options), options.TimeProvider);

    /// <summary>Opens roots that exist, to look at them.</summary>
    public static RootSet OpenToLook(IDurableFileSystem fs, StoreLayout layout) =>
        Open(fs, root => RootDirectory.OpenToLook(fs, layout, root), TimeProvider.System);

    /// <summary>Takes this object's scratch directories; the caller holds the store open.</summary>
    /// <param name="events">Told of what could not be emptied.</param>
    public void TakeScratch(EngineEvents events)
    {
        foreach (RootDirectory root in InOrderOfRemoval)
        {
            var left = new List<FileStatus>();
            root.TakeScratch(left);
            if (left.Count > 0)
            {
                events.NotEmptied(root.Scratches.Path);
            }
        }
    }

    public void Dispose()
    {
        config.Dispose();
        run.Dispose();
    }

    private static RootSet Open(IDurableFileSystem fs, Func<StoreRoot, RootDirectory> open, TimeProvider clock)
    {
        RootDirectory config = open(StoreRoot.Config);
        try
        {
            return new RootSet(fs, config, open(StoreRoot.Run), clock);
        }
        catch
        {
            config.Dispose();
            throw;
        }
    }
}
