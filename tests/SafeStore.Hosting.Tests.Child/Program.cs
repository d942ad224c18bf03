using System;
using System.Linq;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SafeStore;
using SafeStore.Hosting;
using SafeStore.Hosting.Tests.Child;

// A daemon with a web server. Arguments: the store's directory; the socket of the server; "deaf" for a service that does not heed the end
// of its host.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(server => server.ListenUnixSocket(args[1]));
builder.Services.AddSafeStore(store => store.Directory = args[0]);
builder.Services.AddHealthChecks().AddSafeStore();
builder.Services.AddSafeStoreSystemd();
builder.Services.AddHostedService(provider => new Counting(provider.GetRequiredService<HostedStore<StateStore>>(), args.Contains("deaf")));
builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(300));
WebApplication web = builder.Build();
web.MapHealthChecks("/health");
await web.RunAsync();

namespace SafeStore.Hosting.Tests.Child
{
    /// <summary>Counts in several sandboxes as fast as it can, and says each number when it is durable.</summary>
    internal sealed class Counting(HostedStore<StateStore> stores, bool isDeaf) : BackgroundService
    {
        private const int Flows = 4;

        private static readonly DocumentKind<Count> s_kind =
            DocumentKind.OfSandbox("count.json", StoreRoot.Config, CountJson.Default.Count);

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
            Enumerable.Range(0, Flows).Select(flow => CountAsync($"sb-{flow}", isDeaf ? CancellationToken.None : stoppingToken)));

        private async Task CountAsync(string sandbox, CancellationToken stopping)
        {
            StateStore store = stores.Store;
            for (long number = 1; !stopping.IsCancellationRequested; number++)
            {
                await using (SandboxLock held = await store.LockOrCreateAsync(sandbox, cancellationToken: CancellationToken.None))
                {
                    _ = await held.Change().Put(s_kind, new Count(number)).CommitAsync(CancellationToken.None);
                }

                await Console.Out.WriteLineAsync($"{sandbox} {number}");
            }
        }
    }

    internal sealed record Count(long Number);

    [JsonSerializable(typeof(Count))]
    internal sealed partial class CountJson : JsonSerializerContext;
}
