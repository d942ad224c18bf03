using System;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace SafeStore.Testing.Disks;

/// <summary>The bytes of a file at one time. Never changed: a write makes another that shares the untouched pages.</summary>
internal sealed class FileContent
{
    public const int PageBytes = 4096;

    private readonly byte[]?[] _pages;

    private FileContent(byte[]?[] pages, long size) => (_pages, Size) = (pages, size);

    public static FileContent Empty { get; } = new([], 0);

    public long Size { get; }

    public static FileContent Of(ReadOnlySpan<byte> bytes) => Empty.Write(bytes, 0);

    public int Read(Span<byte> buffer, long offset)
    {
        int count = (int)Math.Clamp(Size - offset, 0, buffer.Length);
        for (int done = 0; done < count;)
        {
            (int page, int start) = At(offset + done);
            int length = Math.Min(count - done, PageBytes - start);
            Span<byte> target = buffer.Slice(done, length);
            if (page < _pages.Length && _pages[page] is { } bytes)
            {
                bytes.AsSpan(start, length).CopyTo(target);
            }
            else
            {
                target.Clear();
            }

            done += length;
        }

        return count;
    }

    public byte[] ToArray()
    {
        byte[] bytes = new byte[Size];
        _ = Read(bytes, 0);
        return bytes;
    }

    public FileContent Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty)
        {
            return this;
        }

        long end = offset + bytes.Length;
        byte[]?[] pages = new byte[]?[Math.Max(_pages.Length, (int)((end + PageBytes - 1) / PageBytes))];
        _pages.CopyTo(pages, 0);
        for (int done = 0; done < bytes.Length;)
        {
            (int page, int start) = At(offset + done);
            int length = Math.Min(bytes.Length - done, PageBytes - start);
            byte[] changed = pages[page] is { } old ? (byte[])old.Clone() : new byte[PageBytes];
            bytes.Slice(done, length).CopyTo(changed.AsSpan(start));
            pages[page] = changed;
            done += length;
        }

        return new FileContent(pages, Math.Max(Size, end));
    }

    public FileContent Resize(long size)
    {
        if (size >= Size)
        {
            return size == Size ? this : new FileContent(_pages, size);
        }

        (int page, int start) = At(size);
        byte[]?[] pages = _pages.AsSpan(0, Math.Min(_pages.Length, start == 0 ? page : page + 1)).ToArray();
        if (start != 0 && page < pages.Length && pages[page] is { } last)
        {
            // What was cut off must not come back when the file grows again.
            pages[page] = new byte[PageBytes];
            last.AsSpan(0, start).CopyTo(pages[page]);
        }

        return new FileContent(pages, size);
    }

    /// <summary>Adds what can be read to a hash. Pages of zeros, written or not, are left out: a log's segment is little else.</summary>
    public void AddTo(NonCryptographicHashAlgorithm hash)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        for (int page = 0; page < _pages.Length; page++)
        {
            if (_pages[page] is { } bytes && bytes.AsSpan().ContainsAnyExcept((byte)0))
            {
                BinaryPrimitives.WriteInt32LittleEndian(number, page);
                hash.Append(number);
                hash.Append(bytes);
            }
        }
    }

    private static (int Page, int Start) At(long offset) => ((int)(offset / PageBytes), (int)(offset % PageBytes));
}
