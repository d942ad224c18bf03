using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using SafeStore.Hosting.Health;

namespace SafeStore.Hosting;

/// <summary>Adds the health of stores to the health checks of a host.</summary>
public static class HealthServices
{
    /// <summary>
    /// Adds a check of a store of either kind: whether it is open, not faulted and whole; the size of its log, parked sandboxes, free space
    /// and inodes, the last checkpoint and, with <see cref="HostedStoreOptions.Backups"/>, the last backup. It takes no
    /// lock, waits for none, and touches no sandbox.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">
    /// The store's name; empty for the one without. The check is called <c>safestore</c> or <c>safestore-NAME</c>.
    /// </param>
    /// <param name="tags">The check's tags.</param>
    /// <returns>The health checks.</returns>
    public static IHealthChecksBuilder AddSafeStore(this IHealthChecksBuilder builder, string name = "", params IEnumerable<string> tags)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
        string check = name.Length == 0 ? "safestore" : $"safestore-{name}";
        builder.Services.AddKeyedSingleton<StoreHealthCheck>(check, (provider, _) => new StoreHealthCheck(
            provider.GetServices<IHostedStore>().FirstOrDefault(each => each.Name == name)
                ?? throw new InvalidOperationException(
                    $"There is no store {(name.Length == 0 ? "without a name" : $"'{name}'")} to check: add it by AddSafeStore or "
                    + "AddSandboxStore.")));
        return builder.Add(new HealthCheckRegistration(
            check, provider => provider.GetRequiredKeyedService<StoreHealthCheck>(check), failureStatus: null, tags));
    }
}
