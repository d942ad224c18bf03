using System;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace SafeStore.DataProtection;

/// <summary>Keeps the keys of ASP.NET's data protection in a store.</summary>
public static class DataProtectionServices
{
    /// <summary>
    /// Keeps the keys in the store of the services, as <c>AddSafeStore</c> of SafeStore.Hosting adds it. It is asked for when keys are read
    /// or written, not before: the host has opened it then.
    /// </summary>
    /// <param name="builder">Data protection.</param>
    /// <returns>Data protection.</returns>
    public static IDataProtectionBuilder PersistKeysToSafeStore(this IDataProtectionBuilder builder) =>
        builder.PersistKeysToSafeStore(static services => services.GetRequiredService<StateStore>());

    /// <summary>As the other one, in the store of this name.</summary>
    /// <param name="builder">Data protection.</param>
    /// <param name="name">The store's name, which is the key of its services.</param>
    /// <returns>Data protection.</returns>
    public static IDataProtectionBuilder PersistKeysToSafeStore(this IDataProtectionBuilder builder, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return builder.PersistKeysToSafeStore(services => services.GetRequiredKeyedService<StateStore>(name));
    }

    /// <summary>Keeps the keys in an open store, which the caller closes when the services have stopped.</summary>
    /// <param name="builder">Data protection.</param>
    /// <param name="store">The store.</param>
    /// <returns>Data protection.</returns>
    public static IDataProtectionBuilder PersistKeysToSafeStore(this IDataProtectionBuilder builder, StateStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return builder.PersistKeysToSafeStore(_ => store);
    }

    /// <summary>Keeps the keys in a store that is asked for whenever keys are read or written.</summary>
    /// <param name="builder">Data protection.</param>
    /// <param name="store">Gives the open store.</param>
    /// <returns>Data protection.</returns>
    public static IDataProtectionBuilder PersistKeysToSafeStore(
        this IDataProtectionBuilder builder, Func<IServiceProvider, StateStore> store)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(store);
        builder.Services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(services =>
            new ConfigureOptions<KeyManagementOptions>(
                options => options.XmlRepository = new SafeStoreXmlRepository(() => store(services))));
        return builder;
    }
}
