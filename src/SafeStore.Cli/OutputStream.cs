using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Cli;

/// <summary>Standard output could not be written, which the errors of files do not tell.</summary>
internal sealed class OutputException(Exception failure)
    : IOException(
        $"Could not write to the standard output: {(failure.InnerException ?? failure).Message.TrimEnd('.')}. "
        + "Give it a place with room, or /dev/null.",
        failure);

/// <summary>A stream for writing whose failures name the standard output; that no reader is left stays what it is.</summary>
internal sealed class OutputStream(Stream inner) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => Named(inner.Flush);

    public override async Task FlushAsync(CancellationToken cancellationToken) =>
        await NamedAsync(new ValueTask(inner.FlushAsync(cancellationToken)));

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => Named(() => inner.Write(buffer, offset, count));

    public override async Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        await WriteAsync(buffer.AsMemory(offset, count), cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        NamedAsync(inner.WriteAsync(buffer, cancellationToken));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private static void Named(Action write)
    {
        try
        {
            write();
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException || (failure is IOException io && !Tool.IsBrokenPipe(io)))
        {
            throw new OutputException(failure);
        }
    }

    private static async ValueTask NamedAsync(ValueTask write)
    {
        try
        {
            await write;
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException || (failure is IOException io && !Tool.IsBrokenPipe(io)))
        {
            throw new OutputException(failure);
        }
    }
}
