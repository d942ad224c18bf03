using System;
using System.Linq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SafeStore.Sandboxes;

namespace SafeStore.Hosting;

/// <summary>Adds stores to the services of a host.</summary>
public static class HostingServices
{
    /// <summary>
    /// Adds a store. The host opens it before any service starts and closes it when all have stopped. Then <see cref="StateStore"/> and,
    /// from the beginning, <see cref="HostedStore{T}"/> of it are services.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets where it lies and how it works.</param>
    /// <param name="name">The store's name, which is the key of its services; empty for the one that is given without a key.</param>
    /// <returns>Its settings, for more of them.</returns>
    /// <exception cref="InvalidOperationException">There is a store of this name already.</exception>
    public static OptionsBuilder<HostedStoreOptions> AddSafeStore(
        this IServiceCollection services, Action<HostedStoreOptions> configure, string name = "") =>
        Add(services, StoreKinds.State, name).Configure(configure);

    /// <summary>As the other one, from configuration. A key that is no setting keeps the host from starting.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The section with the store's settings.</param>
    /// <param name="name">The store's name, which is the key of its services; empty for the one that is given without a key.</param>
    /// <returns>Its settings, for more of them.</returns>
    /// <exception cref="InvalidOperationException">There is a store of this name already.</exception>
    public static OptionsBuilder<HostedStoreOptions> AddSafeStore(
        this IServiceCollection services, IConfiguration section, string name = "") =>
        Bind(Add(services, StoreKinds.State, name), section);

    /// <summary>
    /// Adds a store of sandboxes, as <see cref="AddSafeStore(IServiceCollection, Action{HostedStoreOptions}, string)"/> does.
    /// <see cref="SandboxStore"/> is the service. <see cref="SandboxModel"/> and <see cref="UndoHandlers"/> are taken from the services.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets where it lies and how it works.</param>
    /// <param name="name">The store's name, which is the key of its services; empty for the one that is given without a key.</param>
    /// <returns>Its settings, for more of them.</returns>
    /// <exception cref="InvalidOperationException">There is a store of this name already.</exception>
    public static OptionsBuilder<HostedStoreOptions> AddSandboxStore(
        this IServiceCollection services, Action<HostedStoreOptions> configure, string name = "") =>
        Add(services, StoreKinds.Sandbox, name).Configure(configure);

    /// <summary>As the other one, from configuration. A key that is no setting keeps the host from starting.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The section with the store's settings.</param>
    /// <param name="name">The store's name, which is the key of its services; empty for the one that is given without a key.</param>
    /// <returns>Its settings, for more of them.</returns>
    /// <exception cref="InvalidOperationException">There is a store of this name already.</exception>
    public static OptionsBuilder<HostedStoreOptions> AddSandboxStore(
        this IServiceCollection services, IConfiguration section, string name = "") =>
        Bind(Add(services, StoreKinds.Sandbox, name), section);

    /// <summary>Without a key, null, for the store without a name.</summary>
    internal static string? KeyOf(string name) => name.Length == 0 ? null : name;

    private static OptionsBuilder<HostedStoreOptions> Bind(OptionsBuilder<HostedStoreOptions> settings, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return settings.Bind(section, static binder => binder.ErrorOnUnknownConfiguration = true);
    }

    private static OptionsBuilder<HostedStoreOptions> Add<T>(IServiceCollection services, StoreKind<T> kind, string name)
        where T : class, IAsyncDisposable
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        string? key = KeyOf(name);
        if (services.Any(each => IsHostedStore(each.ServiceType) && Equals(each.ServiceKey, key)))
        {
            throw new InvalidOperationException(
                $"There is a store {(key is null ? "without a name" : $"'{key}'")} already. Give each a name of its own.");
        }

        services.AddKeyedSingleton<HostedStore<T>>(key, (provider, _) => new HostedStore<T>(kind, new StoreParts(name, provider)));
        services.AddKeyedSingleton<T>(key, (provider, _) => provider.GetRequiredKeyedService<HostedStore<T>>(key).Store);
        services.AddSingleton<IHostedStore>(provider => provider.GetRequiredKeyedService<HostedStore<T>>(key));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, StoreLifetime>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HostedStoreOptions>, StoreSettingsCheck>());
        return services.AddOptions<HostedStoreOptions>(name).ValidateOnStart();
    }

    private static bool IsHostedStore(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(HostedStore<>);
}
