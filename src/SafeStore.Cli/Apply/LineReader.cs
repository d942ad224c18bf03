using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Cli.Apply;

/// <summary>A line of the input without its line feed.</summary>
/// <param name="Number">Its number, from 1, blank lines counted.</param>
/// <param name="Bytes">The bytes, a copy of its own; empty if it is too long.</param>
/// <param name="IsTooLong">It was longer than the limit and has been skipped.</param>
internal sealed record InputLine(long Number, ReadOnlyMemory<byte> Bytes, bool IsTooLong)
{
    public bool IsBlank => !IsTooLong && Bytes.Span.IndexOfAnyExcept(" \t\r"u8) < 0;
}

/// <summary>Splits a stream into lines; holds no more than one line of at most the limit.</summary>
internal sealed class LineReader(Stream input, int lineBytesMax)
{
    private const int FirstBytes = 64 * 1024;

    private byte[] _buffer = new byte[FirstBytes];
    private int _start;
    private int _scanned;
    private int _end;
    private bool _isSkipping;
    private bool _hasEnded;
    private long _number;

    /// <summary>The next line; null at the end. A last line without a line feed counts.</summary>
    public async ValueTask<InputLine?> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            int length = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
            if (length >= 0)
            {
                return Take(_scanned + length, next: _scanned + length + 1);
            }

            _scanned = _end;
            if (_hasEnded)
            {
                return _end > _start || _isSkipping ? Take(_end, next: _end) : null;
            }

            MakeRoom();

            // A read of a pipe cannot be cancelled: at the end of the process it is simply left behind.
            int count = await input.ReadAsync(_buffer.AsMemory(_end), CancellationToken.None).AsTask().WaitAsync(cancellation);
            _hasEnded = count == 0;
            _end += count;
        }
    }

    private InputLine Take(int end, int next)
    {
        bool isTooLong = _isSkipping || end - _start > lineBytesMax;
        byte[] bytes = isTooLong ? [] : _buffer.AsSpan(_start, end - _start).ToArray();
        _isSkipping = false;
        _start = next;
        _scanned = next;
        return new InputLine(++_number, bytes, isTooLong);
    }

    private void MakeRoom()
    {
        if (_end - _start > lineBytesMax)
        {
            _isSkipping = true;
            _start = _end;
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _scanned -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
    }
}
