using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Testing.Files;

/// <summary>Reads and writes whole files, in chunks of the size .NET uses. Asynchronous calls are complete when they return.</summary>
internal sealed partial class FileView
{
    private const int ChunkSize = 8192;
    private const int LineChunkSize = 4096;

    private static Encoding Utf8 => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public void AppendAllBytes(string path, byte[] bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(bytes);
        AppendAllBytes(path, bytes.AsSpan());
    }

    public void AppendAllBytes(string path, ReadOnlySpan<byte> bytes) => Put(path, FileMode.Append, bytes);

    public Task AppendAllBytesAsync(string path, byte[] bytes, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(bytes);
        return AppendAllBytesAsync(path, bytes.AsMemory(), cancellationToken);
    }

    public Task AppendAllBytesAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        Complete(() => AppendAllBytes(path, bytes.Span), cancellationToken);

    public void AppendAllLines(string path, IEnumerable<string> contents) => AppendAllLines(path, contents, Utf8);

    public void AppendAllLines(string path, IEnumerable<string> contents, Encoding encoding) =>
        PutLines(path, FileMode.Append, contents, encoding);

    public Task AppendAllLinesAsync(string path, IEnumerable<string> contents, CancellationToken cancellationToken = default) =>
        AppendAllLinesAsync(path, contents, Utf8, cancellationToken);

    public Task AppendAllLinesAsync(
        string path, IEnumerable<string> contents, Encoding encoding, CancellationToken cancellationToken = default) =>
        Complete(() => AppendAllLines(path, contents, encoding), cancellationToken);

    public void AppendAllText(string path, string? contents) => AppendAllText(path, contents, Utf8);

    public void AppendAllText(string path, string? contents, Encoding encoding) => AppendAllText(path, contents.AsSpan(), encoding);

    public void AppendAllText(string path, ReadOnlySpan<char> contents) => AppendAllText(path, contents, Utf8);

    public void AppendAllText(string path, ReadOnlySpan<char> contents, Encoding encoding) =>
        PutText(path, FileMode.Append, contents, encoding);

    public Task AppendAllTextAsync(string path, string? contents, CancellationToken cancellationToken = default) =>
        AppendAllTextAsync(path, contents, Utf8, cancellationToken);

    public Task AppendAllTextAsync(string path, string? contents, Encoding encoding, CancellationToken cancellationToken = default) =>
        AppendAllTextAsync(path, contents.AsMemory(), encoding, cancellationToken);

    public Task AppendAllTextAsync(string path, ReadOnlyMemory<char> contents, CancellationToken cancellationToken = default) =>
        AppendAllTextAsync(path, contents, Utf8, cancellationToken);

    public Task AppendAllTextAsync(
        string path, ReadOnlyMemory<char> contents, Encoding encoding, CancellationToken cancellationToken = default) =>
        Complete(() => AppendAllText(path, contents.Span, encoding), cancellationToken);

    public StreamWriter AppendText(string path) => Writer(path, FileMode.Append, Utf8, LineChunkSize);

    public StreamWriter CreateText(string path) => Writer(path, FileMode.Create, Utf8, LineChunkSize);

    public StreamReader OpenText(string path) => Reader(path, Encoding.UTF8);

    public byte[] ReadAllBytes(string path)
    {
        using SimulatedStream stream = files.Opening.Open(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    public Task<byte[]> ReadAllBytesAsync(string path, CancellationToken cancellationToken = default) =>
        Complete(() => ReadAllBytes(path), cancellationToken);

    public string[] ReadAllLines(string path) => ReadAllLines(path, Encoding.UTF8);

    public string[] ReadAllLines(string path, Encoding encoding) => [.. ReadLines(path, encoding)];

    public Task<string[]> ReadAllLinesAsync(string path, CancellationToken cancellationToken = default) =>
        ReadAllLinesAsync(path, Encoding.UTF8, cancellationToken);

    public Task<string[]> ReadAllLinesAsync(string path, Encoding encoding, CancellationToken cancellationToken = default) =>
        Complete(() => ReadAllLines(path, encoding), cancellationToken);

    public string ReadAllText(string path) => ReadAllText(path, Encoding.UTF8);

    public string ReadAllText(string path, Encoding encoding)
    {
        using StreamReader reader = Reader(path, encoding);
        return reader.ReadToEnd();
    }

    public Task<string> ReadAllTextAsync(string path, CancellationToken cancellationToken = default) =>
        ReadAllTextAsync(path, Encoding.UTF8, cancellationToken);

    public Task<string> ReadAllTextAsync(string path, Encoding encoding, CancellationToken cancellationToken = default) =>
        Complete(() => ReadAllText(path, encoding), cancellationToken);

    public IEnumerable<string> ReadLines(string path) => ReadLines(path, Encoding.UTF8);

    public IEnumerable<string> ReadLines(string path, Encoding encoding) => new LineSequence(() => Reader(path, encoding));

    public IAsyncEnumerable<string> ReadLinesAsync(string path, CancellationToken cancellationToken = default) =>
        ReadLinesAsync(path, Encoding.UTF8, cancellationToken);

    public IAsyncEnumerable<string> ReadLinesAsync(string path, Encoding encoding, CancellationToken cancellationToken = default) =>
        new LineSequence(() => Reader(path, encoding), cancellationToken);

    public void WriteAllBytes(string path, byte[] bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(bytes);
        WriteAllBytes(path, bytes.AsSpan());
    }

    public void WriteAllBytes(string path, ReadOnlySpan<byte> bytes) => Put(path, FileMode.Create, bytes);

    public Task WriteAllBytesAsync(string path, byte[] bytes, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(bytes);
        return WriteAllBytesAsync(path, bytes.AsMemory(), cancellationToken);
    }

    public Task WriteAllBytesAsync(string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        Complete(() => WriteAllBytes(path, bytes.Span), cancellationToken);

    public void WriteAllLines(string path, string[] contents) => WriteAllLines(path, contents, Utf8);

    public void WriteAllLines(string path, IEnumerable<string> contents) => WriteAllLines(path, contents, Utf8);

    public void WriteAllLines(string path, string[] contents, Encoding encoding) =>
        WriteAllLines(path, (IEnumerable<string>)contents, encoding);

    public void WriteAllLines(string path, IEnumerable<string> contents, Encoding encoding) =>
        PutLines(path, FileMode.Create, contents, encoding);

    public Task WriteAllLinesAsync(string path, IEnumerable<string> contents, CancellationToken cancellationToken = default) =>
        WriteAllLinesAsync(path, contents, Utf8, cancellationToken);

    public Task WriteAllLinesAsync(
        string path, IEnumerable<string> contents, Encoding encoding, CancellationToken cancellationToken = default) =>
        Complete(() => WriteAllLines(path, contents, encoding), cancellationToken);

    public void WriteAllText(string path, string? contents) => WriteAllText(path, contents, Utf8);

    public void WriteAllText(string path, string? contents, Encoding encoding) => WriteAllText(path, contents.AsSpan(), encoding);

    public void WriteAllText(string path, ReadOnlySpan<char> contents) => WriteAllText(path, contents, Utf8);

    public void WriteAllText(string path, ReadOnlySpan<char> contents, Encoding encoding) =>
        PutText(path, FileMode.Create, contents, encoding);

    public Task WriteAllTextAsync(string path, string? contents, CancellationToken cancellationToken = default) =>
        WriteAllTextAsync(path, contents, Utf8, cancellationToken);

    public Task WriteAllTextAsync(string path, string? contents, Encoding encoding, CancellationToken cancellationToken = default) =>
        WriteAllTextAsync(path, contents.AsMemory(), encoding, cancellationToken);

    public Task WriteAllTextAsync(string path, ReadOnlyMemory<char> contents, CancellationToken cancellationToken = default) =>
        WriteAllTextAsync(path, contents, Utf8, cancellationToken);

    public Task WriteAllTextAsync(
        string path, ReadOnlyMemory<char> contents, Encoding encoding, CancellationToken cancellationToken = default) =>
        Complete(() => WriteAllText(path, contents.Span, encoding), cancellationToken);

    private void Put(string path, FileMode mode, ReadOnlySpan<byte> bytes)
    {
        using SimulatedStream stream = files.Opening.Open(path, mode, FileAccess.Write, FileShare.Read);
        stream.Write(bytes);
    }

    private void PutText(string path, FileMode mode, ReadOnlySpan<char> contents, Encoding encoding)
    {
        using StreamWriter writer = Writer(path, mode, encoding, ChunkSize);
        writer.Write(contents);
    }

    private void PutLines(string path, FileMode mode, IEnumerable<string> contents, Encoding encoding)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoding);
        ArgumentNullException.ThrowIfNull(contents);
        using StreamWriter writer = Writer(path, mode, encoding, LineChunkSize);
        foreach (string line in contents)
        {
            writer.WriteLine(line);
        }
    }

    private StreamReader Reader(string path, Encoding encoding)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoding);
        FileStreamOptions options = new() { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read };
        return new StreamReader(files.FileStream.New(path, options), encoding, detectEncodingFromByteOrderMarks: true);
    }

    private StreamWriter Writer(string path, FileMode mode, Encoding encoding, int chunkSize)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(encoding);
        return new StreamWriter(files.FileStream.New(path, mode, FileAccess.Write, FileShare.Read), encoding, chunkSize);
    }

    /// <summary>Does it now, and tells the outcome by a task.</summary>
    private static async Task Complete(Action work, CancellationToken cancellation)
    {
        await ThrowIfCanceled(cancellation);
        work();
    }

    private static async Task<T> Complete<T>(Func<T> work, CancellationToken cancellation)
    {
        await ThrowIfCanceled(cancellation);
        return work();
    }

    private static Task ThrowIfCanceled(CancellationToken cancellation) =>
        cancellation.IsCancellationRequested ? Task.FromCanceled(cancellation) : Task.CompletedTask;
}
