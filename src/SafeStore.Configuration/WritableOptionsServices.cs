using System;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace SafeStore.Configuration;

/// <summary>Makes options writable.</summary>
public static class WritableOptionsServices
{
    /// <summary>What .NET's options need of a type.</summary>
    internal const DynamicallyAccessedMemberTypes Constructor = DynamicallyAccessedMemberTypes.PublicParameterlessConstructor;

    /// <summary>
    /// Adds <see cref="IWritableOptions{T}"/> of these options, with their name as its key if they have one. They are to be bound to the
    /// section as well; then what is written comes back through configuration.
    /// </summary>
    /// <typeparam name="T">The options. Their names in JSON must be those to which configuration binds, whatever the case.</typeparam>
    /// <param name="options">The options.</param>
    /// <param name="section">The section's path, "Mail:Smtp" for instance.</param>
    /// <param name="json">How they are written, from a source-generated context.</param>
    /// <returns>The options.</returns>
    /// <exception cref="ArgumentException">The path is empty, or too long (docs/configuration.md).</exception>
    public static OptionsBuilder<T> WritableInSafeStore<[DynamicallyAccessedMembers(Constructor)] T>(
        this OptionsBuilder<T> options, string section, JsonTypeInfo<T> json)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(json);
        _ = SectionName.ToFile(section);
        string name = options.Name;
        options.Services.AddKeyedSingleton<IWritableOptions<T>>(name.Length == 0 ? null : name, (services, _) => new WritableOptions<T>(
            services.GetRequiredService<IConfiguration>(), services.GetRequiredService<IOptionsMonitor<T>>(),
            services.GetRequiredService<IOptionsFactory<T>>(), services.GetServices<IValidateOptions<T>>(), name, section, json));
        return options;
    }
}
