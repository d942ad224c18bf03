using System.Collections.Generic;
using SafeStore.Fuzzing.Targets;

namespace SafeStore.Fuzzing;

/// <summary>All targets.</summary>
public static class FuzzTargets
{
    private static readonly StoreImage s_image = new();

    /// <summary>All of them, in the order in which they are run.</summary>
    public static IReadOnlyList<IFuzzTarget> All { get; } =
    [
        new PayloadTarget(),
        Of("log", "/store/config/.safestore/log/0", Seals.Log),
        Of("words", "/store/run/.safestore/words", Seals.None),
        Of("lock-word", "/store/run/sb/lock", Seals.LockWord),
        Of("watermark", "/store/config/.safestore/watermark.0", Seals.Watermark),
        Of("run-watermark", "/store/run/.safestore/watermark.0", Seals.Watermark),
        Of("store", "/store/config/.safestore/store.json", Seals.None),
        Of("root", "/store/run/.safestore/root.json", Seals.None),
        Of("parked", "/store/config/.safestore/parked/odd", Seals.ParkedRecords),
        Of("document", "/store/run/sb/state.json", Seals.None),
        new BackupTarget(s_image),
    ];

    private static StoreFileTarget Of(string name, string path, System.Action<byte[]> seal) => new(name, s_image, path, seal);
}
