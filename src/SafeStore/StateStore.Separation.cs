using System.Collections.Generic;

namespace SafeStore;

/// <content>For <c>safestore repair</c>.</content>
public sealed partial class StateStore
{
    /// <summary>Gives each sandbox whose lock file a copy of the store shares, by a hard link, a lock file of its own.</summary>
    /// <returns>Those that have got one.</returns>
    /// <exception cref="LockTimeoutException">A process holds one of those locks. Run it again when that has ended.</exception>
    /// <exception cref="StorageException">The operating system refused a call.</exception>
    internal IReadOnlyList<string> SeparateLockFiles()
    {
        using OpenLocks.Call use = _open.Use();
        return _engine.SeparateLockFiles();
    }
}
