using System;
using System.Numerics;
using System.Runtime.InteropServices;
using SafeStore.FileSystem;

namespace SafeStore.Log;

/// <summary>
/// Memory for one batch at a time, at an address from which the disk can read it without a copy. Kept for the next batch unless it was a
/// large one.
/// </summary>
internal sealed class AlignedBuffer
{
    private const int BytesMin = 64 * 1024;
    // a batch of many writers; pinned memory that is not kept costs a collection of all generations now and then
    private const int KeptBytesMax = 1024 * 1024;

    private byte[] _kept = [];

    /// <summary>So many bytes, with whatever is in them; valid until the next call.</summary>
    public Span<byte> Take(int bytes)
    {
        int needed = bytes + IDurableFileSystem.DirectBytes;
        byte[] array = _kept;
        if (array.Length < needed)
        {
            bool isKept = needed <= KeptBytesMax;
            int size = isKept ? Math.Max(BytesMin, (int)BitOperations.RoundUpToPowerOf2((uint)needed)) : needed;
            array = GC.AllocateUninitializedArray<byte>(size, pinned: true);
            _kept = isKept ? array : _kept;
        }

        long address = Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
        return array.AsSpan((int)(RecordFormat.AlignUp(address, IDurableFileSystem.DirectBytes) - address), bytes);
    }
}
