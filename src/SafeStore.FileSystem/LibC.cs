using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

// Leaves out the assembly's own directory: fewer places to probe, and no libc can be planted next to it.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.System32)]

namespace SafeStore.FileSystem;

/// <summary>
/// Every native function that SafeStore calls, with the constants of x86-64 and arm64 Linux. The framework's own wrappers are not
/// used: they swallow fsync errors, take flocks of their own and turn a refused rename into a copy.
/// </summary>
internal static unsafe partial class LibC
{
    internal const int O_RDONLY = 0;
    internal const int O_RDWR = 0x2;
    internal const int O_CREAT = 0x40;
    internal const int O_EXCL = 0x80;
    internal const int O_NOCTTY = 0x100;
    internal const int O_NONBLOCK = 0x800;
    internal const int O_CLOEXEC = 0x80000;
    internal const int O_PATH = 0x200000;

    internal const ulong RESOLVE_NO_SYMLINKS = 0x4;
    internal const ulong RESOLVE_BENEATH = 0x8;

    internal const int AT_SYMLINK_NOFOLLOW = 0x100;
    internal const int AT_REMOVEDIR = 0x200;
    internal const int AT_NO_AUTOMOUNT = 0x800;
    internal const int AT_EMPTY_PATH = 0x1000;

    /// <summary>
    /// Type, mode, links, owner, inode, size and mount; the device is always there. No times: since Linux 6.13 a file whose times were
    /// asked for gets new ones, finer than the clock's tick, at its next write, and so do the files written after it
    /// (Documentation/filesystems/multigrain-ts.rst). A C program that asked for them of a file like the lock file, which each commit
    /// looks at and writes, had its next fdatasync 60-130 µs later.
    /// </summary>
    internal const uint STATX_WANTED = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100 | 0x200 | STATX_MNT_ID;

    internal const uint STATX_MNT_ID = 0x1000;

    /// <summary>The time of the last change (see above).</summary>
    internal const uint STATX_CTIME = 0x80;

    internal const uint RENAME_REPLACE = 0;
    internal const uint RENAME_NOREPLACE = 1;
    internal const uint RENAME_EXCHANGE = 2;

    internal const int SEEK_SET = 0;

    internal const int POSIX_FADV_RANDOM = 1;

    internal const int LOCK_SH = 1;
    internal const int LOCK_EX = 2;
    internal const int LOCK_NB = 4;
    internal const int LOCK_UN = 8;

    internal const int F_OFD_GETLK = 36;
    internal const int F_OFD_SETLK = 37;
    internal const short F_RDLCK = 0;
    internal const short F_WRLCK = 1;
    internal const short F_UNLCK = 2;

    internal const nuint FS_IOC_GETFLAGS = 0x80086601;
    internal const nuint FS_IOC_SETFLAGS = 0x40086602;
    internal const int FS_NOCOW_FL = 0x00800000;
    internal const nuint FS_IOC_FSGETXATTR = 0x801C581F;
    internal const nuint TIOCGWINSZ = 0x5413;
    internal const uint FS_XFLAG_PROJINHERIT = 0x200;

    internal const int SIGXFSZ = 25;

    internal const uint NO_CHANGE = uint.MaxValue;

    internal const int PROT_READ = 1;
    internal const int MAP_SHARED = 1;

    internal const int FUTEX_WAIT = 0;
    internal const int FUTEX_WAKE = 1;

    private static bool IsArm64 => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static int O_DIRECTORY => IsArm64 ? 0x4000 : 0x10000;

    internal static int O_NOFOLLOW => IsArm64 ? 0x8000 : 0x20000;

    internal static int O_DIRECT => IsArm64 ? 0x10000 : 0x4000;

    private static nint SYS_getdents64 => IsArm64 ? 61 : 217;

    private static nint SYS_renameat2 => IsArm64 ? 276 : 316;

    private static nint SYS_newfstatat => IsArm64 ? 79 : 262;

    private static nint SYS_statx => IsArm64 ? 291 : 332;

    private static nint SYS_openat2 => 437;

    private static nint SYS_setxattrat => 463;

    private static nint SYS_listxattrat => 465;

    private static nint SYS_futex => IsArm64 ? 98 : 202;

    /// <summary>
    /// The one place where errno is read and where EINTR is told apart: the condition of a do-while around a call. Only syncs are
    /// not repeated.
    /// </summary>
    internal static bool MustRepeat(nint result, out Errno errno)
    {
        errno = Error(result);
        return errno == Errno.Interrupted;
    }

    internal static Errno Error(nint result) => result < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;

    /// <summary>
    /// By getrandom(2): the class library's generator would load OpenSSL into the process for these few bytes (5 MiB, 10 ms). It takes over
    /// where the kernel refuses.
    /// </summary>
    internal static void FillRandom(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint filled;
            Errno errno;
            fixed (byte* start = bytes)
            {
                do
                {
                    filled = getrandom(start, (nuint)bytes.Length, 0);
                }
                while (MustRepeat(filled, out errno));
            }

            if (errno != Errno.None)
            {
                FillByLibrary(bytes);
                return;
            }

            bytes = bytes[(int)filled..];
        }
    }

    /// <summary>Apart, or the compiler would load the library for the method above: a megabyte.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FillByLibrary(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);

    internal static Errno StartWriteBack(Descriptor file)
    {
        const uint SYNC_FILE_RANGE_WRITE = 2;
        Errno errno = Error(sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE));

        // Not available (or a filter says so), or nothing was given up and the sync tries again: ENOMEM too, where ext4 keeps the data.
        return errno is Errno.NotImplemented or Errno.NotPermitted or Errno.Interrupted or Errno.NoMemory ? Errno.None : errno;
    }

    // These go through syscall(2): the C libraries got their wrappers late or not at all, the kernel's numbers are forever.
    internal static nint openat2(Descriptor directory, byte* path, OpenHow* how) =>
        syscall(SYS_openat2, directory, path, how, (nuint)sizeof(OpenHow));

    internal static nint statx(Descriptor directory, byte* path, int flags, uint wanted, StatX* status) =>
        syscall(SYS_statx, directory, path, flags, wanted, status);

    internal static nint statx(int directory, byte* path, int flags, uint wanted, StatX* status) =>
        syscall(SYS_statx, directory, path, flags, wanted, status);

    internal static nint newfstatat(Descriptor directory, byte* path, Stat* status, int flags) =>
        syscall(SYS_newfstatat, directory, path, status, flags);

    internal static nint newfstatat(int directory, byte* path, Stat* status, int flags) =>
        syscall(SYS_newfstatat, directory, path, status, flags);

    internal static nint renameat2(Descriptor source, byte* sourceName, Descriptor target, byte* targetName, uint flags) =>
        syscall(SYS_renameat2, source, sourceName, target, targetName, flags);

    internal static nint getdents64(Descriptor directory, byte* buffer, nuint size) => syscall(SYS_getdents64, directory, buffer, size);

    internal static nint setxattrat(Descriptor directory, byte* path, int flags, byte* name, XAttrArgs* value) =>
        syscall(SYS_setxattrat, directory, path, flags, name, value, (nuint)sizeof(XAttrArgs));

    internal static nint listxattrat(Descriptor directory, byte* path, int flags, byte* names, nuint size) =>
        syscall(SYS_listxattrat, directory, path, flags, names, size);

    internal static nint futex(uint* word, int operation, uint value, TimeSpec* timeout) =>
        syscall(SYS_futex, word, operation, value, timeout);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int open(byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getrandom(byte* bytes, nuint size, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int openat(Descriptor directory, byte* path, int flags, uint mode);

    [LibraryImport("libc")]
    internal static partial int close(nint descriptor);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int mkdirat(Descriptor directory, byte* name, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int unlinkat(Descriptor directory, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int renameat(Descriptor source, byte* sourceName, Descriptor target, byte* targetName);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fchmod(int file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fchmod(Descriptor file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fchown(int file, uint user, uint group);

    /// <summary>Of the calling thread; returns what it was before, whether the change was allowed or not.</summary>
    [LibraryImport("libc")]
    internal static partial uint setfsuid(uint user);

    /// <inheritdoc cref="setfsuid"/>
    [LibraryImport("libc")]
    internal static partial uint setfsgid(uint group);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pread(Descriptor file, byte* buffer, nuint size, long offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pread(int file, byte* buffer, nuint size, long offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pwrite(Descriptor file, byte* bytes, nuint size, long offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pwrite(int file, byte* bytes, nuint size, long offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint lseek(Descriptor file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fallocate(Descriptor file, int mode, long offset, long size);

    [LibraryImport("libc")]
    internal static partial int posix_fadvise(Descriptor file, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ftruncate(Descriptor file, long size);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fsync(Descriptor file);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int syncfs(Descriptor file);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fdatasync(Descriptor file);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int flock(Descriptor file, int operation);

    [LibraryImport("libc")]
    internal static partial int flock(nint file, int operation);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(Descriptor file, int command, FileLock* range);

    [LibraryImport("libc")]
    internal static partial int fcntl(nint file, int command, FileLock* range);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(Descriptor file, nuint request, int* value);

    [LibraryImport("libc")]
    internal static partial int ioctl(nint file, nuint request, WindowSize* size);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sigaction(int signal, SignalAction* action, SignalAction* before);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint mmap(nint address, nuint size, int protection, int flags, Descriptor file, long offset);

    [LibraryImport("libc")]
    internal static partial int munmap(nint address, nuint size);

    [LibraryImport("libc")]
    internal static partial int mlock(nint address, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint fgetxattr(Descriptor file, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fsetxattr(Descriptor file, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fremovexattr(Descriptor file, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint flistxattr(Descriptor file, byte* names, nuint size);

    [LibraryImport("libc")]
    internal static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fstatfs(Descriptor file, StatFs* status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sync_file_range(Descriptor file, long offset, long length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, Descriptor directory, byte* path, OpenHow* how, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, Descriptor directory, byte* path, nint flags, nuint mask, StatX* status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint directory, byte* path, nint flags, nuint mask, StatX* status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, Descriptor directory, byte* path, Stat* status, nint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint directory, byte* path, Stat* status, nint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(
        nint number, Descriptor source, byte* sourceName, Descriptor target, byte* targetName, nuint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, Descriptor directory, byte* path, nint flags, byte* names, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(
        nint number, Descriptor directory, byte* path, nint flags, byte* name, XAttrArgs* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, Descriptor directory, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, uint* word, nint operation, nuint value, TimeSpec* timeout);
}
