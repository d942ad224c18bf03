using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Operations.Status;

/// <summary>The documents that say which roots these are; what is wrong with one is told.</summary>
internal static class RootDocuments
{
    public static Dictionary<StoreRoot, RootDocument> Read(
        IDurableFileSystem fs, IReadOnlyList<ViewedRoot> roots, ProblemList problems)
    {
        var found = new Dictionary<StoreRoot, RootDocument>();
        foreach (ViewedRoot root in roots)
        {
            if (root.Metadata is not { } metadata)
            {
                continue;
            }

            string path = $"{metadata.Path}/{RootDocument.FileName}";
            try
            {
                if (StoreMetadata.ReadRoot(fs, metadata) is { } document)
                {
                    found.Add(root.Root, document);
                }
                else
                {
                    problems.Add("metadata", $"'{path}' is missing: the store was not made to its end, or the root was lost. "
                        + "Restore the root from a backup; an opening that may write says which it is.", path);
                }
            }
            catch (StoreFormatException)
            {
                // It is told, perhaps by another document of the store.
            }
            catch (SafeStoreException failure)
            {
                problems.Add(failure);
            }
        }

        return found;
    }
}
