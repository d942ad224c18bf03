using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Hosting.Tests;

/// <summary>A real process with a host that commits as fast as it can.</summary>
public sealed class DaemonTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Store => Path.Combine(_directory.Path, "store");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_SIGTERM_during_commits_loses_nothing_and_leaves_nothing_to_recover()
    {
        using var daemon = Daemon.Start(Store);
        await daemon.ExpectAsync(40);

        Assert.Equal(0, await daemon.TerminateAsync());
        Assert.Equal(daemon.Said, await OpenCleanAsync());
    }

    [Fact]
    public async Task The_health_endpoint_of_a_web_server_says_that_the_store_is_well_or_faulted()
    {
        using var daemon = Daemon.Start(Store);
        await daemon.ExpectAsync(1);
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await daemon.AskHealthAsync());

        await File.WriteAllBytesAsync(
            Path.Combine(Store, "run", ".safestore", "words"), [], TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Unhealthy"), await daemon.AskHealthAsync());
    }

    [Fact]
    public async Task A_service_that_does_not_heed_the_end_of_its_host_loses_nothing_either()
    {
        using var daemon = Daemon.Start(Store, isDeaf: true);
        await daemon.ExpectAsync(40);
        _ = await daemon.TerminateAsync();

        Dictionary<string, long> stored = await OpenCleanAsync();

        Assert.All(daemon.Said, said => Assert.InRange(stored[said.Key], said.Value, said.Value + 1));
    }

    [Fact]
    public async Task Systemd_is_told_of_the_start_of_life_and_of_the_end()
    {
        string address = Path.Combine(_directory.Path, "notify");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(address));
        using var daemon = Daemon.StartUnderSystemd(
            Store, Path.Combine(_directory.Path, "systemd"), address, TimeSpan.FromMilliseconds(100));

        var manager = new Manager(socket);
        await manager.ExpectAsync("READY=1");
        await manager.ExpectAsync("WATCHDOG=1");
        await manager.ExpectAsync("WATCHDOG=1");
        await daemon.ExpectAsync(1);
        Task stopping = manager.ExpectAsync("STOPPING=1");
        _ = await daemon.TerminateAsync();
        await stopping;

        Assert.Equal(daemon.Said, await OpenCleanAsync());
    }

    /// <summary>Opens the store, which has nothing to recover, and reads the numbers.</summary>
    private async Task<Dictionary<string, long>> OpenCleanAsync()
    {
        var log = new RecoveryLog();
        await using StateStore store = await StateStore.OpenAsync(
            StoreLayout.At(Store), new StoreOptions { Logger = log }, TestContext.Current.CancellationToken);
        Assert.Equal(["0"], log.Records);
        Assert.Equal((0, 0), (store.Statistics.RolledForward, store.Statistics.RolledBack));
        return store.ListSandboxes().ToDictionary(
            static sandbox => sandbox,
            sandbox => JsonDocument.Parse(store.ReadJson(new DocumentId(sandbox, null, StoreRoot.Config, "count.json")))
                .RootElement.GetProperty("Number").GetInt64());
    }

    /// <summary>The other end of the socket.</summary>
    private sealed class Manager(Socket socket)
    {
        public async Task ExpectAsync(string message)
        {
            var buffer = new byte[256];
            string told;
            do
            {
                int length = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
                told = Encoding.UTF8.GetString(buffer, 0, length);
            }
            while (told != message);
        }
    }

    /// <summary>How many transactions a recovery has applied, by its message.</summary>
    private sealed class RecoveryLog : ILogger
    {
        private const int Recovered = 3;

        public List<string> Records { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == Recovered && state is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                Records.Add(Convert.ToString(values.Single(static each => each.Key == "Records").Value, CultureInfo.InvariantCulture)!);
            }
        }
    }
}
