using System;
using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>The format of a store: if any of its documents names another than this version's, nothing of it may be touched.</summary>
internal static class StoreFormat
{
    /// <summary>Looks at all documents in these metadata. One that is missing, damaged or hidden is left to those that need it.</summary>
    /// <param name="fs">The filesystem.</param>
    /// <param name="metadata">The roots' metadata; null for what cannot be opened.</param>
    /// <returns>The first that names another format; null if none does.</returns>
    public static StoreFormatException? FindOther(IDurableFileSystem fs, params ReadOnlySpan<DirectoryHandle?> metadata)
    {
        foreach (DirectoryHandle? each in metadata)
        {
            if (each is not null
                && (Find(() => StoreMetadata.ReadStore(fs, each)) ?? Find(() => StoreMetadata.ReadRoot(fs, each))) is { } other)
            {
                return other;
            }
        }

        return null;
    }

    private static StoreFormatException? Find(Func<object?> read)
    {
        try
        {
            _ = read();
            return null;
        }
        catch (StoreFormatException other)
        {
            return other;
        }
        catch (SafeStoreException)
        {
            return null;
        }
    }
}
