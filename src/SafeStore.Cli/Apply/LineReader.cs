using System;
using System.Buffers;
using System.IO;
using System.IO.Pipelines;
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
    private readonly PipeReader _input = PipeReader.Create(input, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
    private long _scanned;
    private bool _isSkipping;
    private long _number;

    /// <summary>The next line; null at the end. A last line without a line feed counts.</summary>
    public async ValueTask<InputLine?> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            // A read of a pipe cannot be cancelled: at the end of the process it is simply left behind.
            ReadResult read = await _input.ReadAsync(CancellationToken.None).AsTask().WaitAsync(cancellation);
            ReadOnlySequence<byte> bytes = read.Buffer;
            if (bytes.Slice(_scanned).PositionOf((byte)'\n') is { } end)
            {
                return Take(bytes.Slice(0, end), next: bytes.GetPosition(1, end));
            }

            if (read.IsCompleted)
            {
                return bytes.IsEmpty && !_isSkipping ? null : Take(bytes, next: bytes.End);
            }

            _isSkipping |= bytes.Length > lineBytesMax;
            _scanned = _isSkipping ? 0 : bytes.Length;
            _input.AdvanceTo(_isSkipping ? bytes.End : bytes.Start, bytes.End);
        }
    }

    private InputLine Take(ReadOnlySequence<byte> line, SequencePosition next)
    {
        bool isTooLong = _isSkipping || line.Length > lineBytesMax;
        byte[] bytes = isTooLong ? [] : line.ToArray();
        _isSkipping = false;
        _scanned = 0;
        _input.AdvanceTo(next);
        return new InputLine(++_number, bytes, isTooLong);
    }
}
