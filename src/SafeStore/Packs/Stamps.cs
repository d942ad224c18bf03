using System;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Packs;

/// <summary>Looks whether what a pack holds is as it was, by the present stamps.</summary>
internal sealed class Stamps(IDurableFileSystem fs, RootSet roots)
{
    /// <summary>Whether no sandbox has come or gone: a root's own stamp is that of the names in it.</summary>
    public bool AreListedAs(in FileStamp? config, in FileStamp? run) => IsListedAs(roots.Config, config) && IsListedAs(roots.Run, run);

    /// <summary>Whether everything of a sandbox is as it was packed: no name has come or gone, and no document has changed.</summary>
    public bool AreOf(string sandbox, PackedSandbox packed)
    {
        foreach (PackedDirectory directory in packed.Directories)
        {
            if (!IsAsItWas(sandbox, directory))
            {
                return false;
            }
        }

        foreach (PackedDocument document in packed.Documents)
        {
            if (!IsAsItWas(document))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsListedAs(RootDirectory root, in FileStamp? stamp) =>
        stamp is { } known && fs.Stamp(root.Directory, out FileStamp now) == Errno.None && now == known;

    private bool IsAsItWas(string sandbox, PackedDirectory directory)
    {
        ReadOnlySpan<char> path = directory.Container is null ? sandbox : $"{sandbox}/{directory.Container}";
        Errno errno = fs.Stamp(roots[directory.Root].Directory, path, out FileStamp now);
        return directory.Stamp is { } known ? errno == Errno.None && now == known : errno == Errno.NotFound;
    }

    private bool IsAsItWas(PackedDocument document)
    {
        Span<char> path = stackalloc char[DocumentAddress.PathCharactersMax];
        path = path[..document.Id.Address.WritePath(path)];
        return fs.Stamp(roots[document.Id.Root].Directory, path, out FileStamp now) == Errno.None && now == document.Stamp;
    }
}
