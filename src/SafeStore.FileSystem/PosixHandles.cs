using System;
using System.Globalization;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace SafeStore.FileSystem;

/// <summary>An open file description. Calls in progress on other threads hold it open, so its number is never reused under them.</summary>
internal sealed class Descriptor : SafeHandleMinusOneIsInvalid
{
    internal Descriptor(nint number)
        : base(ownsHandle: true) => SetHandle(number);

    /// <summary>Whether a lock of the whole may be held through it.</summary>
    internal bool MayHoldWhole { get; set; }

    /// <summary>Whether a lock of a byte may be held through it.</summary>
    internal bool MayHoldByte { get; set; }

    /// <summary>The descriptor of any handle.</summary>
    internal static Descriptor Of(Handle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return handle switch
        {
            PosixFile file => file.Descriptor,
            PosixDirectory directory => directory.Descriptor,
            _ => throw new ArgumentException("The handle belongs to another filesystem.", nameof(handle)),
        };
    }

    /// <summary>Errors of close are of no use: what had to be durable was synced before, and the number is free in any case.</summary>
    protected override bool ReleaseHandle()
    {
        // A child between its fork and its exec has the descriptor too, and a close here would leave the locks to it.
        if (MayHoldWhole)
        {
            PosixLocking.ReleaseWhole(handle);
        }

        if (MayHoldByte)
        {
            PosixLocking.ReleaseBytes(handle);
        }

        return LibC.close(handle) == 0;
    }
}

/// <summary>An open directory.</summary>
internal sealed class PosixDirectory(Descriptor descriptor, PosixDirectory? parent, string path) : DirectoryHandle
{
    private int _isListed;
    private FileSystemKind _kind;

    public override string Path => Join(parent, path);

    internal Descriptor Descriptor { get; } = descriptor;

    /// <summary>Whether the descriptor's position is the caller's, until <see cref="EndListing"/>.</summary>
    internal bool TryBeginListing() => Interlocked.Exchange(ref _isListed, 1) == 0;

    /// <summary>Asked of the kernel once: a directory never changes its filesystem.</summary>
    internal bool IsOnBtrfs()
    {
        if (_kind == FileSystemKind.Unknown)
        {
            _kind = PosixTraits.IsBtrfs(Descriptor) ? FileSystemKind.Btrfs : FileSystemKind.Other;
        }

        return _kind == FileSystemKind.Btrfs;
    }

    /// <summary>Its path without links, as the kernel tells it now; empty if it does not.</summary>
    internal static string RealPathOf(DirectoryHandle directory) => PseudoFile.WholeLinkTarget(
        string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{Of(directory).Descriptor.DangerousGetHandle()}"));

    internal void EndListing() => Volatile.Write(ref _isListed, 0);

    /// <summary>Paths serve messages only, so they are joined when asked for, not at each open.</summary>
    internal static string Join(PosixDirectory? parent, string path) => parent is null ? path : $"{parent.Path.TrimEnd('/')}/{path}";

    internal static PosixDirectory Of(DirectoryHandle directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        return directory as PosixDirectory ?? throw new ArgumentException("The handle belongs to another filesystem.", nameof(directory));
    }

    protected override void Dispose(bool disposing) => Descriptor.Dispose();

    private enum FileSystemKind
    {
        Unknown,
        Btrfs,
        Other,
    }
}

/// <summary>An open file.</summary>
internal sealed class PosixFile(Descriptor descriptor, PosixDirectory parent, string path) : FileHandle
{
    public override string Path => PosixDirectory.Join(parent, path);

    internal Descriptor Descriptor { get; } = descriptor;

    internal static PosixFile Of(FileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file as PosixFile ?? throw new ArgumentException("The handle belongs to another filesystem.", nameof(file));
    }

    protected override void Dispose(bool disposing) => Descriptor.Dispose();
}
