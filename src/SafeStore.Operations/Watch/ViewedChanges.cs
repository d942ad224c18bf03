using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using SafeStore.Changes;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Watch;

/// <summary>The changes of a store that is looked at.</summary>
internal sealed class ViewedChanges(StoreOptions options, ViewedRoot[] roots)
{
    public async IAsyncEnumerable<StoreChange> WatchAsync(Lsn? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var looked = new LookedChanges(options, Opened(roots[0]), Opened(roots[1]));
        using var changes = new ChangeReader(looked, StoreWatching.Checked(from));
        while (true)
        {
            yield return StoreChange.Of(await changes.NextAsync(cancellation).ConfigureAwait(false));
        }
    }

    private static (DirectoryHandle Root, DirectoryHandle Metadata) Opened(ViewedRoot root) =>
        (root.Directory ?? throw root.Failure!, root.Metadata ?? throw root.Failure!);
}
