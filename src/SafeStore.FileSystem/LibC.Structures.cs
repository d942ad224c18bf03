using System.Runtime.InteropServices;

namespace SafeStore.FileSystem;

/// <content>The kernel's structures.</content>
internal static unsafe partial class LibC
{
    /// <summary>struct timespec.</summary>
    internal struct TimeSpec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }

    /// <summary>struct open_how.</summary>
    internal struct OpenHow
    {
        internal ulong Flags;
        internal ulong Mode;
        internal ulong Resolve;
    }

    /// <summary>struct xattr_args.</summary>
    internal struct XAttrArgs
    {
        internal ulong Value;
        internal uint Size;
        internal uint Flags;
    }

    /// <summary>struct statx, which is the same on every architecture; only what is used has a name.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal readonly struct StatX
    {
        [FieldOffset(0)]
        internal readonly uint Known;

        [FieldOffset(16)]
        internal readonly uint Links;

        [FieldOffset(20)]
        internal readonly uint User;

        [FieldOffset(24)]
        internal readonly uint Group;

        [FieldOffset(28)]
        internal readonly ushort Mode;

        [FieldOffset(32)]
        internal readonly ulong Inode;

        [FieldOffset(40)]
        internal readonly long Size;

        [FieldOffset(96)]
        internal readonly StatXTime Changed;

        [FieldOffset(136)]
        internal readonly uint DeviceMajor;

        [FieldOffset(140)]
        internal readonly uint DeviceMinor;

        [FieldOffset(144)]
        internal readonly ulong MountId;
    }

    /// <summary>struct stat, which differs between x86-64 and arm64 in its middle; only what is used has a name.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal readonly struct Stat
    {
        [FieldOffset(0)]
        internal readonly ulong Device;

        [FieldOffset(8)]
        internal readonly ulong Inode;

        [FieldOffset(16)]
        internal readonly StatOfX64 OnX64;

        [FieldOffset(16)]
        internal readonly StatOfArm64 OnArm64;

        [FieldOffset(48)]
        internal readonly long Size;

        [FieldOffset(104)]
        internal readonly TimeSpec Changed;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct StatOfX64
    {
        internal readonly ulong Links;
        internal readonly uint Mode;
        internal readonly uint User;
        internal readonly uint Group;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct StatOfArm64
    {
        internal readonly uint Mode;
        internal readonly uint Links;
        internal readonly uint User;
        internal readonly uint Group;
    }

    /// <summary>struct flock of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    internal struct FileLock
    {
        [FieldOffset(0)]
        internal short Kind;

        /// <summary>Where <see cref="Start"/> counts from: 0 is the file's start.</summary>
        [FieldOffset(2)]
        internal short Whence;

        [FieldOffset(8)]
        internal long Start;

        /// <summary>How many bytes; 0: all from there.</summary>
        [FieldOffset(16)]
        internal long Length;

        /// <summary>Must be 0 for locks of open file descriptions.</summary>
        [FieldOffset(24)]
        internal int Process;
    }

    /// <summary>struct fsxattr.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 28)]
    internal readonly struct FileAttributes
    {
        [FieldOffset(0)]
        internal readonly uint Flags;

        [FieldOffset(12)]
        internal readonly uint Project;
    }

    /// <summary>struct sigaction, of which the handler comes first; the size leaves room to spare.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct SignalAction
    {
        /// <summary>0: the default (SIG_DFL). 1: ignored (SIG_IGN).</summary>
        [FieldOffset(0)]
        internal nint Handler;
    }

    /// <summary>struct statx_timestamp.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    internal readonly struct StatXTime
    {
        internal readonly long Seconds;
        internal readonly uint Nanoseconds;
    }

    /// <summary>struct statfs of 64-bit Linux; only what is used has a name, and the size leaves room to spare.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal readonly struct StatFs
    {
        [FieldOffset(0)]
        internal readonly long Type;

        [FieldOffset(8)]
        internal readonly long BlockBytes;

        [FieldOffset(24)]
        internal readonly long FreeBlocks;

        [FieldOffset(32)]
        internal readonly long AvailableBlocks;

        /// <summary>0 where inodes are made as they are needed.</summary>
        [FieldOffset(40)]
        internal readonly long Inodes;

        [FieldOffset(48)]
        internal readonly long FreeInodes;
    }

    /// <summary>struct winsize.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct WindowSize
    {
        internal ushort Rows;
        internal ushort Columns;
        internal ushort Width;
        internal ushort Height;
    }
}
