using System;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using SafeStore.Hosting.Systemd;

namespace SafeStore.Hosting;

/// <summary>Makes a host with stores a service of systemd.</summary>
public static class SystemdServices
{
    /// <summary>
    /// Under systemd, tells it when the host has started, its stores open, and when it stops (<c>Type=notify</c>), and feeds its watchdog
    /// (<c>WatchdogSec=</c>) as long as all stores are open and none is faulted. Elsewhere it does nothing.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddSafeStoreSystemd(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSystemd();
        if (SystemdHelpers.IsSystemdService()
            && Watchdog.ReadAllowed(Environment.GetEnvironmentVariable, Environment.ProcessId) is { } allowed)
        {
            services.AddHostedService(provider => new Watchdog(
                provider.GetServices<IHostedStore>(), provider.GetRequiredService<ISystemdNotifier>(),
                provider.GetService<TimeProvider>() ?? TimeProvider.System, allowed, provider.GetRequiredService<ILogger<Watchdog>>()));
        }

        return services;
    }
}
