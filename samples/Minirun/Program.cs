using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore;

namespace Minirun;

/// <summary>The daemon and its client in one program.</summary>
internal static class Program
{
    private const string Usage = """
        usage: minirun [--root DIR] serve [--state safestore|json]
               minirun [--root DIR] create ID COMMAND [ARGUMENT...]
               minirun [--root DIR] start|stop|delete|logs ID
               minirun [--root DIR] list
        """;

    public static async Task<int> Main(string[] arguments)
    {
        string root = "/var/lib/minirun";
        if (arguments is ["--root", var given, .. var rest])
        {
            (root, arguments) = (given, rest);
        }

        try
        {
            var paths = new Paths(root);
            return arguments switch
            {
                ["serve"] or ["serve", "--state", "safestore"] => await ServeAsync(paths, SafeStoreState.OpenAsync),
                ["serve", "--state", "json"] => await ServeAsync(paths, JsonFileState.OpenAsync),
                ["create", var id, .. { Length: > 0 } command] => await AskAsync(paths, new Request("create", id, command)),
                [("start" or "stop" or "delete" or "logs") and var verb, var id] => await AskAsync(paths, new Request(verb, id)),
                ["list"] => await AskAsync(paths, new Request("list")),
                _ => Fail(Usage, 64),
            };
        }
        catch (Exception failure) when (failure is MinirunException or SafeStoreException or IOException or UnauthorizedAccessException)
        {
            return Fail(failure.Message, 1);
        }
    }

    private static async Task<int> ServeAsync(Paths paths, Func<string, Undo, Task<IState>> open)
    {
        using var stop = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        if (!Directory.Exists(paths.Image))
        {
            throw new MinirunException($"There is no image: put a root filesystem at '{paths.Image}', as run.sh does.");
        }

        var own = new Cgroup(paths.Cgroup);
        await own.EnterAsync();
        var host = new Host(paths);
        await using (IState state = await open(paths.State, host.UndoAsync))
        {
            var daemon = new Daemon(paths, host, state);
            await daemon.SweepAsync();
            await Server.RunAsync(paths.Socket, daemon, stop.Token);
        }

        own.Leave();
        return 0;
    }

    private static async Task<int> AskAsync(Paths paths, Request request)
    {
        await using var client = await Client.ConnectAsync(paths.Socket);
        Answer answer = await client.AskAsync(request);
        foreach (Container container in answer.Containers ?? [])
        {
            Console.WriteLine($"{container.Id}\t{container.Status}\t{string.Join(' ', container.Command)}");
        }

        Console.Write(answer.Log);
        return answer.Error is { } error ? Fail(error, 1) : 0;
    }

    private static int Fail(string message, int code)
    {
        Console.Error.WriteLine(message);
        return code;
    }
}
