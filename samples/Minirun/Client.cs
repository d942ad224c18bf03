using System;
using System.IO;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Tasks;

namespace Minirun;

/// <summary>A connection to the daemon.</summary>
internal sealed class Client : IAsyncDisposable
{
    private readonly NetworkStream _stream;
    private readonly StreamReader _lines;

    private Client(NetworkStream stream)
    {
        _stream = stream;
        _lines = new StreamReader(stream);
    }

    public static async Task<Client> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            return new Client(new NetworkStream(socket, ownsSocket: true));
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw new MinirunException($"No daemon answers at '{path}'. Start it: minirun serve.");
        }
    }

    /// <exception cref="IOException">The daemon has died before it answered.</exception>
    public async Task<Answer> AskAsync(Request request)
    {
        await _stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(request, Json.Default.Request), (byte)'\n']);
        return await _lines.ReadLineAsync() is { } line && JsonSerializer.Deserialize(line, Json.Default.Answer) is { } answer
            ? answer : throw new IOException("The daemon has ended without an answer.");
    }

    public async ValueTask DisposeAsync()
    {
        _lines.Dispose();
        await _stream.DisposeAsync();
    }
}
