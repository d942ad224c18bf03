using System;
using System.Threading.Channels;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SafeStore.FileSystem;
using SafeStore.Hosting.Systemd;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Hosting.Tests;

/// <summary>What systemd's watchdog is told.</summary>
public sealed class WatchdogTests
{
    private static readonly TimeSpan s_allowed = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("3000000", null, 3.0)]
    [InlineData("3000000", "", 3.0)]
    [InlineData("1500000", "42", 1.5)]
    [InlineData("3000000", "43", null)]
    [InlineData("0", null, null)]
    [InlineData("-5", null, null)]
    [InlineData("soon", null, null)]
    [InlineData(null, null, null)]
    public void The_time_allowed_is_that_of_the_environment_if_this_process_is_meant(
        string? microseconds, string? process, double? seconds) =>
        Assert.Equal(seconds, Watchdog.ReadAllowed(name => name == "WATCHDOG_USEC" ? microseconds : process, 42)?.TotalSeconds);

    [Fact]
    public async Task It_is_fed_twice_in_its_time_as_long_as_no_store_is_faulted()
    {
        var machine = new SimulatedMachine();
        var time = new FakeTimeProvider();
        var notifier = new Notifications();
        var log = new Alarm();
        using IHost host = await TestHost.StartAsync(
            machine.Start(), static services => services.AddSafeStore(static store => store.Directory = TestHost.Place));
        using var watchdog = new Watchdog(
            host.Services.GetServices<IHostedStore>(), notifier, time, s_allowed, log);
        await watchdog.StartAsync(TestContext.Current.CancellationToken);
        await notifier.ExpectAsync();
        time.Advance(s_allowed / 2);
        await notifier.ExpectAsync();

        machine.Faults = new FaultPlan().Add(
            new FaultRule { Operations = [Operation.SyncData], Fault = new CallFails(Errno.InputOutput), Times = int.MaxValue });
        await Assert.ThrowsAnyAsync<SafeStoreException>(() => host.Get<StateStore>().PutAsync("sb-1", "1"));
        time.Advance(s_allowed / 2);
        await log.Raised;
        await watchdog.StopAsync(TestContext.Current.CancellationToken);

        Assert.False(notifier.HasMore);
    }

    [Fact]
    public async Task Outside_of_systemd_nothing_watches()
    {
        using IHost host = await TestHost.StartAsync(new SimulatedMachine().Start(), static services =>
        {
            services.AddSafeStore(static store => store.Directory = TestHost.Place);
            services.AddSafeStoreSystemd();
        });

        Assert.DoesNotContain(host.Services.GetServices<IHostedService>(), static each => each is Watchdog);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    private sealed class Notifications : ISystemdNotifier
    {
        private readonly Channel<ServiceState> _told = Channel.CreateUnbounded<ServiceState>();

        public bool HasMore => _told.Reader.TryPeek(out _);

        public bool IsEnabled => true;

        public void Notify(ServiceState state) => _told.Writer.TryWrite(state);

        public async Task ExpectAsync() =>
            Assert.Equal("WATCHDOG=1", (await _told.Reader.ReadAsync(TestContext.Current.CancellationToken)).ToString());
    }

    private sealed class Alarm : ILogger<Watchdog>
    {
        private readonly TaskCompletionSource _raised = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Raised => _raised.Task.WaitAsync(TestContext.Current.CancellationToken);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _raised.TrySetResult();
    }
}
