using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Minirun;

/// <summary>Answers each line of each connection to a Unix socket by a line.</summary>
internal static class Server
{
    public static async Task RunAsync(string path, Daemon daemon, CancellationToken stop)
    {
        File.Delete(path); // a killed daemon's
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        await Console.Error.WriteLineAsync($"minirun listens on {path}");
        var clients = new List<Task>();
        try
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync(stop);
                clients.RemoveAll(static each => each.IsCompleted);
                clients.Add(AnswerAsync(new NetworkStream(client, ownsSocket: true), daemon, stop));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(clients); // requests under way are finished
            File.Delete(path);
        }
    }

    private static async Task AnswerAsync(NetworkStream client, Daemon daemon, CancellationToken stop)
    {
        using var lines = new StreamReader(client); // and closes it
        try
        {
            while (await lines.ReadLineAsync(stop) is { } line)
            {
                Answer answer = await AnswerAsync(line, daemon);
                await client.WriteAsync(
                    (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(answer, Json.Default.Answer), (byte)'\n'], CancellationToken.None);
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // The client is gone, or the daemon is to stop.
        }
    }

    private static async Task<Answer> AnswerAsync(string line, Daemon daemon)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Json.Default.Request) is { } request
                ? await daemon.HandleAsync(request) : new Answer("The request is null.");
        }
        catch (Exception failure)
        {
            return new Answer(failure.Message); // whatever it is, it is one request's
        }
    }
}
