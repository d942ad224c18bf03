using System;
using Microsoft.Extensions.Configuration;

namespace SafeStore.Configuration;

/// <summary>Adds the settings of a store to configuration.</summary>
public static class ConfigurationSources
{
    /// <summary>
    /// Adds the sections that a sandbox of an open store has, each a JSON document. They are read at once, and again after each commit that
    /// changes the sandbox, by this process or another: then <c>IOptionsMonitor</c> shows the new values. A sandbox that does not exist has
    /// no sections. Documents that are no section's are left alone.
    /// </summary>
    /// <param name="builder">The configuration.</param>
    /// <param name="store">The store, which the caller closes after the configuration.</param>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="reloadFailed">
    /// Told why the sections could not be read again, or are no longer watched. They stay as they were; <c>IConfigurationRoot.Reload</c>
    /// reads and watches them again, and throws what is wrong with a section. Null to be told so only.
    /// </param>
    /// <returns>The configuration.</returns>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <remarks>
    /// The first reading, at <c>Build</c>, or here of a <c>ConfigurationManager</c>, throws what is wrong with a section:
    /// <see cref="DocumentCorruptException"/>, <see cref="DocumentTooLargeException"/>, <see cref="SectionException"/>,
    /// <see cref="StorageException"/>.
    /// </remarks>
    public static IConfigurationBuilder AddSafeStore(
        this IConfigurationBuilder builder, StateStore store, string sandbox = "configuration",
        Action<SafeStoreException>? reloadFailed = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(store);
        _ = store.Exists(sandbox);
        return builder.Add(new SectionSource(store, sandbox, reloadFailed));
    }

    private sealed class SectionSource(StateStore store, string sandbox, Action<SafeStoreException>? reloadFailed) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new SectionProvider(store, sandbox, reloadFailed);
    }
}
