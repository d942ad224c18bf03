using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Minirun.Tests.Support;

/// <summary>Clients that ask a daemon for one thing after the other, until it is killed.</summary>
internal sealed class Load(Random random)
{
    private const int Clients = 4;
    private const int ContainersMax = 8;

    private static readonly string[] Command = ["/bin/sh", "-c", "echo started; exec sleep 1000"];

    private int _answered;
    private int _created;
    private int _errors;

    /// <summary>How many requests were answered without an error.</summary>
    public int Answered => _answered;

    public int Errors => _errors;

    /// <summary>Runs until the daemon is dead, which it is soon after some answers.</summary>
    public async Task RunUntilKilledAsync(DaemonProcess daemon)
    {
        int answers = _answered + random.Next(1, 9);
        var kill = new TaskCompletionSource();
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(_ => AskAsync(daemon, new Random(random.Next()), answers, kill))];
        await Task.WhenAny([kill.Task, .. clients]);
        Thread.SpinWait(random.Next(400_000)); // any moment within the next request
        await daemon.KillAsync();
        await Task.WhenAll(clients);
    }

    private async Task AskAsync(DaemonProcess daemon, Random own, int answers, TaskCompletionSource kill)
    {
        try
        {
            await using Client client = await daemon.ConnectAsync();
            while (true)
            {
                Answer list = await client.AskAsync(new Request("list"));
                Assert.Null(list.Error);
                Answer answer = await client.AskAsync(Choose(list.Containers!, own));
                Interlocked.Add(ref _errors, answer.Error is null ? 0 : 1); // another client was faster
                if (answer.Error is null && Interlocked.Increment(ref _answered) >= answers)
                {
                    kill.TrySetResult();
                }
            }
        }
        catch (Exception failure) when (failure is IOException or MinirunException or InvalidOperationException)
        {
            kill.TrySetResult(); // killed
        }
    }

    private Request Choose(IReadOnlyList<Container> there, Random own)
    {
        if (there.Count == 0 || (there.Count < ContainersMax && own.Next(3) == 0))
        {
            return new Request("create", $"c{Interlocked.Increment(ref _created)}", Command);
        }

        Container one = there[own.Next(there.Count)];
        return new Request(
            one.Status switch
            {
                Status.Created => "start",
                Status.Running => own.Next(4) == 0 ? "logs" : "stop",
                Status.Stopped => own.Next(3) == 0 ? "start" : "delete",
                _ => "delete",
            },
            one.Id);
    }
}
