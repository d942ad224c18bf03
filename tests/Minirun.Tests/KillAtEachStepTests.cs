using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Minirun.Tests.Support;
using Xunit;

namespace Minirun.Tests;

/// <summary>A daemon is killed at each command that it calls: before it, after it, and while the command goes on without it.</summary>
public sealed class KillAtEachStepTests
{
    private const string Id = "web";

    public static TheoryData<string, string, string, string?> Steps
    {
        get
        {
            var steps = new TheoryData<string, string, string, string?>();
            foreach (string when in new[] { "before", "after", "orphan" })
            {
                steps.Add("create", "ip\\ netns\\ add*", when, null);
                steps.Add("create", "mount*", when, null);
                steps.Add("start", "runc*\\ run\\ *", when, nameof(Status.Created));
                steps.Add("stop", "runc*\\ delete\\ *", when, nameof(Status.Stopped));
                steps.Add("delete", "umount*", when, null);
                steps.Add("delete", "ip\\ netns\\ delete*", when, null);
            }

            return steps;
        }
    }

    /// <param name="request">What is asked for.</param>
    /// <param name="command">The command at which the daemon is killed.</param>
    /// <param name="when">When, seen from the command.</param>
    /// <param name="status">The container's status after the next start; null if there is to be none.</param>
    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_request_that_a_kill_cuts_short_is_undone_or_finished_by_the_next_start(
        string request, string command, string when, string? status)
    {
        Requirements.Check();
        await using Ground ground = Ground.Make("safestore");
        await KillAtAsync(ground, "safestore", request, command, when);

        await using DaemonProcess next = await DaemonProcess.StartAndConnectAsync(ground.Paths, "safestore");
        Assert.Equal(when == "orphan", File.Exists(Tripwires.OrphanEndOf(ground))); // nothing is swept before
        Assert.Equal(status, (await next.AskAsync("list")).Containers!.SingleOrDefault()?.Status.ToString());
        Assert.Equal(Remains.None, await Remains.CountAsync(ground, next));
    }

    [Fact]
    public async Task With_JSON_files_a_creation_that_a_kill_cuts_short_leaves_what_it_had_made()
    {
        Requirements.Check();
        await using Ground ground = Ground.Make("json");
        await KillAtAsync(ground, "json", "create", "mount*", "after");

        await using DaemonProcess next = await DaemonProcess.StartAndConnectAsync(ground.Paths, "json");
        Assert.Equal(Remains.None with { NetNss = 1, Mounts = 1, Directories = 1 }, await Remains.CountAsync(ground, next));
    }

    [Fact]
    public async Task With_JSON_files_a_start_that_a_kill_cuts_short_leaves_a_process_of_which_the_state_knows_nothing()
    {
        Requirements.Check();
        await using Ground ground = Ground.Make("json");
        await KillAtAsync(ground, "json", "start", "runc*\\ run\\ *", "after");

        await using DaemonProcess next = await DaemonProcess.StartAndConnectAsync(ground.Paths, "json");
        Assert.Equal(
            Remains.None with { ContainersWithoutState = 1, Cgroups = 1 }, await Remains.CountAsync(ground, next));
    }

    /// <summary>A container is brought to where the request is possible; the daemon dies by it.</summary>
    private static async Task KillAtAsync(Ground ground, string state, string request, string command, string when)
    {
        string[] before = request switch
        {
            "create" => [],
            "start" => ["create"],
            "stop" => ["create", "start"],
            _ => ["create", "start", "stop"],
        };
        await using DaemonProcess daemon = DaemonProcess.Start(ground.Paths, state, Tripwires.Set(ground, when, command));
        foreach (string each in before)
        {
            Assert.Null((await daemon.AskAsync(each, Id, "/bin/sleep", "1000")).Error);
        }

        await Assert.ThrowsAnyAsync<IOException>(() => daemon.AskAsync(request, Id, "/bin/sleep", "1000"));
        await daemon.WaitAsync();
    }
}
