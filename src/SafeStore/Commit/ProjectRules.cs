using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>
/// A directory that hands a project id down takes nothing of another project. Found out before the append: what is durable could not be
/// published.
/// </summary>
internal sealed class ProjectRules(IDurableFileSystem fs)
{
    /// <summary>Looks whether what is staged can appear in a directory.</summary>
    /// <exception cref="StorageException">It cannot (EXDEV).</exception>
    public void CheckPublishing(RootDirectory root, DirectoryHandle directory)
    {
        (uint project, bool isHandedDown) = fs.ProjectOf(directory);
        if (isHandedDown && project != root.StagedProject)
        {
            throw new StorageException("publish into a directory of a project of its own", directory.Path, Errno.CrossDevice);
        }
    }

    /// <summary>Looks whether a directory below a root can be taken aside; one that does not exist can.</summary>
    /// <exception cref="StorageException">It cannot (EXDEV).</exception>
    public void CheckRemoval(RootDirectory root, string path)
    {
        (uint scratch, bool isHandedDown) = fs.ProjectOf(root.Scratch.Directory);
        if (isHandedDown && fs.OpenDirectory(root.Directory, path, out DirectoryHandle? directory) == Errno.None)
        {
            using (directory)
            {
                if (fs.ProjectOf(directory!).Id != scratch)
                {
                    throw new StorageException("take aside a directory of another project", directory!.Path, Errno.CrossDevice);
                }
            }
        }
    }
}
