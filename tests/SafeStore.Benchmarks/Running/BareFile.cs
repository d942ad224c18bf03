using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace SafeStore.Benchmarks.Running;

/// <summary>The least that reading a file can cost: open, read, close, into a buffer that is there already.</summary>
internal static partial class BareFile
{
    private const int CloseOnExec = 0x80000;

    /// <summary>A path as the kernel takes it.</summary>
    public static byte[] NativePath(string path) => Encoding.UTF8.GetBytes(path + '\0');

    public static int Read(ReadOnlySpan<byte> path, Span<byte> buffer)
    {
        int file = open(path, CloseOnExec);
        nint count = file < 0 ? -1 : read(file, buffer, buffer.Length);
        _ = close(file);
        return count < 0 ? throw new IOException($"cannot read {Encoding.UTF8.GetString(path)}") : (int)count;
    }

#pragma warning disable CA5392, SYSLIB1054, IDE1006 // libc's own names; the default search is right for libc
    [LibraryImport("libc")]
    private static partial int open(ReadOnlySpan<byte> path, int flags);

    [LibraryImport("libc")]
    private static partial nint read(int file, Span<byte> buffer, nint count);

    [LibraryImport("libc")]
    private static partial int close(int file);
#pragma warning restore CA5392, SYSLIB1054, IDE1006
}
