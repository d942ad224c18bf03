using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Verify;

/// <summary>
/// The documents without a stamp, told once for each root: a store that was adopted has many, and another program may have put one there.
/// </summary>
internal sealed class UnstampedDocuments(IDurableFileSystem fs, ViewedRoot[] roots)
{
    private readonly Dictionary<StoreRoot, (DocumentId First, int Count)> _found = [];

    public void Add(Look look)
    {
        foreach (DocumentId document in look.Unstamped)
        {
            _found[document.Root] = _found.TryGetValue(document.Root, out (DocumentId First, int Count) before)
                ? before with { Count = before.Count + 1 } : (document, 1);
        }
    }

    public IEnumerable<Finding> Find() => roots.Where(root => _found.ContainsKey(root.Root)).Select(root =>
    {
        (DocumentId first, int count) = _found[root.Root];
        string what = $"{(count == 1 ? "1 document has" : $"{count} documents have")} no stamp, '{first.RelativePath}' for instance";
        return (HasAttributes(root) ? FindingKind.Unstamped.At(root.Path, what)
            : FindingKind.NoStamps.At(root.Path, "the filesystem keeps no stamps")) with
        {
            Root = root.Root,
        };
    });

    private bool HasAttributes(ViewedRoot root) => root.Directory is not { } directory
        || fs.GetAttribute(directory, StampAttribute.Name, out _) is not (Errno.NotSupported or Errno.NotImplemented);
}
