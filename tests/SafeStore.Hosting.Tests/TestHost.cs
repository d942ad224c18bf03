using System;
using System.Text;
using System.Threading.Tasks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SafeStore.FileSystem;
using SafeStore.Testing;

namespace SafeStore.Hosting.Tests;

/// <summary>A host whose stores lie on a simulated machine, and what tests do with a store.</summary>
internal static class TestHost
{
    public const string Place = "/store";

    private const string File = "state.json";

    public static IHost Build(SimulatedProcess process, Action<IServiceCollection> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IDurableFileSystem>(process.FileSystem);
        builder.Services.AddSingleton<TimeProvider>(process.Clock);
        configure(builder.Services);
        return builder.Build();
    }

    public static async Task<IHost> StartAsync(SimulatedProcess process, Action<IServiceCollection> configure)
    {
        IHost host = Build(process, configure);
        await host.StartAsync();
        return host;
    }

    public static IConfiguration Configuration(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationManager();
        foreach ((string key, string value) in settings)
        {
            configuration[key] = value;
        }

        return configuration;
    }

    public static T Get<T>(this IHost host)
        where T : notnull => host.Services.GetRequiredService<T>();

    public static async Task PutAsync(this StateStore store, string sandbox, string json)
    {
        await using SandboxLock held = await store.LockOrCreateAsync(sandbox);
        _ = await held.Change().PutJson(StoreRoot.Config, null, File, Encoding.UTF8.GetBytes(json)).CommitAsync();
    }

    public static string? Text(this StateStore store, string sandbox) =>
        store.ReadJson(new DocumentId(sandbox, null, StoreRoot.Config, File)) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
}
