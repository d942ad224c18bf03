using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Operations.Comparing;
using SafeStore.Operations.Documents;
using SafeStore.Operations.Sandboxes;

namespace SafeStore.Operations;

/// <summary>
/// Documents in two directories, laid out as a store's roots are, whether they are a store or a copy, a backup, or another program's tree.
/// Dispose it to close the directories.
/// </summary>
public sealed class DocumentTree : IDisposable
{
    private readonly ViewedRoot[] _roots;

    private DocumentTree(StoreOptions options, ViewedRoot[] roots)
    {
        _roots = roots;
        Side = new ComparedSide(new SandboxLister(options.FileSystemInUse, roots), new DocumentFiles(options, roots));
    }

    internal ComparedSide Side { get; }

    /// <summary>Starts to look at a tree. One of its directories may be missing.</summary>
    /// <param name="layout">Where it lies. Its metadata is not looked at.</param>
    /// <param name="options">The filesystem and the limits; null for the default.</param>
    /// <exception cref="NotFoundException">Neither directory exists.</exception>
    /// <exception cref="StorageException">The operating system does not let one be looked at.</exception>
    public static DocumentTree Open(StoreLayout layout, StoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        using var owned = new OwnedParts();
        ViewedRoot[] roots =
        [
            owned.Add(ViewedRoot.Open(options.FileSystemInUse, layout, StoreRoot.Config)),
            owned.Add(ViewedRoot.Open(options.FileSystemInUse, layout, StoreRoot.Run)),
        ];
        SafeStoreException[] failures = [.. roots.Where(static root => root.Directory is null).Select(static root => root.Failure!)];
        if (failures.Length == roots.Length || failures.Any(static each => each is StorageException))
        {
            throw failures.FirstOrDefault(static each => each is StorageException)
                ?? new NotFoundException("tree", $"{layout.Config}' and '{layout.Run}", "Check the paths.");
        }

        owned.Disown();
        return new DocumentTree(options, roots);
    }

    /// <summary>The names of all directories that can be sandboxes, sorted.</summary>
    /// <exception cref="StorageException">A directory cannot be listed.</exception>
    public IReadOnlyList<string> ListSandboxes() => Side.Lister.ListNames();

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_roots, static root => root.Dispose());
}
