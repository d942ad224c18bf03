using System;
using System.Buffers.Binary;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace SafeStore.FileSystem;

/// <summary>The first words of a file, mapped. A read in progress keeps the mapping alive under a concurrent disposal.</summary>
internal sealed unsafe class PosixSharedWords : SharedWords
{
    internal const int Count = 8;
    private const nuint Size = Count * sizeof(ulong);

    private readonly Mapping _mapping;

    private PosixSharedWords(Mapping mapping) => _mapping = mapping;

    /// <summary>
    /// Maps the file, if it has the bytes: touching a page behind its end would kill the process (SIGBUS). For the same reason a
    /// mapped file must never be truncated.
    /// </summary>
    internal static Errno Map(Descriptor file, out SharedWords? words)
    {
        words = null;
        Errno errno = PosixStatus.OfDescriptor(file, out FileStatus status);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (status.Size < (long)Size)
        {
            return Errno.Invalid;
        }

        nint address;
        do
        {
            address = LibC.mmap(0, Size, LibC.PROT_READ, LibC.MAP_SHARED, file, 0);
        }
        while (LibC.MustRepeat(address, out errno));

        if (errno != Errno.None)
        {
            return errno;
        }

        // Locking only saves page faults under memory pressure; a limit (RLIMIT_MEMLOCK) may refuse it.
        _ = LibC.mlock(address, Size);
        words = new PosixSharedWords(new Mapping(address));
        return Errno.None;
    }

    public override ulong Read(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        bool held = false;
        try
        {
            _mapping.DangerousAddRef(ref held);
            ulong word = Volatile.Read(ref ((ulong*)_mapping.DangerousGetHandle())[index]);
            return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
        }
        finally
        {
            if (held)
            {
                _mapping.DangerousRelease();
            }
        }
    }

    protected override void Dispose(bool disposing) => _mapping.Dispose();

    private sealed class Mapping : SafeHandleMinusOneIsInvalid
    {
        internal Mapping(nint address)
            : base(ownsHandle: true) => SetHandle(address);

        protected override bool ReleaseHandle() => LibC.munmap(handle, Size) == 0;
    }
}
