using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>
/// An open file. Nothing is buffered: each write is a write of the seam, so that what the simulated kernel holds is what the program
/// wrote. Asynchronous calls are complete when they return.
/// </summary>
internal sealed class SimulatedStream(
    IPathCalls calls, FileHandle file, string path, FileAccess access, FileOptions options, long? append) : Stream
{
    private long _position = append ?? 0;
    private bool _isClosed;

    public override bool CanRead => !_isClosed && (access & FileAccess.Read) != 0;

    public override bool CanSeek => !_isClosed;

    public override bool CanWrite => !_isClosed && (access & FileAccess.Write) != 0;

    public override long Length
    {
        get
        {
            ThrowIfClosed();
            IoError.ThrowIfFailed(calls.Stat(file, out NodeStatus node), path);
            return node.Status.Size;
        }
    }

    public override long Position
    {
        get
        {
            ThrowIfClosed();
            return _position;
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Seek(value, SeekOrigin.Begin);
        }
    }

    /// <summary>The absolute path by which it was opened.</summary>
    internal string Path => path;

    /// <summary>Whether asynchronous use was asked for.</summary>
    internal bool IsAsync => (options & FileOptions.Asynchronous) != 0;

    /// <summary>The handle.</summary>
    internal FileHandle File => file;

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override int Read(Span<byte> buffer)
    {
        ThrowIfClosed();
        if (!CanRead)
        {
            throw new NotSupportedException("Stream does not support reading.");
        }

        IoError.ThrowIfFailed(calls.Handles.Read(file, buffer, _position, out int count), path);
        _position += count;
        return count;
    }

    public override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        return Read(one) == 0 ? -1 : one[0];
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : ValueTask.FromResult(Read(buffer.Span));

    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ThrowIfNotWritable();
        while (!buffer.IsEmpty)
        {
            IoError.ThrowIfFailed(calls.Handles.Write(file, buffer, _position, out int count), path);
            if (count == 0)
            {
                throw IoError.Of(Errno.InputOutput, path);
            }

            _position += count;
            buffer = buffer[count..];
        }

        if ((options & FileOptions.WriteThrough) != 0)
        {
            Sync();
        }
    }

    public override void WriteByte(byte value) => Write([value]);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(WriteAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override void EndWrite(IAsyncResult asyncResult) => TaskToAsyncResult.End(asyncResult);

    public override long Seek(long offset, SeekOrigin origin)
    {
        ThrowIfClosed();
        long position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            SeekOrigin.End => Length + offset,
            _ => throw new ArgumentException("Invalid seek origin.", nameof(origin)),
        };
        if (position < 0)
        {
            throw IoError.Of(Errno.Invalid, path);
        }

        if (position < append)
        {
            throw new IOException("Unable seek backward to overwrite data that previously existed in a file opened in Append mode.");
        }

        _position = position;
        return position;
    }

    public override void SetLength(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ThrowIfNotWritable();
        if (value < append)
        {
            throw new IOException("Unable to truncate data that previously existed in a file opened in Append mode.");
        }

        IoError.ThrowIfFailed(calls.Truncate(file, value), path);
        _position = Math.Min(_position, value);
    }

    public override void Flush() => Flush(flushToDisk: false);

    /// <summary>fsync(2) when asked for. An error is thrown and is final, as the seam says.</summary>
    internal void Flush(bool flushToDisk)
    {
        ThrowIfClosed();
        if (flushToDisk && CanWrite)
        {
            Sync();
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        ThrowIfClosed();
        return Task.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isClosed)
        {
            _isClosed = true;
            if ((options & FileOptions.DeleteOnClose) != 0)
            {
                // The name may be gone already; the lock is held until it is.
                _ = calls.Unlink(path);
            }

            file.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Sync() => IoError.ThrowIfFailed(calls.Handles.SyncFile(file), path);

    private void ThrowIfNotWritable()
    {
        ThrowIfClosed();
        if (!CanWrite)
        {
            throw new NotSupportedException("Stream does not support writing.");
        }
    }

    private void ThrowIfClosed()
    {
        if (_isClosed)
        {
            throw new ObjectDisposedException(objectName: null, "Cannot access a closed file.");
        }
    }
}
