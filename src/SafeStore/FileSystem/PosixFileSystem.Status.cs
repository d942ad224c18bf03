using System;

namespace SafeStore.FileSystem;

/// <content>What is known of files without opening them.</content>
public sealed unsafe partial class PosixFileSystem
{
    /// <inheritdoc/>
    public string BootId => PseudoFile.Read("/proc/sys/kernel/random/boot_id").Trim();

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

    /// <inheritdoc/>
    public Errno Stamp(DirectoryHandle directory, ReadOnlySpan<char> path, out FileStamp stamp)
    {
        Descriptor descriptor = PosixDirectory.Of(directory).Descriptor;
        stamp = default;
        byte* text = stackalloc byte[NativeText.Capacity];
        Errno errno = NativeText.Path(path, text);
        return errno != Errno.None ? errno : PosixStatus.StampOfPath(descriptor, text, out stamp);
    }

    /// <inheritdoc/>
    public Errno Stamp(DirectoryHandle directory, out FileStamp stamp) =>
        PosixStatus.StampOfDescriptor(PosixDirectory.Of(directory).Descriptor, out stamp);

    /// <inheritdoc/>
    public Errno Stamp(FileHandle file, out FileStamp stamp) => PosixStatus.StampOfDescriptor(PosixFile.Of(file).Descriptor, out stamp);
}
