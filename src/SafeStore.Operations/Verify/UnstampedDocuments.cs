using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Verify;

/// <summary>
/// The documents without a stamp. A store that was adopted, or copied without attributes, has many: they are told once for each root. One
/// that was written since the root has stamps is another program's: an editor's, for instance, that has replaced the file.
/// </summary>
internal sealed class UnstampedDocuments(IDurableFileSystem fs, ViewedRoot[] roots)
{
    private readonly List<(DocumentId Document, DateTime Written)> _unstamped = [];
    private readonly Dictionary<StoreRoot, DateTimeOffset> _since = [];

    public void Add(Look look)
    {
        _unstamped.AddRange(look.Unstamped);
        foreach ((DocumentId document, DocumentStamp stamp) in look.Stamped)
        {
            _since[document.Root] = _since.TryGetValue(document.Root, out DateTimeOffset since) && since < stamp.Time ? since : stamp.Time;
        }
    }

    public IEnumerable<Finding> Find()
    {
        foreach (ViewedRoot root in roots)
        {
            ILookup<bool, DocumentId> isEdited = _unstamped.Where(each => each.Document.Root == root.Root).ToLookup(
                each => _since.TryGetValue(root.Root, out DateTimeOffset since) && each.Written > since.UtcDateTime,
                static each => each.Document);
            foreach (DocumentId document in isEdited[true])
            {
                yield return FindingKind.Edited.At(
                    $"{root.Path}/{document.RelativePath}", "it has no stamp, and is newer than the first stamp in its root: another "
                    + "program has put it there, or one that had no room or right for a stamp") with
                {
                    Root = root.Root,
                    Sandbox = document.Sandbox,
                    Document = document,
                };
            }

            if (isEdited[false].FirstOrDefault() is { } first)
            {
                yield return FindOf(root, first, isEdited[false].Count());
            }
        }
    }

    private Finding FindOf(ViewedRoot root, DocumentId first, int count)
    {
        string what = $"{(count == 1 ? "1 document has" : $"{count} documents have")} no stamp, '{first.RelativePath}' for instance";
        return (HasAttributes(root) ? FindingKind.Unstamped.At(root.Path, what)
            : FindingKind.NoStamps.At(root.Path, "the filesystem keeps no stamps")) with
        {
            Root = root.Root,
        };
    }

    private bool HasAttributes(ViewedRoot root) => root.Directory is not { } directory
        || fs.GetAttribute(directory, StampAttribute.Name, out _) is not (Errno.NotSupported or Errno.NotImplemented);
}
