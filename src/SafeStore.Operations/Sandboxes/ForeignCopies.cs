using System.Collections.Generic;
using SafeStore.Operations.Backups;
using SafeStore.Roots;

namespace SafeStore.Operations.Sandboxes;

/// <summary>Copies of what is not the store's, made before a removal takes it, in a store that another object has open.</summary>
internal static class ForeignCopies
{
    /// <summary>Keeps what lies in a sandbox or container and is not the store's; durable on return.</summary>
    /// <returns>The quarantines; none if there is nothing.</returns>
    /// <exception cref="StorageException">Something could not be copied.</exception>
    public static IReadOnlyList<string> Keep(
        StoreLayout layout, StoreOptions options, string sandbox, string? container, string reason)
    {
        using (StoreView view = StoreView.Open(layout, options))
        {
            if (view.FindForeign(sandbox, container).Count == 0)
            {
                return [];
            }
        }

        using RootSet roots = RootSet.Open(options.FileSystemInUse, layout, options);
        using var kept = new KeptCopies(roots, options.TimeProvider.GetUtcNow(), reason);
        return kept.KeepForeign(sandbox, container);
    }
}
