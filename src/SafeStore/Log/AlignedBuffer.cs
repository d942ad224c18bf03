using System;
using System.Runtime.InteropServices;
using SafeStore.FileSystem;

namespace SafeStore.Log;

/// <summary>Memory for one batch at a time, at an address from which the disk can read it without a copy. Kept for the next batch unless it was a large one.</summary>
internal sealed class AlignedBuffer
{
    private const int KeptBytesMax = 64 * 1024;

    private byte[] _kept = [];

    /// <summary>So many bytes, with whatever is in them; valid until the next call.</summary>
    public Span<byte> Take(int bytes)
    {
        int needed = bytes + IDurableFileSystem.DirectBytes;
        byte[] array = _kept.Length >= needed ? _kept : GC.AllocateUninitializedArray<byte>(Math.Max(needed, KeptBytesMax), pinned: true);
        if (array.Length <= KeptBytesMax)
        {
            _kept = array;
        }

        long address = Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
        return array.AsSpan((int)(RecordFormat.AlignUp(address, IDurableFileSystem.DirectBytes) - address), bytes);
    }
}
