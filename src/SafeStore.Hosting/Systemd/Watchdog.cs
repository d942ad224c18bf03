using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace SafeStore.Hosting.Systemd;

/// <summary>
/// Tells systemd that the service lives, twice in the time that it allows, as long as all stores are open and none is faulted. What a new
/// start would not mend, a full disk for instance, does not count.
/// </summary>
internal sealed partial class Watchdog(
    IEnumerable<IHostedStore> stores, ISystemdNotifier notifier, TimeProvider time, TimeSpan allowed, ILogger<Watchdog> logger)
    : BackgroundService
{
    private static readonly ServiceState s_alive = new("WATCHDOG=1");

    private readonly IHostedStore[] _stores = [.. stores];
    private bool _isSilent;

    /// <summary>The time that systemd allows; null if it does not watch this process (sd_watchdog_enabled(3)).</summary>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <param name="process">This process's id.</param>
    public static TimeSpan? ReadAllowed(Func<string, string?> variable, int process) =>
        long.TryParse(variable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds)
        && microseconds > 0
        && (variable("WATCHDOG_PID") is not { Length: > 0 } watched || watched == process.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(microseconds) : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(allowed / 2, time);
        do
        {
            Tell();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    private void Tell()
    {
        IHostedStore? failed = Array.Find(_stores, static store => !store.IsWorking);
        if (failed is null)
        {
            notifier.Notify(s_alive);
        }
        else if (!_isSilent)
        {
            LogSilent(logger, failed.Name);
        }

        _isSilent = failed is not null;
    }

    [LoggerMessage(
        101, LogLevel.Critical,
        "The store '{Name}' is faulted or closed: systemd's watchdog is told nothing more, and starts the service again")]
    private static partial void LogSilent(ILogger logger, string name);
}
