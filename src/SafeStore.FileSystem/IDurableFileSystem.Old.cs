using System.IO;

namespace SafeStore.FileSystem;

/// <content>Verbs that the engine still calls; each goes when its last caller has gone.</content>
public partial interface IDurableFileSystem
{
    /// <summary>
    /// How many calls are worth being made at the same time, from that many threads, where a lot is to be done at once: the sweep at
    /// the opening of a store. By default 1: the engine then starts no thread, and the order of its calls is always the same.
    /// </summary>
    int CallsSideBySide => 1;

    /// <summary>As the verb that also opens it.</summary>
    /// <param name="parent">The directory to make it in.</param>
    /// <param name="name">Its name.</param>
    /// <param name="mode">Its permission bits.</param>
    Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode)
    {
        Errno errno = MakeDirectory(parent, name, mode, out DirectoryHandle? directory);
        directory?.Dispose();
        return errno;
    }

    /// <summary>
    /// Whether a path still leads to this open file: same device, same inode. A missing path is no error but the answer "no".
    /// (A link before the last component may be followed here, since all that comes of it is the comparison.)
    /// </summary>
    /// <param name="directory">Where the path starts.</param>
    /// <param name="path">A relative path.</param>
    /// <param name="file">The open file.</param>
    /// <param name="same">The answer, false unless the result is <see cref="Errno.None"/>.</param>
    Errno IsNameOf(DirectoryHandle directory, string path, FileHandle file, out bool same);

    /// <summary>Renames with <see cref="RenameKind.Replace"/>.</summary>
    /// <param name="sourceDirectory">Where the source is.</param>
    /// <param name="source">Its name.</param>
    /// <param name="targetDirectory">Where it goes, on the same filesystem.</param>
    /// <param name="target">Its new name.</param>
    Errno Rename(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        Rename(sourceDirectory, source, targetDirectory, target, RenameKind.Replace);

    /// <summary>Renames with <see cref="RenameKind.NoReplace"/>.</summary>
    /// <param name="sourceDirectory">Where the source is.</param>
    /// <param name="source">Its name.</param>
    /// <param name="targetDirectory">Where it goes, on the same filesystem.</param>
    /// <param name="target">Its new name.</param>
    Errno RenameNoReplace(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target) =>
        Rename(sourceDirectory, source, targetDirectory, target, RenameKind.NoReplace);

    /// <summary>Renames within one directory with <see cref="RenameKind.Exchange"/>.</summary>
    /// <param name="directory">The directory of both.</param>
    /// <param name="first">One name.</param>
    /// <param name="second">The other name.</param>
    Errno Exchange(DirectoryHandle directory, string first, string second) =>
        Rename(directory, first, directory, second, RenameKind.Exchange);

    /// <summary>Maps the first 64 bytes of a file, which must have them, for reading.</summary>
    /// <param name="file">The file. The view outlives the handle.</param>
    /// <param name="words">The view, null unless the result is <see cref="Errno.None"/>.</param>
    Errno MapWords(FileHandle file, out SharedWords? words);
}
