namespace SafeStore.FileSystem;

/// <content>What is known of files without opening them.</content>
public sealed unsafe partial class PosixFileSystem
{
    /// <inheritdoc/>
    public Errno Stat(DirectoryHandle directory, string name, out FileStatus status)
    {
        Descriptor descriptor = PosixDirectory.Of(directory).Descriptor;
        status = default;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Name(name, text);
        return errno != Errno.None ? errno : PosixStatus.OfPath(descriptor, text, out status);
    }

    /// <inheritdoc/>
    public Errno Stat(DirectoryHandle directory, out FileStatus status) =>
        PosixStatus.OfDescriptor(PosixDirectory.Of(directory).Descriptor, out status);

    /// <inheritdoc/>
    public Errno Stat(FileHandle file, out FileStatus status) => PosixStatus.OfDescriptor(PosixFile.Of(file).Descriptor, out status);

}
