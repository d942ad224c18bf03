using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Minirun.Tests.Support;
using Xunit;

namespace Minirun.Tests;

/// <summary>What a user of the daemon sees.</summary>
public sealed class DaemonTests
{
    [Theory]
    [InlineData("safestore")]
    [InlineData("json")]
    public async Task A_container_is_created_started_read_stopped_started_again_and_deleted(string state)
    {
        Requirements.Check();
        await using Ground ground = Ground.Make(state);
        await using DaemonProcess daemon = await DaemonProcess.StartAndConnectAsync(ground.Paths, state);

        await DoAsync(daemon, "create", "web", "/bin/sh", "-c", "echo it is \"up\"; exec sleep 1000");
        Assert.Equal("Created", await StatusAsync(daemon));
        await DoAsync(daemon, "start", "web");
        Assert.Equal("Running", await StatusAsync(daemon));
        await ReadLogAsync(daemon, "web"); // it has got as far as that
        await DoAsync(daemon, "stop", "web");
        Assert.Equal("Stopped", await StatusAsync(daemon));
        Assert.Equal("it is up\n", await ReadLogAsync(daemon, "web"));
        await DoAsync(daemon, "start", "web");
        await DoAsync(daemon, "stop", "web");
        await DoAsync(daemon, "delete", "web");

        Assert.Null(await StatusAsync(daemon));
        Assert.Equal(Remains.None, await Remains.CountAsync(ground, daemon));
    }

    [Fact]
    public async Task A_daemon_that_is_asked_to_stop_leaves_containers_running_and_no_cgroup_of_its_own()
    {
        Requirements.Check();
        await using Ground ground = Ground.Make("safestore");
        await using (DaemonProcess first = await DaemonProcess.StartAndConnectAsync(ground.Paths, "safestore"))
        {
            await DoAsync(first, "create", "web", "/bin/sleep", "1000");
            await DoAsync(first, "start", "web");
            Assert.Equal(0, await first.StopAsync());
        }

        Assert.False(File.Exists(ground.Paths.Socket));
        Assert.Empty(ground.DaemonCgroups());
        await using DaemonProcess second = await DaemonProcess.StartAndConnectAsync(ground.Paths, "safestore");
        Assert.Equal("Running", await StatusAsync(second));
    }

    [Fact]
    public async Task A_process_that_died_without_the_daemon_is_stopped_and_can_be_started_again()
    {
        Requirements.Check();
        await using Ground ground = Ground.Make("safestore");
        await using (DaemonProcess first = await DaemonProcess.StartAndConnectAsync(ground.Paths, "safestore"))
        {
            await DoAsync(first, "create", "web", "/bin/sleep", "1000");
            await DoAsync(first, "start", "web");
            await first.KillAsync();
        }

        await Shell.RunAsync("runc", "--root", ground.Paths.Runc, "kill", "web", "KILL");
        await new Cgroup(ground.Paths.CgroupOf("web")).WaitUntilEmptyAsync();
        await using DaemonProcess second = await DaemonProcess.StartAndConnectAsync(ground.Paths, "safestore");
        Assert.Equal("Stopped", await StatusAsync(second));
        Assert.Empty(ground.RuncContainers());
        await DoAsync(second, "start", "web");
    }

    [Fact]
    public async Task A_request_that_cannot_be_met_says_why_and_changes_nothing()
    {
        Requirements.Check();
        await using Ground ground = Ground.Make("safestore");
        await using DaemonProcess daemon = await DaemonProcess.StartAndConnectAsync(ground.Paths, "safestore");
        await DoAsync(daemon, "create", "web", "/bin/no-such-program");

        await RefusesAsync(daemon, "exists already", "create", "web", "/bin/sh");
        await RefusesAsync(daemon, "does not exist", "start", "other");
        await RefusesAsync(daemon, "There is no container 'other'", "logs", "other");
        await RefusesAsync(daemon, "is Created; this needs Running", "stop", "web");
        await RefusesAsync(daemon, "cannot be an id", "create", "../web", "/bin/sh");
        await RefusesAsync(daemon, "no request 'create' of this form", "create", "empty");
        await RefusesAsync(daemon, "no request 'boil' of this form", "boil", "web");
        await RefusesAsync(daemon, "The log of 'web' says why", "start", "web");

        Assert.Contains("no-such-program", (await daemon.AskAsync("logs", "web")).Log!, StringComparison.Ordinal);
        Assert.Equal("Created", await StatusAsync(daemon));
        Assert.Equal(Remains.None, await Remains.CountAsync(ground, daemon));
    }

    [Fact]
    public async Task A_creation_that_fails_half_way_is_undone_before_the_client_is_told()
    {
        Requirements.Check();
        await using Ground ground = Ground.Make("safestore");
        await using DaemonProcess daemon = await DaemonProcess.StartAndConnectAsync(ground.Paths, "safestore");
        Directory.Move(ground.Paths.Image, ground.Paths.Image + ".away"); // so that nothing can be mounted

        await RefusesAsync(daemon, "mount", "create", "web", "/bin/sh");

        Assert.Empty((await daemon.AskAsync("list")).Containers!);
        Assert.Equal(Remains.None, await Remains.CountAsync(ground, daemon));
        Directory.Move(ground.Paths.Image + ".away", ground.Paths.Image);
        await DoAsync(daemon, "create", "web", "/bin/sh");
    }

    [Fact]
    public async Task The_client_prints_what_it_is_told_and_ends_with_a_code()
    {
        Requirements.Check();
        await using Ground ground = Ground.Make("safestore");
        string[] root = ["--root", ground.Paths.Root];
        Assert.Equal(64, (await Shell.TryAsync(DaemonProcess.Program, "boil")).Code);
        Assert.Equal(1, (await Shell.TryAsync(DaemonProcess.Program, "--root", "/a, b", "serve")).Code);
        (int code, string output) = await Shell.TryAsync(DaemonProcess.Program, [.. root, "list"]);
        Assert.Equal(1, code);
        Assert.Contains("No daemon answers", output, StringComparison.Ordinal);

        await using DaemonProcess daemon = await DaemonProcess.StartAndConnectAsync(ground.Paths, "safestore");
        Assert.Equal((0, ""), await Shell.TryAsync(DaemonProcess.Program, [.. root, "create", "web", "/bin/sleep", "9"]));
        Assert.Equal((0, "web\tCreated\t/bin/sleep 9\n"), await Shell.TryAsync(DaemonProcess.Program, [.. root, "list"]));
        Assert.Equal(1, (await Shell.TryAsync(DaemonProcess.Program, [.. root, "stop", "web"])).Code);
    }

    private static async Task DoAsync(DaemonProcess daemon, string verb, string id, params string[] command) =>
        Assert.Null((await daemon.AskAsync(verb, id, command)).Error);

    private static async Task RefusesAsync(DaemonProcess daemon, string why, string verb, string id, params string[] command) =>
        Assert.Contains(why, (await daemon.AskAsync(verb, id, command)).Error!, StringComparison.Ordinal);

    private static async Task<string> ReadLogAsync(DaemonProcess daemon, string id)
    {
        while (true)
        {
            if ((await daemon.AskAsync("logs", id)).Log is { Length: > 0 } log)
            {
                return log;
            }
        }
    }

    private static async Task<string?> StatusAsync(DaemonProcess daemon)
    {
        IReadOnlyList<Container> containers = (await daemon.AskAsync("list")).Containers!;
        return containers.SingleOrDefault()?.Status.ToString();
    }
}
