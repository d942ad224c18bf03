using System.Collections.Generic;
using SafeStore.FileSystem;
using SafeStore.Roots;

namespace SafeStore.Commit;

/// <summary>A document's new bytes in a file of a scratch directory, and where they are to appear.</summary>
internal sealed record StagedFile(RootDirectory Root, string Name, DirectoryHandle Directory, DocumentPut Put, bool TargetExists);

/// <summary>A complete new directory, where it was built, and where it is to appear.</summary>
internal sealed record StagedDirectory(
    RootDirectory Root, DirectoryHandle Place, string Name, DirectoryHandle TargetParent, string Target, string? Container);

/// <summary>What has been staged for one sandbox, in the order in which it was made.</summary>
internal sealed class StagedPlan
{
    private List<StagedDirectory>? _directories;
    private List<(DirectoryHandle Parent, string Name)>? _madeDirectories;

    public List<StagedFile> Files { get; } = [];

    public IReadOnlyList<StagedDirectory> Directories => _directories ?? []; // most transactions have none

    /// <summary>Directories made at their final place because the sandbox or container exists in another root.</summary>
    public IReadOnlyList<(DirectoryHandle Parent, string Name)> MadeDirectories => _madeDirectories ?? [];

    /// <summary>How many of the directories have appeared at their targets.</summary>
    public int Appeared { get; set; }

    /// <summary>The directory of a new sandbox in the run root's new/, until it is filled.</summary>
    public DirectoryHandle? NewDirectory { get; set; }

    /// <summary>The lock file of a new sandbox, held exclusively since before it can be seen.</summary>
    public FileHandle? LockFile { get; set; }

    /// <summary>Closes what it holds open.</summary>
    public void Close()
    {
        NewDirectory?.Dispose();
        LockFile?.Dispose();
    }

    public void Add(StagedDirectory directory) => (_directories ??= []).Add(directory);

    public void AddMade(DirectoryHandle parent, string name) => (_madeDirectories ??= []).Add((parent, name));
}
