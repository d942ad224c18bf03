using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using SafeStore;

namespace Minirun;

/// <summary>
/// What the requests do. Each side effect comes after the intent that says how it is undone; <see cref="ITurn.SaveAsync"/> keeps what was
/// intended, and what is not kept is undone: at once after an error, by the next daemon after a crash.
/// </summary>
internal sealed partial class Daemon(Paths paths, Host host, IState state)
{
    public async Task<Answer> HandleAsync(Request request)
    {
        (string verb, string id) = (request.Verb, request.Id);
        if (verb == "list")
        {
            return new Answer(Containers: [.. state.List().Select(each => IsDead(each) ? each with { Status = Status.Stopped } : each)]);
        }

        if (!Id().IsMatch(id))
        {
            throw new MinirunException($"'{id}' cannot be an id: 1 to 40 of a-z, 0-9 and -, no - at the start.");
        }

        return verb switch
        {
            "create" when request.Command is { Count: > 0 } command =>
                await InTurnAsync(state.LockNewAsync(id), turn => CreateAsync(turn, new Container(id, command))),
            "start" => await InTurnAsync(state.LockAsync(id), StartAsync),
            "stop" => await InTurnAsync(state.LockAsync(id), StopAsync),
            "delete" => await InTurnAsync(state.LockAsync(id), DeleteAsync),
            "logs" => new Answer(Log: await ReadLogAsync(id)),
            _ => throw new MinirunException($"There is no request '{verb}' of this form."),
        };
    }

    /// <summary>What a daemon that was killed has left: half-done work is undone, deletions are finished, dead containers noted.</summary>
    public async Task SweepAsync()
    {
        await state.UndoAllAsync();
        foreach (Container container in state.List())
        {
            try
            {
                await InTurnAsync(
                    state.LockAsync(container.Id),
                    turn => turn.Container.Status == Status.Deleting ? DeleteAsync(turn) : NoteDeathAsync(turn));
            }
            catch (Exception failure) when (failure is MinirunException or SafeStoreException or IOException)
            {
                await Console.Error.WriteLineAsync($"sweep: {container.Id}: {failure.Message}"); // the next request for it tries again
            }
        }
    }

    private async Task CreateAsync(ITurn turn, Container container)
    {
        await turn.IntendAsync(Effect.Directory, paths.DirectoryOf(container.Id));
        await host.MakeDirectoryAsync(container);
        await turn.IntendAsync(Effect.NetNs, paths.NetNsOf(container.Id));
        await host.AddNetNsAsync(container.Id);
        await turn.IntendAsync(Effect.Overlay, paths.RootFsOf(container.Id));
        await host.MountOverlayAsync(container.Id);
        await turn.SaveAsync(container);
    }

    private async Task StartAsync(ITurn turn)
    {
        await NoteDeathAsync(turn);
        Require(turn.Container, Status.Created, Status.Stopped);
        await turn.IntendAsync(Effect.Process, turn.Container.Id);
        await host.RunAsync(turn.Container.Id);
        await turn.SaveAsync(turn.Container with { Status = Status.Running });
    }

    private async Task StopAsync(ITurn turn)
    {
        Require(turn.Container, Status.Running);
        await turn.IntendAsync(Effect.Process, turn.Container.Id); // to undo a half-done kill is to finish it
        await host.RemoveProcessAsync(turn.Container.Id);
        await turn.SaveAsync(turn.Container with { Status = Status.Stopped });
    }

    private async Task DeleteAsync(ITurn turn)
    {
        string id = turn.Container.Id;
        await NoteDeathAsync(turn);
        Require(turn.Container, Status.Created, Status.Stopped, Status.Deleting);
        await turn.SaveAsync(turn.Container with { Status = Status.Deleting });
        await Host.UnmountOverlayAsync(paths.RootFsOf(id));
        await Host.RemoveNetNsAsync(paths.NetNsOf(id));
        await Host.RemoveDirectoryAsync(paths.DirectoryOf(id));
        await turn.RemoveAsync();
    }

    /// <summary>A process that has ended by itself, or while no daemon ran, leaves its cgroup and runc's record.</summary>
    private async Task NoteDeathAsync(ITurn turn)
    {
        if (IsDead(turn.Container))
        {
            await StopAsync(turn);
        }
    }

    private bool IsDead(Container container) => container.Status == Status.Running && !host.IsAlive(container.Id);

    private async Task<string> ReadLogAsync(string id) => state.List().Any(container => container.Id == id)
        ? await File.ReadAllTextAsync(paths.LogOf(id)) : throw new MinirunException($"There is no container '{id}'.");

    private static void Require(Container container, params IReadOnlyList<Status> statuses)
    {
        if (!statuses.Contains(container.Status))
        {
            throw new MinirunException(
                $"The container '{container.Id}' is {container.Status}; this needs {string.Join(" or ", statuses)}.");
        }
    }

    /// <summary>One request at a time for each container. What fails half way is undone before the client is told.</summary>
    private static async Task<Answer> InTurnAsync(Task<ITurn> taken, Func<ITurn, Task> work)
    {
        await using ITurn turn = await taken;
        try
        {
            await work(turn);
            return new Answer();
        }
        catch
        {
            await turn.UndoAsync();
            throw;
        }
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9-]{0,39}\z")]
    private static partial Regex Id();
}
