using System;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SafeStore.FileSystem;

namespace SafeStore.Hosting;

/// <summary>
/// What a store is opened with. What is no setting comes from the container: what is registered for the store's name, or else for all.
/// </summary>
internal sealed class StoreParts(string name, IServiceProvider services)
{
    private HostedStoreOptions? _settings;

    public string Name => name;

    /// <summary>As they were when they were read first: what is changed later counts when the program is started again.</summary>
    /// <exception cref="OptionsValidationException">They are not valid.</exception>
    public HostedStoreOptions Settings =>
        _settings ??= services.GetRequiredService<IOptionsMonitor<HostedStoreOptions>>().Get(name);

    public StoreOptions Options => Settings.ToStoreOptions() with
    {
        FileSystem = Find<IDurableFileSystem>(),
        TimeProvider = Find<TimeProvider>() ?? TimeProvider.System,
        Logger = Find<ILoggerFactory>()?.CreateLogger(name.Length == 0 ? "SafeStore" : $"SafeStore.{name}") ?? NullLogger.Instance,
    };

    public T? Find<T>()
        where T : class =>
        (name.Length == 0 ? null : services.GetKeyedService<T>(name)) ?? services.GetService<T>();
}
