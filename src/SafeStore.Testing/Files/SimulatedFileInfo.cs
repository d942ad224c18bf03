using System;
using System.IO;
using System.IO.Abstractions;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>FileInfo.</summary>
internal sealed class SimulatedFileInfo(SimulatedFiles files, string originalPath, string fullPath)
    : SimulatedInfo(files, originalPath, fullPath), IFileInfo
{
    public override string Name => LinuxPath.GetFileName(OriginalPath);

    public override bool Exists => State is { Exists: true, IsDirectory: false };

    public long Length
    {
        get
        {
            PathState state = Checked();
            return state is { Exists: true, IsDirectory: false } ? state.Node.Status.Size : throw IoError.FileNotFound(FullPath);
        }
    }

    public string? DirectoryName => LinuxPath.GetDirectoryName(FullPath);

    public IDirectoryInfo? Directory => DirectoryName is { } name ? Files.DirectoryInfo.New(name) : null;

    public bool IsReadOnly
    {
        get => (Attributes & FileAttributes.ReadOnly) != 0;
        set => Attributes = value ? Attributes | FileAttributes.ReadOnly : Attributes & ~FileAttributes.ReadOnly;
    }

    public StreamWriter AppendText()
    {
        StreamWriter writer = Files.File.AppendText(FullPath);
        Forget();
        return writer;
    }

    public IFileInfo CopyTo(string destFileName) => CopyTo(destFileName, overwrite: false);

    public IFileInfo CopyTo(string destFileName, bool overwrite)
    {
        string target = Files.Absolute(destFileName);
        Files.Changes.Copy(FullPath, target, overwrite);
        return new SimulatedFileInfo(Files, target, target);
    }

    public FileSystemStream Create()
    {
        FileSystemStream stream = Files.File.Create(FullPath);
        Forget();
        return stream;
    }

    public StreamWriter CreateText()
    {
        StreamWriter writer = Files.File.CreateText(FullPath);
        Forget();
        return writer;
    }

    public void Decrypt() => throw Unsupported.Member(nameof(IFileInfo), nameof(Decrypt));

    public override void Delete()
    {
        Files.Changes.Delete(FullPath);
        Forget();
    }

    public void Encrypt() => throw Unsupported.Member(nameof(IFileInfo), nameof(Encrypt));

    public void MoveTo(string destFileName) => MoveTo(destFileName, overwrite: false);

    public void MoveTo(string destFileName, bool overwrite)
    {
        string target = Files.Absolute(destFileName);
        if (!Files.IsDirectory(DirectoryName))
        {
            throw IoError.DirectoryNotFound(FullPath);
        }

        if (!Exists)
        {
            throw IoError.FileNotFound(FullPath);
        }

        Files.Changes.Move(FullPath, target, overwrite);
        FullPath = target;
        OriginalPath = destFileName;
        Forget();
    }

    public FileSystemStream Open(FileMode mode) => Files.File.Open(FullPath, mode);

    public FileSystemStream Open(FileMode mode, FileAccess access) => Files.File.Open(FullPath, mode, access);

    public FileSystemStream Open(FileMode mode, FileAccess access, FileShare share) => Files.File.Open(FullPath, mode, access, share);

    public FileSystemStream Open(FileStreamOptions options) => Files.File.Open(FullPath, options);

    public FileSystemStream OpenRead() => Files.File.OpenRead(FullPath);

    public StreamReader OpenText() => Files.File.OpenText(FullPath);

    public FileSystemStream OpenWrite() => Files.File.OpenWrite(FullPath);

    public IFileInfo Replace(string destinationFileName, string? destinationBackupFileName) =>
        Replace(destinationFileName, destinationBackupFileName, ignoreMetadataErrors: false);

    public IFileInfo Replace(string destinationFileName, string? destinationBackupFileName, bool ignoreMetadataErrors)
    {
        Files.File.Replace(FullPath, destinationFileName, destinationBackupFileName, ignoreMetadataErrors);
        return Files.FileInfo.New(destinationFileName);
    }
}

/// <summary>Makes <see cref="SimulatedFileInfo"/>.</summary>
internal sealed class SimulatedFileInfoFactory(SimulatedFiles files) : IFileInfoFactory
{
    public IFileSystem FileSystem => files;

    public IFileInfo New(string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        return new SimulatedFileInfo(files, fileName, files.Absolute(fileName));
    }

    public IFileInfo? Wrap(FileInfo? fileInfo) =>
        fileInfo is null ? null : throw Unsupported.Member(nameof(IFileInfoFactory), nameof(Wrap));
}
