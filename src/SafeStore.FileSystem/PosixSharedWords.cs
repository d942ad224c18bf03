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
        using Use use = new(_mapping, index);
        ulong word = Volatile.Read(ref *use.Word);
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    public override void Wait(int index, ulong value, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        using Use use = new(_mapping, index);
        LibC.TimeSpec time =
            new()
            {
                Seconds = timeout.Ticks / TimeSpan.TicksPerSecond,
                Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick
            };
        uint expected = BitConverter.IsLittleEndian ? (uint)value : BinaryPrimitives.ReverseEndianness((uint)value);
        _ = LibC.futex(use.LowerHalf, LibC.FUTEX_WAIT, expected, &time); // whatever ended it, the caller looks again
    }

    public override void Wake(int index)
    {
        using Use use = new(_mapping, index);
        _ = LibC.futex(use.LowerHalf, LibC.FUTEX_WAKE, int.MaxValue, null);
    }

    protected override void Dispose(bool disposing) => _mapping.Dispose();

    /// <summary>Keeps the mapping while it is looked at.</summary>
    private readonly ref struct Use
    {
        private readonly Mapping _mapping;

        public Use(Mapping mapping, int index)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            bool held = false;
            mapping.DangerousAddRef(ref held); // or throws
            _mapping = mapping;
            Word = (ulong*)mapping.DangerousGetHandle() + index;
        }

        public ulong* Word { get; }

        public uint* LowerHalf => (uint*)Word + (BitConverter.IsLittleEndian ? 0 : 1);

        public void Dispose() => _mapping.DangerousRelease();
    }

    private sealed class Mapping : SafeHandleMinusOneIsInvalid
    {
        internal Mapping(nint address)
            : base(ownsHandle: true) => SetHandle(address);

        protected override bool ReleaseHandle() => LibC.munmap(handle, Size) == 0;
    }
}
